package import Wire

/// The contacts of a node: those that answered it, from the address under which they stand here.
///
/// One bucket for each number of leading bits that an id has in common with the own one. The farthest are wider. A contact that
/// fails stays until it has failed for long enough and somebody alive takes its place.
package struct RoutingTable: Sendable {
    struct Entry: Sendable {
        var contact: Contact
        var roundTrip = RoundTrip()
        /// When it answered last, or was heard within a session.
        var answered: Instant
        /// When it was asked last whether it is there.
        var asked = Instant(nanoseconds: 0)
        /// When the failures since then began.
        var failingSince = Instant(nanoseconds: 0)
        var failures: UInt8 = 0
        /// Requests since then that were not answered, also those for which it was not blamed, and why the last one was not.
        var troubles: UInt8 = 0
        var trouble: DHTFailure?
    }

    /// Somebody alive for whom there was no room.
    private struct Spare: Sendable {
        var contact: Contact
        var answered: Instant
    }

    let own: NodeID
    private let configuration: DHTConfiguration
    private(set) var buckets: [[Entry]] = []
    private var spares: [[Spare]] = []
    /// Contacts in all buckets.
    package private(set) var count = 0

    /// Contacts that wait for a place in one bucket.
    private static let spareWidth = 8
    /// Age at which a spare counts as alive no longer.
    private static let spareLife: Duration = .seconds(180)

    package init(own: NodeID, configuration: DHTConfiguration = DHTConfiguration()) {
        self.own = own
        self.configuration = configuration
    }

    /// The bucket of an id; the deepest one for ids that differ in the last bits only.
    private func index(_ id: NodeID) -> Int { min(own.commonBits(with: id), 63) }

    private func place(_ id: NodeID) -> (bucket: Int, index: Int)? {
        let bucket = index(id)
        guard bucket < buckets.count, let found = buckets[bucket].firstIndex(where: { $0.contact.nodeID == id }) else { return nil }
        return (bucket, found)
    }

    /// Whether this node is in a bucket.
    package func contains(_ id: NodeID) -> Bool { place(id) != nil }

    /// Everybody, farthest first: for people.
    var entries: [Entry] { buckets.flatMap { $0 } }

    func entry(_ id: NodeID) -> Entry? { place(id).map { buckets[$0.bucket][$0.index] } }

    func roundTrip(_ id: NodeID) -> RoundTrip? { place(id).map { buckets[$0.bucket][$0.index].roundTrip } }

    /// Whether a new contact would find a place: a free one, or that of somebody who is to be evicted.
    func hasRoom(for id: NodeID, now: Instant) -> Bool {
        let bucket = index(id)
        guard id != own, bucket < buckets.count else { return id != own }
        guard buckets[bucket].count >= configuration.width(bucket) else { return true }
        return buckets[bucket].contains { isCondemned($0, now) }
    }

    private func isCondemned(_ entry: Entry, _ now: Instant) -> Bool {
        entry.failures >= configuration.evictionFailures && now - entry.failingSince >= configuration.evictionSpan
    }
}

// MARK: - What is heard of contacts

extension RoutingTable {
    /// This node has answered a request of ours from this address.
    package mutating func answered(_ contact: Contact, after roundTrip: Duration?, now: Instant) {
        guard contact.nodeID != own else { return }
        if let (bucket, index) = place(contact.nodeID) {
            buckets[bucket][index].contact = merged(buckets[bucket][index].contact, contact)
            buckets[bucket][index].answered = now
            buckets[bucket][index].failures = 0
            buckets[bucket][index].troubles = 0
            buckets[bucket][index].trouble = nil
            if let roundTrip { buckets[bucket][index].roundTrip.note(roundTrip) }
            return
        }
        var entry = Entry(contact: contact, answered: now)
        if let roundTrip { entry.roundTrip.note(roundTrip) }
        let bucket = index(contact.nodeID)
        while buckets.count <= bucket {
            buckets.append([])
            spares.append([])
        }
        if buckets[bucket].count < configuration.width(bucket) {
            buckets[bucket].append(entry)
            count += 1
        } else if let condemned = buckets[bucket].firstIndex(where: { isCondemned($0, now) }) {
            buckets[bucket][condemned] = entry
        } else {
            spares[bucket].removeAll { $0.contact.nodeID == contact.nodeID }
            if spares[bucket].count >= Self.spareWidth { spares[bucket].removeFirst() }
            spares[bucket].append(Spare(contact: contact, answered: now))
        }
    }

    /// A contact of the table has asked something, from the address that stands here: it is there.
    mutating func seen(_ contact: Contact, now: Instant) {
        guard let (bucket, index) = place(contact.nodeID), buckets[bucket][index].failures == 0,
            buckets[bucket][index].contact.endpoints == contact.endpoints
        else { return }
        buckets[bucket][index].answered = now
    }

    /// How long a contact of the table has not been heard.
    func silence(_ id: NodeID, now: Instant) -> Duration? { place(id).map { now - buckets[$0.bucket][$0.index].answered } }

    /// Requests in a row that a contact has not answered; `nil` for somebody who is not in the table.
    func failures(_ id: NodeID) -> UInt8? { place(id).map { buckets[$0.bucket][$0.index].failures } }

    /// The address is the one that the answer came from; the sequence is never lowered.
    private func merged(_ old: Contact, _ new: Contact) -> Contact {
        var contact = new
        if new.sequence < old.sequence || (new.sequence == old.sequence && new.signature.isEmpty) {
            contact.sequence = old.sequence
            contact.signature = old.signature
        }
        return contact
    }

    /// A request to this node has failed, whoever's fault it is: for people. `false` for somebody who is not in the table.
    mutating func troubled(_ id: NodeID, _ failure: DHTFailure) -> Bool {
        guard let (bucket, index) = place(id) else { return false }
        buckets[bucket][index].troubles = min(buckets[bucket][index].troubles, .max - 1) + 1
        buckets[bucket][index].trouble = failure
        return true
    }

    /// A request to this node has failed for good. Not to be told while the fault is ours.
    package mutating func failed(_ id: NodeID, now: Instant) {
        guard let (bucket, index) = place(id) else { return }
        if buckets[bucket][index].failures == 0 { buckets[bucket][index].failingSince = now }
        buckets[bucket][index].failures = min(buckets[bucket][index].failures, .max - 1) + 1
        guard isCondemned(buckets[bucket][index], now) else { return }
        if let spare = spares[bucket].popLast(), now - spare.answered < Self.spareLife {
            buckets[bucket][index] = Entry(contact: spare.contact, answered: spare.answered)
        } else if !configuration.evictsForLiveOnly {
            buckets[bucket].remove(at: index)
            count -= 1
        }
    }

    /// This node says that it is a client, or that it leaves: it has no place here.
    package mutating func remove(_ id: NodeID) {
        guard let (bucket, index) = place(id) else { return }
        buckets[bucket].remove(at: index)
        count -= 1
    }
}

// MARK: - What is asked of the table

extension RoutingTable {
    /// The contacts closest to a point, closest first. Those that fail are left out, or, where `doubtful`, stand in their place too.
    package func closest(to target: Bytes32, count: Int, doubtful: Bool = false) -> [Contact] {
        guard count > 0, !buckets.isEmpty else { return [] }
        var nearest = Nearest(count: count)
        let home = min(own.commonBits(with: target), 63)
        // Ids of the home bucket share more bits with the target than any other; then come those that share more with this node.
        if home < buckets.count { collect(home, target, doubtful, &nearest) }
        if nearest.places.count < count, home + 1 < buckets.count {
            for bucket in home + 1..<buckets.count { collect(bucket, target, doubtful, &nearest) }
        }
        var bucket = min(home, buckets.count) - 1
        while nearest.places.count < count, bucket >= 0 {
            collect(bucket, target, doubtful, &nearest)
            bucket -= 1
        }
        return nearest.places.map { buckets[$0.bucket][$0.index].contact }
    }

    /// The smallest few distances that were seen, in order.
    private struct Nearest {
        let count: Int
        var places: [(distance: UInt64, bucket: Int, index: Int)] = []

        init(count: Int) {
            self.count = count
            places.reserveCapacity(count + 1)
        }

        mutating func offer(_ distance: UInt64, _ bucket: Int, _ index: Int) {
            if places.count == count, let last = places.last, last.distance <= distance { return }
            var at = places.count
            while at > 0, places[at - 1].distance > distance { at -= 1 }
            places.insert((distance, bucket, index), at: at)
            if places.count > count { places.removeLast() }
        }
    }

    private func collect(_ bucket: Int, _ target: Bytes32, _ doubtful: Bool, _ nearest: inout Nearest) {
        let prefix = target.prefix
        for index in buckets[bucket].indices where doubtful || buckets[bucket][index].failures == 0 {
            nearest.offer(buckets[bucket][index].contact.nodeID.prefix ^ prefix, bucket, index)
        }
    }

    /// Anybody of the table.
    func anybody(_ dice: inout Dice) -> Contact? {
        guard count > 0 else { return nil }
        var left = dice.below(count)
        for bucket in buckets {
            if left < bucket.count { return bucket[left].contact }
            left -= bucket.count
        }
        return nil
    }

    /// Anybody who answered when it was asked last, if one is found soon.
    func anybodyAnswering(_ dice: inout Dice) -> Contact? {
        for _ in 0..<8 {
            if let contact = anybody(&dice), failures(contact.nodeID) == 0 { return contact }
        }
        return anybody(&dice)
    }

    /// All contacts, farthest first: for files and people.
    package var contacts: [Contact] { buckets.flatMap { $0.map(\.contact) } }

    /// The buckets from which a bucket is near: together they hold about twice k.
    var nearFrom: Int {
        var total = 0
        var bucket = buckets.count - 1
        while bucket > 0 {
            total += buckets[bucket].count
            if total >= 2 * configuration.k { return bucket }
            bucket -= 1
        }
        return 0
    }

    /// Whom to ask whether it is still there: whoever has been silent for the largest share of the time that its bucket is given.
    /// The intervals are in seconds.
    mutating func stalest(near: Double, far: Double, now: Instant) -> Contact? {
        let nearFrom = nearFrom
        var worst = 1.0
        var found: (bucket: Int, index: Int)?
        for bucket in buckets.indices {
            let interval = 1e-9 / (bucket >= nearFrom ? near : far)
            for index in buckets[bucket].indices {
                let failures = buckets[bucket][index].failures
                let since = max(buckets[bucket][index].answered, buckets[bucket][index].asked).nanoseconds
                let silence = Double(now.nanoseconds &- min(since, now.nanoseconds))
                // A contact that fails is asked again soon, to know whether it is gone, and then rarely.
                let share = failures == 0 ? silence * interval : silence / (10e9 * Double(1 << min(Int(failures), 3)))
                if share > worst { (worst, found) = (share, (bucket, index)) }
            }
        }
        guard let found else { return nil }
        buckets[found.bucket][found.index].asked = now
        return buckets[found.bucket][found.index].contact
    }

    /// The farthest bucket with room, from `first` on, in which there is somebody to ask for more.
    func underfull(from first: Int) -> (bucket: Int, peer: Contact)? {
        for bucket in buckets.indices.dropFirst(first) where buckets[bucket].count < configuration.width(bucket) {
            if let peer = buckets[bucket].last(where: { $0.failures == 0 }) { return (bucket, peer.contact) }
        }
        return nil
    }

    /// A point that a bucket's contacts are close to.
    func point(in bucket: Int, _ dice: inout Dice) -> Bytes32 {
        let differing: UInt64 = 1 << UInt64(63 - min(bucket, 63))
        let mask = differing &- 1
        let prefix = (own.prefix ^ differing) & ~mask | dice.next() & mask
        return Bytes32((prefix, dice.next(), dice.next(), dice.next()))
    }

    /// About how many nodes there are, from how close the closest ones are.
    package var estimate: Int {
        let closest = closest(to: own, count: configuration.k)
        guard closest.count >= configuration.k, let last = closest.last else { return count + 1 }
        let share = Double(max(last.nodeID.prefix ^ own.prefix, 1)) / 0x1p64
        return max(Int(min(Double(closest.count) / share, 1e9)), count + 1)
    }
}
