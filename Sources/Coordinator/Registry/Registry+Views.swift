import Wire

/// Lists for people.
extension Registry {
    /// All workers by name, or only those that calls are sent to.
    ///
    /// - Parameter wall: the time now, in microseconds since 1970.
    func views(includingUnhealthy: Bool, now: Instant, wall: Int64) -> [WorkerView] {
        byName.keys.sorted().compactMap { name in
            guard let slot = byName[name], let entry = entries[slot], includingUnhealthy || entry.isServable else { return nil }
            return view(entry, now: now, wall: wall)
        }
    }

    func view(_ name: String, now: Instant, wall: Int64) -> WorkerView? {
        guard let slot = byName[name], let entry = entries[slot] else { return nil }
        return view(entry, now: now, wall: wall)
    }

    /// How many workers there are: all, and those that calls are sent to.
    func counts() -> (total: Int, active: Int) {
        var active = 0
        for index in 0..<entries.end where entries[index: index]?.isServable == true { active += 1 }
        return (entries.count, active)
    }

    private func view(_ entry: Entry, now: Instant, wall: Int64) -> WorkerView {
        let record = aged(entry, now: now)
        let type = WorkerType(capabilities: record.capabilities)
        var view = WorkerView(
            record: record, isHTTPOnly: entry.isHTTPOnly, workerType: type, tier: type.tier(capabilities: record.capabilities),
            registeredAt: entry.registeredAt, lastHeartbeat: wall - Int64(record.ageMilliseconds) * 1_000,
            isHealthy: entry.isServable, status: "\(record.state)", assignedServices: entry.offered.map(\.name),
            currentLoad: record.load.fraction, activeRequests: Int64(record.load.inFlight), observed: entry.observed,
            reachable: entry.isHTTPOnly ? nil : entry.reach.verdict)
        if case .http(let worker) = entry.kind {
            view.registration = worker.registration
            view.heartbeat = worker.beat
            view.activeRequests = worker.beat.activeRequests ?? 0
            if record.state == .online { view.status = worker.beat.status ?? view.status }
        }
        return view
    }

    /// Every service that somebody offers now, by name, with the names of its workers.
    func members() -> [ServiceMembers] {
        services.keys.sorted().compactMap { service in
            let names = (services[service]?.members ?? []).compactMap { entries[index: $0]?.record.name }.sorted()
            return names.isEmpty ? nil : ServiceMembers(name: service, workers: names)
        }
    }

    /// How well the catalogue is covered.
    mutating func gaps() -> [Gap] {
        var covered: [String: Int] = [:]
        for entry in catalogue.entries { covered[entry.name] = healthyCount(entry.name) }
        return catalogue.gaps { covered[$0] ?? 0 }
    }
}
