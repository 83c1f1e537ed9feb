package import Wire

/// All nodes of a mesh that is small enough, as far as this node has heard: hints from which a lookup begins, one round from its end.
///
/// Two views become equal by comparing digests of the parts of the space, then fingerprints of the entries of a part that differs.
/// An entry is its node's own contact with a sequence, and whether somebody found the node gone; the greater sequence holds, and of
/// equal ones the suspicion. So the order of merging does not matter, and a node that lives clears itself with a new sequence.
package struct FullView: Sendable {
    struct Item: Sendable {
        var entry: ViewEntry
        var fingerprint: UInt64
        /// When it was last changed: what has not been changed for long is forgotten.
        var changed: Instant
    }

    /// By part, each in the order of ids.
    private var parts: [[Item]]
    private var digests: [UInt64]
    /// Nodes of the view, those gone included.
    package private(set) var count = 0
    private let limit: Int

    /// How long an entry lasts that its node does not renew.
    static let life: Duration = .seconds(3 * 3_600)
    /// How long somebody who is gone is remembered, so that older views do not bring it back.
    static let goneLife: Duration = .seconds(600)

    package init(limit: Int = Limits.fullView) {
        self.limit = limit
        parts = Array(repeating: [], count: limit > 0 ? Limits.viewBuckets : 0)
        digests = Array(repeating: 0, count: limit > 0 ? Limits.viewBuckets : 0)
    }

    package var isOn: Bool { limit > 0 }

    private func part(_ id: NodeID) -> Int { Int(truncatingIfNeeded: id.prefix >> 58) }

    private static func fingerprint(_ entry: ViewEntry) -> UInt64 {
        var word = entry.contact.nodeID.prefix ^ (entry.contact.sequence &* 2 &+ (entry.isGone ? 1 : 0)) &* 0x9E37_79B9_7F4A_7C15
        word = (word ^ (word >> 32)) &* 0xD6E8_FEB8_6659_FD93
        word = (word ^ (word >> 32)) &* 0xD6E8_FEB8_6659_FD93
        return word ^ (word >> 32)
    }

    private func place(_ id: NodeID) -> (part: Int, index: Int, isThere: Bool) {
        let part = part(id)
        var low = 0
        var high = parts[part].count
        while low < high {
            let middle = (low + high) / 2
            if parts[part][middle].entry.contact.nodeID < id { low = middle + 1 } else { high = middle }
        }
        return (part, low, low < parts[part].count && parts[part][low].entry.contact.nodeID == id)
    }
}

// MARK: - Merging

extension FullView {
    /// Takes in what somebody says of a node; whether it is news. DHT-6.1
    @discardableResult
    package mutating func merge(_ entry: ViewEntry, now: Instant) -> Bool {
        guard isOn else { return false }
        let (part, index, isThere) = place(entry.contact.nodeID)
        let fingerprint = Self.fingerprint(entry)
        if isThere {
            let held = parts[part][index]
            let isNewer = (entry.contact.sequence, entry.isGone ? 1 : 0) > (held.entry.contact.sequence, held.entry.isGone ? 1 : 0)
            guard isNewer else { return false }
            digests[part] ^= held.fingerprint ^ fingerprint
            parts[part][index] = Item(entry: entry, fingerprint: fingerprint, changed: now)
            return true
        }
        guard count < limit else { return false }
        parts[part].insert(Item(entry: entry, fingerprint: fingerprint, changed: now), at: index)
        digests[part] ^= fingerprint
        count += 1
        return true
    }

    /// Whether `merge` would take it in.
    func isNews(_ entry: ViewEntry) -> Bool {
        guard isOn else { return false }
        guard let held = self.entry(entry.contact.nodeID) else { return count < limit }
        return (entry.contact.sequence, entry.isGone ? 1 : 0) > (held.contact.sequence, held.isGone ? 1 : 0)
    }

    /// What was said of a node was not true.
    mutating func remove(_ id: NodeID) {
        guard isOn else { return }
        let (part, index, isThere) = place(id)
        if isThere { take(part, index) }
    }

    private mutating func take(_ part: Int, _ index: Int) {
        digests[part] ^= parts[part].remove(at: index).fingerprint
        count -= 1
    }

    /// This node was found gone.
    package mutating func suspect(_ id: NodeID, now: Instant) {
        guard isOn else { return }
        let (part, index, isThere) = place(id)
        guard isThere, !parts[part][index].entry.isGone else { return }
        var entry = parts[part][index].entry
        entry.isGone = true
        merge(entry, now: now)
    }

    /// What the view says of a node.
    package func entry(_ id: NodeID) -> ViewEntry? {
        guard isOn else { return nil }
        let (part, index, isThere) = place(id)
        return isThere ? parts[part][index].entry : nil
    }

    /// Forgets what is old.
    mutating func sweep(now: Instant, keeping own: NodeID) {
        for part in parts.indices {
            for index in parts[part].indices.reversed() {
                let item = parts[part][index]
                let life = item.entry.isGone ? Self.goneLife : Self.life
                guard now - item.changed > life, item.entry.contact.nodeID != own else { continue }
                take(part, index)
            }
        }
    }

    /// The contacts closest to a point that nobody found gone.
    package func closest(to target: Bytes32, count wanted: Int) -> [Contact] {
        var nearest: [(distance: UInt64, part: Int, index: Int)] = []
        let prefix = target.prefix
        let home = Int(truncatingIfNeeded: prefix >> 58)
        // Parts in the order of their distance: that of the target first, then those that differ in their lowest bits.
        for step in parts.indices {
            let part = home ^ step
            if nearest.count == wanted, let last = nearest.last, last.distance >> 58 < UInt64(step) { break }
            for index in parts[part].indices where !parts[part][index].entry.isGone {
                let distance = parts[part][index].entry.contact.nodeID.prefix ^ prefix
                if nearest.count == wanted, let last = nearest.last, last.distance <= distance { continue }
                var at = nearest.count
                while at > 0, nearest[at - 1].distance > distance { at -= 1 }
                nearest.insert((distance, part, index), at: at)
                if nearest.count > wanted { nearest.removeLast() }
            }
        }
        return nearest.map { parts[$0.part][$0.index].entry.contact }
    }
}

// MARK: - Making two views equal

extension FullView {
    /// Entries in one message: more do not fit.
    static let entriesPerMessage = 5

    /// The first step.
    package var question: SyncRequest { SyncRequest(digests: digests) }

    /// The step about one part, with what the other side asked for in the step before.
    package func question(part: UInt8, wanted: [UInt64] = []) -> SyncRequest {
        guard Int(part) < parts.count else { return SyncRequest() }
        let items = parts[Int(part)]
        let asked = items.filter { wanted.contains($0.fingerprint) }.prefix(Self.entriesPerMessage).map(\.entry)
        // What is given leaves no room for fingerprints; the step after it has them again.
        guard asked.isEmpty else { return SyncRequest(bucket: part, entries: Array(asked)) }
        return SyncRequest(bucket: part, fingerprints: items.prefix(Limits.viewFingerprints).map(\.fingerprint))
    }

    /// Answers a step. What the asker sent of its entries is merged first.
    package mutating func answer(_ request: SyncRequest, now: Instant) -> SyncAnswer {
        guard isOn else { return SyncAnswer() }
        for entry in request.entries { merge(entry, now: now) }
        guard let bucket = request.bucket, Int(bucket) < parts.count else {
            var differing: UInt64 = 0
            guard request.digests.count == digests.count else { return SyncAnswer() }
            for part in parts.indices where digests[part] != request.digests[part] { differing |= 1 << UInt64(part) }
            return SyncAnswer(differing: differing)
        }
        guard request.entries.isEmpty else { return SyncAnswer() }
        let items = parts[Int(bucket)]
        let theirs = Set(request.fingerprints)
        let ours = Set(items.map(\.fingerprint))
        let lacking = items.filter { !theirs.contains($0.fingerprint) }.prefix(Self.entriesPerMessage).map(\.entry)
        let wanted = request.fingerprints.filter { !ours.contains($0) }.prefix(16)
        return SyncAnswer(entries: Array(lacking), wanted: Array(wanted))
    }
}
