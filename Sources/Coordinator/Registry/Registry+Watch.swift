import Wire

/// How far one watcher has read. Small and bounded however slow the watcher is: the registry keeps what it has not read.
struct WatchCursor: Sendable {
    /// Only workers with one of these services; empty for all.
    let filter: Set<String>
    /// The next place of the snapshot, `nil` once it is done.
    fileprivate var place: Int? = 0
    fileprivate var isFirst = true
    /// Revision up to which changes have been read.
    fileprivate var revision: UInt64
    /// Names that a filtered watcher has been told of.
    fileprivate var told: Set<String> = []

    init(filter: Set<String>, from revision: UInt64) {
        self.filter = filter
        self.revision = revision
    }

    /// Whether there is nothing up to `revision` that has not been read.
    func hasRead(_ revision: UInt64) -> Bool { place == nil && self.revision >= revision }

    fileprivate func matches(_ entry: Entry) -> Bool {
        filter.isEmpty || entry.offered.contains { filter.contains($0.name) }
    }
}

extension Registry {
    /// What a watcher gets next.
    enum WatchStep: Sendable {
        /// Framed messages, about as many bytes as were asked for. Empty: there is nothing new.
        case messages([UInt8])
        /// The watcher is so late that changes it has not read are forgotten. It must begin again.
        case lagging
    }

    /// Reads on for a watcher, at most about `budget` bytes.
    mutating func read(_ cursor: inout WatchCursor, budget: Int, now: Instant) throws(WireError) -> WatchStep {
        var bytes: [UInt8] = []
        while cursor.place != nil, bytes.count < budget { try readSnapshot(&cursor, budget: budget, now: now, into: &bytes) }
        while cursor.place == nil, cursor.revision < revision, bytes.count < budget {
            guard let change = log.change(at: cursor.revision + 1) else { return .lagging }
            cursor.revision += 1  // MSG-6.4
            try read(change, &cursor, now: now, into: &bytes)
        }
        return .messages(bytes)
    }

    /// One message of the snapshot: the first holds several records, the ones behind it one each.
    private mutating func readSnapshot(
        _ cursor: inout WatchCursor, budget: Int, now: Instant, into bytes: inout [UInt8]
    ) throws(WireError) {
        var records: [[UInt8]] = []
        var size = 0
        let limit = cursor.isFirst ? Limits.snapshotRecords : 1
        while records.count < limit, size < budget, let index = nextPlace(&cursor) {
            guard let record = try encoded(at: index, for: nil, now: now) else { continue }
            guard records.isEmpty || size + 2 + record.count <= Int(UInt16.max) else {
                cursor.place = index
                break
            }
            if !cursor.filter.isEmpty, let name = entries[index: index]?.record.name { cursor.told.insert(name) }
            records.append(record)
            size += 2 + record.count
        }
        let isLast = peekPlace(cursor) == nil
        let at = isLast ? cursor.revision : 0  // MSG-6.2
        if cursor.isFirst {  // MSG-6.1
            try MessageSequence.append(try WatchEvent.encodeSnapshot(revision: at, records: records), to: &bytes)
        } else if let record = records.first {
            try MessageSequence.append(try WatchEvent.encodeChanged(revision: at, record: record), to: &bytes)
        }
        cursor.isFirst = false
        if isLast { cursor.place = nil }
    }

    /// One change: the present state of the worker, unless a later change says it as well.
    private mutating func read(
        _ change: ChangeLog.Change, _ cursor: inout WatchCursor, now: Instant, into bytes: inout [UInt8]
    ) throws(WireError) {
        let entry = entries[change.slot]
        if !change.isRemoval, let entry, entry.revision == cursor.revision, cursor.matches(entry) {
            if !cursor.filter.isEmpty { cursor.told.insert(change.name) }
            guard let record = try encoded(at: change.slot.index, for: nil, now: now) else { return }
            try MessageSequence.append(try WatchEvent.encodeChanged(revision: cursor.revision, record: record), to: &bytes)
            return
        }
        let isGone = change.isRemoval ? byName[change.name] == nil : entry.map { !cursor.matches($0) } ?? false
        guard isGone, cursor.filter.isEmpty || cursor.told.remove(change.name) != nil else { return }  // MSG-6.6
        let event = WatchEvent.removed(revision: cursor.revision, name: change.name)
        try MessageSequence.append(try event.encode(), to: &bytes)
    }

    /// The next place whose worker the cursor wants, and moves behind it.
    private func nextPlace(_ cursor: inout WatchCursor) -> Int? {
        let place = peekPlace(cursor)
        if let place { cursor.place = place + 1 }
        return place
    }

    private func peekPlace(_ cursor: WatchCursor) -> Int? {
        guard var place = cursor.place else { return nil }
        while place < entries.end {
            if let entry = entries[index: place], cursor.matches(entry) { return place }
            place += 1
        }
        return nil
    }
}
