import Transport
import Wire

/// Members with a link.
extension Registry {
    /// Who registers: what its certificate and its link say.
    struct Member: Sendable {
        var name: String
        var nodeID: NodeID
        var roles: Roles = .worker
        var features: Features
        /// Address that the link comes from.
        var observed: Endpoint
    }

    /// Enters a worker, or takes what it says now. A certificate's name wins against an HTTP worker that had it.
    ///
    /// Throws `badRequest` for what cannot be told to others, `permissionDenied` for a certificate that is no worker's.
    mutating func register(
        _ member: Member, _ registration: Registration, now: Instant, wall: Int64
    ) throws(CallError) -> RegistrationAccepted {
        guard member.roles.contains(.worker) else { throw CallError(.permissionDenied, "the certificate is not a worker's") }  // MSG-3.2
        try validate(registration.tunnelURL)
        try checkEncodes(member, registration)
        let slot = place(of: member, now: now, wall: wall)
        let relays = relays
        let isNewProcess = entries[slot]?.record.bootEpoch != registration.bootEpoch
        let addresses = addresses(registration, observed: member.observed)
        var plan = Reachability.Plan.nothing
        let isDrained = drained[member.name] == registration.bootEpoch
        if !isDrained { undrain(member.name) }
        change(slot) { entry in
            entry.take(registration, member, relays)
            if isNewProcess { entry.vetoed = [] }
            entry.isDraining = isDrained
            plan = entry.reach.propose(addresses, isNewProcess: isNewProcess, now: now)
        }
        liveness.track(slot, .link, now: now)
        perform(plan, of: slot)
        store(member.name)
        var accepted = RegistrationAccepted(
            name: member.name, observed: member.observed, reachable: entries[slot]?.reach.verdict, revision: revision)
        accepted.relays = entries[slot]?.relays ?? []  // RELAY-1.3
        return accepted
    }

    /// Takes the load that a worker reports. Services that it does not offer are ignored.
    mutating func report(_ update: LoadUpdate, from nodeID: NodeID, now: Instant) {
        guard let slot = byNode[nodeID], let entry = entries[slot] else { return }
        heard(nodeID, now: now)
        let offered = Dictionary(entry.offered.map { ($0.name, $0.healthy) }) { first, _ in first }
        let known = update.services.filter { offered[$0.service] != nil }  // MSG-3.8
        if known.contains(where: { offered[$0.service] != $0.healthy }) {
            change(slot) { entry in
                for index in entry.offered.indices {
                    if let news = known.last(where: { $0.service == entry.offered[index].name }) {
                        entry.offered[index].healthy = news.healthy
                    }
                }
            }
        }
        let loads = known.map { ($0.service, $0.load) }
        setLoads(slot, loads)
    }

    /// Sets loads by service; the record's own is their sum.
    mutating func setLoads(_ slot: Slot, _ loads: [(service: String, load: LoadReport)]) {
        _ = entries.update(slot) { entry in
            for (service, load) in loads { entry.loads[service] = load }
            entry.record.load = .sum(entry.loads.values)
        }
        for (service, _) in loads { services[service]?.loadChanged() }
    }

    /// A sign of life over a link.
    mutating func heard(_ nodeID: NodeID, now: Instant) {
        guard let slot = byNode[nodeID] else { return }
        if liveness.heard(slot, now: now) { change(slot) { $0.isSuspected = false } }
    }

    mutating func linkUp(_ nodeID: NodeID, link: UInt64) { links[nodeID, default: []].insert(link) }

    /// A link ended. With its last link a worker is gone, unless it stands there from before a restart and never was back.
    mutating func linkDown(_ nodeID: NodeID, link: UInt64) {
        guard links[nodeID]?.remove(link) != nil, links[nodeID]?.isEmpty == true else { return }
        links[nodeID] = nil
        guard let slot = byNode[nodeID], entries[slot]?.isStale == false else { return }
        remove(slot)
    }

    /// The worker says that it goes, or its node was revoked.
    mutating func leave(_ nodeID: NodeID) {
        guard let slot = byNode[nodeID] else { return }
        if let name = entries[slot]?.record.name { undrain(name) }  // MSG-3.10
        remove(slot)
    }

    /// The worker finishes what it has and takes nothing new, until its process starts again. False for an unknown name.
    mutating func drain(_ name: String) -> Bool {
        guard let slot = byName[name], let entry = entries[slot] else { return false }
        keepDrained(name, bootEpoch: entry.record.bootEpoch)
        change(slot) { $0.isDraining = true }  // MSG-3.9
        return true
    }

    /// What a health check of one service of a worker has shown. `notFound` for a worker or service that is not there.
    mutating func recordHealth(worker: String, service: String, healthy: Bool) throws(CallError) {
        guard let slot = byName[worker], let entry = entries[slot] else { throw CallError(.notFound, "there is no worker \(worker)") }
        guard entry.offered.contains(where: { $0.name == service }) else {
            throw CallError(.notFound, "worker \(worker) does not offer \(service)")
        }
        change(slot) { entry in
            if healthy { entry.vetoed.remove(service) } else { entry.vetoed.insert(service) }
        }
    }

    /// The result of a dial back.
    mutating func probed(_ request: ProbeRequest, reachable: Bool, now: Instant) {
        var retry: Instant?
        change(request.slot) { entry in
            retry = entry.reach.record(request.endpoint, round: request.round, reachable: reachable, now: now)
        }
        if let retry { probeTimes.schedule(request.slot, at: retry) }
        if reachable, let name = entries[request.slot]?.record.name { store(name) }
    }

    /// Does what is due: verdicts of silence, probes that had to wait. Call it about every 100 ms.
    mutating func advance(to now: Instant) {
        for verdict in liveness.advance(to: now) {
            switch verdict {
            case .suspected(let slot): change(slot) { $0.isSuspected = true }
            case .removed(let slot): remove(slot)
            }
        }
        for slot in probeTimes.advance(to: now) {
            guard let entry = entries[slot], entry.reach.verdict != true else { continue }
            var plan = Reachability.Plan.nothing
            change(slot) { plan = $0.reach.begin(now: now) }
            perform(plan, of: slot)
        }
    }

    // MARK: Parts

    /// Where the member stands; a new place if it has none. Whoever else has its name is removed.
    private mutating func place(of member: Member, now: Instant, wall: Int64) -> Slot {
        if let slot = byName[member.name] {
            if case .wire(member.nodeID)? = entries[slot]?.kind { return slot }
            remove(slot)
        }
        if let slot = byNode[member.nodeID] { remove(slot) }
        return insert(member.name, .link, now: now) { slot in  // MSG-3.1
            Entry(slot: slot, record: WorkerRecord(name: member.name), kind: .wire(member.nodeID), registeredAt: wall)
        }
    }

    /// What may be probed of the addresses of a registration.
    private func addresses(_ registration: Registration, observed: Endpoint) -> [Endpoint] {
        var addresses = registration.advertised
        if addresses.isEmpty, registration.listenPort != 0 {
            addresses = [Endpoint(host: observed.host, port: registration.listenPort)]
        }
        let from = HostClass(observed.host)
        var seen: Set<Endpoint> = []
        return addresses.filter { address in
            address.port != 0 && HostClass(address.host).mayBeAdvertised(bySomeoneAt: from) && seen.insert(address).inserted
        }
    }

    /// A record that nobody could be told of is refused at the door.
    private func checkEncodes(_ member: Member, _ registration: Registration) throws(CallError) {
        var entry = Entry(
            slot: Slot(index: 0, generation: 0), record: WorkerRecord(name: member.name), kind: .wire(member.nodeID), registeredAt: 0)
        entry.take(registration, member, relays)
        entry.derive()
        entry.record.endpoints = registration.advertised
        entry.record.relays = relays
        do { _ = try entry.record.encode() } catch { throw CallError(.badRequest, "the registration cannot be passed on: \(error)") }
    }
}

extension Entry {
    /// Takes over what a registration says. Loads of services that are gone go with them.
    mutating func take(_ registration: Registration, _ member: Registry.Member, _ relays: [RelayRecord]) {
        self.relays = registration.circuits == true ? relays : []
        kind = .wire(member.nodeID)
        observed = member.observed
        record.nodeID = member.nodeID
        record.features = member.features
        record.bootEpoch = registration.bootEpoch
        record.tunnelURL = registration.tunnelURL
        record.region = registration.region
        record.zone = registration.zone
        record.capabilities = registration.capabilities
        offered = registration.services
        let names = Set(offered.map(\.name))
        loads = loads.filter { names.contains($0.key) }
        isSuspected = false
        isStale = false
    }
}

extension LoadReport {
    /// The load of several services as one: requests and places added, the slowest service time. An unknown limit among them
    /// makes the whole unknown.
    static func sum(_ loads: some Collection<LoadReport>) -> LoadReport {
        var sum = LoadReport()
        for load in loads {
            sum.inFlight = sum.inFlight.addingClamped(load.inFlight)
            sum.queued = sum.queued.addingClamped(load.queued)
            sum.limit = sum.limit.addingClamped(load.limit)
            sum.serviceMicroseconds = max(sum.serviceMicroseconds, load.serviceMicroseconds)
        }
        if loads.contains(where: { $0.limit == 0 }) { sum.limit = 0 }
        return sum
    }
}

extension UInt32 {
    fileprivate func addingClamped(_ other: UInt32) -> UInt32 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}

/// Refuses a URL that no HTTP client should be sent to.
func validate(_ tunnelURL: String?) throws(CallError) {
    guard let url = tunnelURL else { return }
    let isHTTP = url.hasPrefix("http://") || url.hasPrefix("https://")
    guard isHTTP, url.utf8.count <= Limits.url, url.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {  // MSG-3.3
        throw CallError(.badRequest, "the tunnel URL is not an http or https URL of at most \(Limits.url) bytes")
    }
}
