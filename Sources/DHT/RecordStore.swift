package import Wire

/// The entries of others that this node holds: of each provider the newest for each service, for as long as it is renewed.
///
/// Merging goes by provider and version alone, so that the order in which entries arrive does not matter. A tombstone is an entry
/// that is held and not given out. Everything is bounded: a key, a provider, and the whole.
package struct RecordStore: Sendable {
    private struct Record: Sendable {
        var entry: ProviderEntry
        var expires: Instant
        /// Since when it is held, in any version.
        var since: Instant
    }

    /// What is held under one key: records in the order of their providers.
    private struct Shelf: Sendable {
        var records: [Record] = []
        /// Bits of the split that the key is of.
        var split: UInt8
        /// Until when finders are told that there is more in the shards.
        var fullUntil = Instant(nanoseconds: 0)

        /// Where a provider's record is, or would be.
        func place(_ provider: NodeID) -> (index: Int, isThere: Bool) {
            var low = 0
            var high = records.count
            while low < high {
                let middle = (low + high) / 2
                if records[middle].entry.nodeID < provider { low = middle + 1 } else { high = middle }
            }
            return (low, low < records.count && records[low].entry.nodeID == provider)
        }
    }

    private var shelves: [Bytes32: Shelf] = [:]
    private var perProvider: [NodeID: Int] = [:]
    /// Records held, tombstones included.
    package private(set) var count = 0

    package init() {}

    /// What a finder gets.
    package struct Sample: Sendable {
        package var entries: [HeldEntry]
        /// How many could have been given.
        package var total: Int
        /// Bits of the split: more than 0 where the shards hold further ones.
        package var split: UInt8
    }
}

// MARK: - Providers

extension RecordStore {
    /// Takes in an entry, genuine and sent by its own provider, under a key that was checked.
    package mutating func store(_ entry: ProviderEntry, key: Bytes32, split: UInt8, now: Instant) -> StoreAnswer {
        sweep(key, now: now)
        var shelf = shelves[key] ?? Shelf(split: split)
        let (index, isThere) = shelf.place(entry.nodeID)
        if isThere {
            let held = shelf.records[index]
            if entry.version < held.entry.version { return StoreAnswer(outcome: .outdated, split: split) }  // DHT-3.6
            if entry.version > held.entry.version { shelf.records[index].entry = entry }
            shelf.records[index].expires = max(held.expires, now + life(shelf.records[index].entry))
            shelves[key] = shelf
            return StoreAnswer(outcome: .kept, split: split)
        }
        let isFull = shelf.records.count >= Limits.providersPerKey
        if isFull {
            shelf.fullUntil = now + .milliseconds(Int64(Limits.entryLifetimeMaximum.wholeMilliseconds))
            shelves[key] = shelf
        }
        let own = perProvider[entry.nodeID] ?? 0
        guard !isFull, count < Limits.entriesHeld, own < Limits.entriesPerProvider else {  // DHT-3.7
            return StoreAnswer(outcome: .full, split: isFull ? min(split + 1, Limits.serviceSplit) : split)
        }
        shelf.records.insert(Record(entry: entry, expires: now + life(entry), since: now), at: index)
        shelves[key] = shelf
        perProvider[entry.nodeID] = own + 1
        count += 1
        return StoreAnswer(outcome: .kept, split: split)
    }

    /// Lets the time of an entry begin anew, where it is held in that version.
    package mutating func renew(_ provider: NodeID, _ version: ProviderEntry.Version, key: Bytes32, split: UInt8, now: Instant)
        -> StoreAnswer
    {
        sweep(key, now: now)
        guard let shelf = shelves[key] else { return StoreAnswer(outcome: .unknown, split: split) }
        let (index, isThere) = shelf.place(provider)
        guard isThere else { return StoreAnswer(outcome: .unknown, split: split) }
        let held = shelf.records[index]
        if held.entry.version > version { return StoreAnswer(outcome: .outdated, split: split) }
        guard held.entry.version == version else { return StoreAnswer(outcome: .unknown, split: split) }
        let expires = now + life(held.entry)
        shelves[key]?.records[index].expires = expires
        return StoreAnswer(outcome: .kept, split: split)
    }

    /// A tombstone stays longer than anything that it replaces could have.
    private func life(_ entry: ProviderEntry) -> Duration {
        if entry.offer.isWithdrawn { return Limits.entryLifetimeMaximum }
        return min(.milliseconds(Int64(entry.offer.lifetime)), Limits.entryLifetimeMaximum)
    }
}

// MARK: - Finders

extension RecordStore {
    /// A random few of the providers under a key that are neither withdrawn nor expired.
    package func sample(_ key: Bytes32, count: Int, now: Instant, using dice: inout some RandomNumberGenerator) -> Sample {
        guard let shelf = shelves[key] else { return Sample(entries: [], total: 0, split: 0) }
        var live = shelf.records.indices.filter { shelf.records[$0].expires > now && !shelf.records[$0].entry.offer.isWithdrawn }
        let total = live.count
        var entries: [HeldEntry] = []
        while entries.count < count, !live.isEmpty {
            let chosen = live.remove(at: Int(truncatingIfNeeded: dice.next() % UInt64(live.count)))
            let record = shelf.records[chosen]
            entries.append(HeldEntry(entry: record.entry, remaining: (record.expires - now).wholeMilliseconds))
        }
        let split = shelf.fullUntil > now ? min(shelf.split + 1, Limits.serviceSplit) : 0
        return Sample(entries: entries, total: total, split: split)
    }

    /// Whether anything is held under a key that could be given out.
    package func holds(_ key: Bytes32, now: Instant) -> Bool {
        shelves[key]?.records.contains { $0.expires > now && !$0.entry.offer.isWithdrawn } == true
    }

    /// The entry that a hint is about, if it is held in that version.
    package func entry(_ hint: UnreachableHint, now: Instant) -> ProviderEntry? {
        guard let shelf = shelves[hint.key] else { return nil }
        let (index, isThere) = shelf.place(hint.provider)
        guard isThere, shelf.records[index].expires > now, shelf.records[index].entry.version == hint.version else { return nil }
        return shelf.records[index].entry
    }

    /// The provider was found gone.
    package mutating func remove(_ hint: UnreachableHint) {
        guard let shelf = shelves[hint.key] else { return }
        let (index, isThere) = shelf.place(hint.provider)
        guard isThere, shelf.records[index].entry.version == hint.version else { return }
        take(hint.key, index)
    }

    /// Everything held, by key and provider, with how long each is held: for people.
    package func all(now: Instant) -> [(key: Bytes32, held: HeldEntry, age: Duration)] {
        shelves.sorted { $0.key < $1.key }.flatMap { key, shelf in
            shelf.records.filter { $0.expires > now }
                .map { (key, HeldEntry(entry: $0.entry, remaining: ($0.expires - now).wholeMilliseconds), now - $0.since) }
        }
    }
}

// MARK: - Time

extension RecordStore {
    /// Forgets what has expired.
    package mutating func sweep(now: Instant) {
        for key in Array(shelves.keys) { sweep(key, now: now) }
    }

    private mutating func sweep(_ key: Bytes32, now: Instant) {
        guard let shelf = shelves[key] else { return }
        for index in shelf.records.indices.reversed() where shelf.records[index].expires <= now { take(key, index) }
        if let left = shelves[key], left.records.isEmpty, left.fullUntil <= now { shelves[key] = nil }
    }

    private mutating func take(_ key: Bytes32, _ index: Int) {
        guard let record = shelves[key]?.records.remove(at: index) else { return }
        count -= 1
        let left = (perProvider[record.entry.nodeID] ?? 1) - 1
        perProvider[record.entry.nodeID] = left > 0 ? left : nil
    }
}
