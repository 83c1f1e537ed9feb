import Wire

// The full view: what this node says of itself, and what it learns of others.

extension DHTNode {
    private static let syncInterval: Duration = .seconds(10)
    /// The interval while much differs: a node that has just come.
    private static let syncIntervalBehind: Duration = .milliseconds(500)
    /// Parts of the view that one comparison goes into.
    private static let partsPerSync = 8

    /// The shell has signed what this node says of itself.
    mutating func renew(_ contact: Contact, now: Instant) {
        guard contact.nodeID == own.nodeID, contact.sequence >= own.sequence else { return }
        own = contact
        if signedOwn != nil, !isClient { view.merge(ViewEntry(contact: contact), now: now) }
    }

    /// Somebody found this node gone, or it runs from an older state than others remember: it says otherwise. DHT-6.2
    mutating func clearName(now: Instant) {
        guard !isClient, upkeep.nextSign <= now, let said = view.entry(own.nodeID),
            said.isGone || said.contact.sequence > own.sequence, said.contact.sequence < .max
        else { return }
        upkeep.nextSign = now + .seconds(10)
        outbox.append(.sign(sequence: said.contact.sequence + 1))
    }

    /// What a node says of itself.
    mutating func note(_ contact: Contact, now: Instant) {
        guard view.isOn, !contact.signature.isEmpty, verifier.isGenuine(contact) else { return }
        // What others said of it while its key was not known may not have been its own word.
        if let held = view.entry(contact.nodeID), held.contact.sequence > contact.sequence, !verifier.isGenuine(held.contact) {
            view.remove(contact.nodeID)
        }
        view.merge(ViewEntry(contact: contact), now: now)
    }

    /// Whether an entry of somebody's view is news, and the word of its node as far as that can be told: also where it is said to be
    /// gone, for that is said of a contact that the node has signed. DHT-2.2
    func isBelievable(_ entry: ViewEntry) -> Bool { view.isNews(entry) && verifier.isGenuine(entry.contact) }

    mutating func heard(_ pong: Pong, from contact: Contact, now: Instant) {
        if let said = pong.contact, said.nodeID == contact.nodeID { note(said, now: now) }
    }

    mutating func synchronise(now: Instant) {
        guard view.isOn, upkeep.nextSync <= now, !isClient else { return }
        upkeep.nextSync = now + dice.around(Self.syncInterval)
        guard table.estimate <= configuration.fullView, let peer = table.anybody(&dice) else { return }
        if view.entry(own.nodeID) == nil, let contact = signedOwn { view.merge(ViewEntry(contact: contact), now: now) }
        ask(.sync(view.question), of: peer, for: .sync(bucket: nil), now: now)
    }

    mutating func synced(_ answer: SyncAnswer, bucket: UInt8?, from contact: Contact, now: Instant) {
        guard let bucket else {
            var left = answer.differing
            let many = left.nonzeroBitCount > Self.partsPerSync
            // From a random part on, so that several peers are asked for different ones.
            let turn = UInt64(dice.below(64))
            for step in 0..<64 where left.nonzeroBitCount > 0 {
                let part = (UInt64(step) + turn) & 63
                guard left >> part & 1 == 1, upkeep.spendOnView(Upkeep.part) else { continue }
                left &= ~(1 << part)
                ask(
                    .sync(view.question(part: UInt8(truncatingIfNeeded: part))), of: contact,
                    for: .sync(bucket: UInt8(truncatingIfNeeded: part)), now: now)
                if answer.differing.nonzeroBitCount - left.nonzeroBitCount >= Self.partsPerSync { break }
            }
            if many { upkeep.nextSync = min(upkeep.nextSync, now + Self.syncIntervalBehind) }
            return
        }
        var news = 0
        for entry in answer.entries where isBelievable(entry) {
            if view.merge(entry, now: now) { news += 1 }
        }
        clearName(now: now)
        if !answer.wanted.isEmpty {
            let step = view.question(part: bucket, wanted: answer.wanted)
            if !step.entries.isEmpty { ask(.sync(step), of: contact, for: .sync(bucket: bucket), now: now) }
        }
        // There is more where a full answer held news only.
        if news > 0, answer.entries.count >= FullView.entriesPerMessage {
            ask(.sync(view.question(part: bucket)), of: contact, for: .sync(bucket: bucket), now: now)
        }
    }
}
