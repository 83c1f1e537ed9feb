import Wire

/// Who is asked for a service.
extension Registry {
    /// Workers that serve `service`, best first: alive before stale, then by load; among equals the order differs from answer
    /// to answer, so that nobody is everybody's first choice.
    ///
    /// - Parameter limit: how many workers at most; `nil` for all.
    mutating func discover(_ service: String, limit: Int?, now: Instant) -> DiscoverAnswer {
        guard let answer = answer(service, now: now) else {
            return DiscoverAnswer(revision: revision, known: isKnown(service), total: 0, workers: [])
        }
        let total = UInt32(clamping: answer.order.count)
        if let limit, limit < answer.order.count, answer.records == nil {
            let workers = answer.order.prefix(limit).compactMap { record(at: $0, for: service, now: now) }
            return DiscoverAnswer(revision: revision, known: true, total: total, workers: workers)
        }
        let records = answer.records ?? makeRecords(service, answer.order, now: now)
        let workers = limit.map { Array(records.prefix($0)) } ?? records
        return DiscoverAnswer(revision: revision, known: true, total: total, workers: workers)
    }

    /// The same as the body of `mesh.discover`, put together from encodings that are at hand. Ends early at `Limits.message`.
    mutating func encodedDiscover(_ service: String, limit: Int, now: Instant) throws(WireError) -> [UInt8] {
        let answer = answer(service, now: now)
        var bytes = try DiscoverAnswer.encodeHead(
            revision: revision, known: isKnown(service), total: UInt32(clamping: answer?.order.count ?? 0))
        for index in answer?.order.prefix(limit) ?? [] {
            guard let record = try encoded(at: index, for: service, now: now) else { continue }
            guard bytes.count + MessageSequence.header + record.count <= Limits.message else { break }
            try MessageSequence.append(record, to: &bytes)
        }
        return bytes
    }

    /// A number that changes whenever `discover` would give another answer: whoever keeps an encoding of one compares it.
    mutating func discoverStamp(_ service: String, now: Instant) -> UInt64 { answer(service, now: now)?.stamp ?? 0 }

    /// Services with at least one healthy worker, by name.
    mutating func list() -> [ServiceSummary] {
        if let listed, listed.revision == revision { return listed.services }
        let summaries = summaries()
        listed = (revision, summaries)
        return summaries
    }

    private mutating func summaries() -> [ServiceSummary] {
        services.keys.sorted().compactMap { name in
            let healthy = healthyCount(name)
            guard healthy > 0 else { return nil }
            let entry = catalogue[name]
            return ServiceSummary(
                name: name, healthyWorkers: UInt32(clamping: healthy), tier: entry?.tier ?? 0,
                requires: entry?.requires.rawValue ?? "unknown")
        }
    }

    /// One worker by name, whatever its state.
    func resolve(_ name: String, now: Instant) -> WorkerRecord? {
        guard let slot = byName[name], let entry = entries[slot] else { return nil }
        return aged(entry, now: now)
    }

    mutating func healthyCount(_ service: String) -> Int {
        guard let index = services[service] else { return 0 }
        if let healthy = index.healthy { return healthy }
        let count = index.members.count(where: { entries[index: $0]?.serves(service) == true })
        services[service]?.keep(healthy: count)
        return count
    }

    /// The worker's record with its age.
    func aged(_ entry: Entry, now: Instant) -> WorkerRecord {
        var record = entry.record
        record.ageMilliseconds = age(entry.slot, now: now)
        return record
    }

    // MARK: Parts

    /// The order of a service's workers: the last one if it is still good. `nil` where nobody ever offered it.
    private mutating func answer(_ service: String, now: Instant) -> ServiceIndex.Cached? {
        guard let index = services[service] else { return nil }
        if let current = index.current(now: now) { return current }
        stamps += 1
        let stamp = stamps
        var ranked: [(rank: Double, tie: UInt64, index: Int)] = []
        ranked.reserveCapacity(index.members.count)
        for place in index.members {
            guard let entry = entries[index: place], entry.serves(service) else { continue }
            // A stale worker comes behind the busiest one that is known to live.
            let rank = entry.load(of: service).fraction + (entry.record.state == .stale ? 1e6 : 0)
            ranked.append((rank, mix(UInt64(place) ^ stamp << 32), place))
        }
        ranked.sort { ($0.rank, $0.tie) < ($1.rank, $1.tie) }
        let answer = ServiceIndex.Cached(stamp: stamp, madeAt: now, order: ranked.map(\.index))
        services[service]?.keep(answer)
        return answer
    }

    private mutating func makeRecords(_ service: String, _ order: [Int], now: Instant) -> [WorkerRecord] {
        let records = order.compactMap { record(at: $0, for: service, now: now) }
        services[service]?.keep(records: records)
        return records
    }

    private func record(at index: Int, for service: String, now: Instant) -> WorkerRecord? {
        guard let entry = entries[index: index] else { return nil }
        var record = aged(entry, now: now)
        record.load = entry.load(of: service)
        return record
    }

    private func age(_ slot: Slot, now: Instant) -> UInt32 {
        liveness.lastHeard(slot).map { (now - $0).wholeMilliseconds } ?? 0
    }

    /// The encoded record at `index`: kept bytes with the present load and age at their end.
    mutating func encoded(at index: Int, for service: String?, now: Instant) throws(WireError) -> [UInt8]? {
        guard let entry = entries[index: index] else { return nil }
        var bytes: [UInt8]
        if let kept = entry.encoded {
            bytes = kept
        } else {
            bytes = try entry.record.encode()
            bytes.removeLast(WorkerRecord.changingSize)
            let prefix = bytes
            _ = entries.update(entry.slot) { $0.encoded = prefix }
        }
        let load = service.map(entry.load(of:)) ?? entry.record.load
        bytes.append(contentsOf: try WorkerRecord.encodeChanging(load: load, ageMilliseconds: age(entry.slot, now: now)))
        return bytes
    }
}

/// SplitMix64's finish: spreads neighbouring numbers.
private func mix(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
}
