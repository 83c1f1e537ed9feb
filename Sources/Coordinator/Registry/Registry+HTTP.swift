import Transport
import Wire

/// Members that speak HTTP only.
extension Registry {
    /// Enters an HTTP worker, or takes what it says now. The caller has made sure that no certificate holds the name.
    ///
    /// Throws `badRequest` for what cannot be told to others, `nameTaken` where a worker with a link has the name,
    /// `overloaded` at `Limits.httpWorkers`.
    mutating func register(_ registration: HTTPRegistration, now: Instant, wall: Int64) throws(CallError) -> HTTPRegistered {
        try check(registration)
        let existing = byName[registration.workerID]
        if let existing, entries[existing]?.isHTTPOnly == false {
            throw CallError(.nameTaken, "the name \(registration.workerID) belongs to a worker with a certificate")
        }
        if existing == nil, httpWorkers >= Limits.httpWorkers { throw CallError(.overloaded, "too many HTTP workers") }
        let type = WorkerType(capabilities: registration.capabilities)
        let tier = type.tier(capabilities: registration.capabilities)
        let assigned = registration.services.map(distinct) ?? assign(type, tier: tier, except: registration.workerID)
        let entry = httpEntry(registration, assigned, wall: wall)
        try checkEncodes(entry)
        let slot = existing ?? insert(registration.workerID, httpTiming, now: now) { httpPlace($0, registration, assigned, wall: wall) }
        change(slot) { $0.take(registration, assigned) }
        liveness.track(slot, httpTiming, now: now)
        store(registration.workerID)
        return HTTPRegistered(
            workerID: registration.workerID, workerType: type, tier: tier, assigned: assigned,
            configurations: assigned.compactMap { catalogue[$0] })
    }

    /// A heartbeat. `notFound` for a worker that is not there: it registers again.
    mutating func heartbeat(_ beat: HTTPHeartbeat, now: Instant) throws(CallError) {
        guard let slot = byName[beat.workerID], entries[slot]?.isHTTPOnly == true else {
            throw CallError(.notFound, "Worker not found")
        }
        let wasStale = entries[slot]?.isStale == true
        let loadBefore = entries[slot]?.record.load
        if liveness.heard(slot, now: now) || wasStale {
            change(slot) { entry in
                entry.isSuspected = false
                entry.isStale = false
            }
        }
        let offered = entries.update(slot) { entry in
            guard case .http(var worker) = entry.kind else { return [ServiceRecord]() }
            worker.beat.merge(beat)
            entry.record.load = worker.beat.loadReport
            entry.kind = .http(worker)
            return entry.offered
        }
        // Beats are rare, so that a new load may be in the next answer at once, as whoever sends it expects.
        guard let offered, entries[slot]?.record.load != loadBefore else { return }
        for service in offered { services[service.name]?.structureChanged() }
    }

    /// Removes an HTTP worker at its own wish. `notFound` for one that is not there.
    mutating func unregister(_ workerID: String) throws(CallError) {
        guard let slot = byName[workerID], entries[slot]?.isHTTPOnly == true else {
            throw CallError(.notFound, "Worker not found")
        }
        remove(slot)
    }

    /// How many healthy workers have a service, one worker aside.
    mutating func coverage(_ service: String, except name: String? = nil) -> Int {
        let count = healthyCount(service)
        guard let name, let slot = byName[name], entries[slot]?.serves(service) == true else { return count }
        return count - 1
    }

    // MARK: Parts

    private mutating func assign(_ type: WorkerType, tier: UInt8, except name: String) -> [String] {
        let own = byName[name].flatMap { entries[$0]?.tier }
        let peers = (tiers[tier] ?? 0) - (own == tier ? 1 : 0)
        var covered: [String: Int] = [:]
        for entry in catalogue.entries { covered[entry.name] = coverage(entry.name, except: name) }
        return Assignment.services(for: type, in: catalogue, peers: peers) { covered[$0] ?? 0 }.map(\.name)
    }

    private func check(_ registration: HTTPRegistration) throws(CallError) {
        guard Name.isValid(registration.workerID) else {
            throw CallError(.badRequest, "worker_id must be 1 to \(Limits.name) letters, digits, \".\", \"_\" and \"-\"")
        }
        try validate(registration.tunnelURL)
        for name in registration.services ?? [] where !Name.isValid(name) {
            throw CallError(.badRequest, "a service name must be 1 to \(Limits.name) letters, digits, \".\", \"_\" and \"-\"")
        }
        for fragment in [registration.servicesJSON, registration.containersJSON] {
            guard (fragment?.utf8.count ?? 0) <= Limits.jsonFragment else { throw CallError(.tooLarge, "services or containers") }
        }
    }

    private func checkEncodes(_ entry: Entry) throws(CallError) {
        do { _ = try entry.record.encode() } catch { throw CallError(.badRequest, "the registration cannot be passed on: \(error)") }
    }

    private func httpEntry(_ registration: HTTPRegistration, _ assigned: [String], wall: Int64) -> Entry {
        httpPlace(Slot(index: 0, generation: 0), registration, assigned, wall: wall)
    }
}

/// An HTTP worker that has just registered.
private func httpPlace(_ slot: Slot, _ registration: HTTPRegistration, _ assigned: [String], wall: Int64) -> Entry {
    let worker = HTTPWorker(registration: registration, assigned: assigned)
    let record = WorkerRecord(name: registration.workerID)
    var entry = Entry(slot: slot, record: record, kind: .http(worker), registeredAt: wall)
    entry.take(registration, assigned)
    entry.derive()
    return entry
}

private func distinct(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
}

extension Entry {
    /// Takes over what a registration over HTTP says. Its last heartbeat stays.
    fileprivate mutating func take(_ registration: HTTPRegistration, _ assigned: [String]) {
        var worker = HTTPWorker(registration: registration, assigned: assigned)
        if case .http(let before) = kind { worker.beat = before.beat }
        kind = .http(worker)
        record.tunnelURL = registration.tunnelURL
        record.capabilities = registration.capabilities
        record.region = registration.region
        record.zone = registration.zone
        offered = assigned.map(ServiceRecord.init(name:))
        vetoed = []
        isSuspected = false
        isStale = false
    }
}
