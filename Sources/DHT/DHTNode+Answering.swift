import Wire

// Requests of others.

extension DHTNode {
    mutating func heard(_ request: DHTRequest, from contact: Contact, via path: DHTPath, inSession: Bool, now: Instant) {
        guard contact.nodeID != own.nodeID else { return }
        let reply = reply(to: request, from: contact, via: path, inSession: inSession, now: now)
        outbox.append(.respond(DHTAnswer(exchange: request.exchange, reply), to: contact, via: path))
        meet(contact, isClient: request.isClient, via: path, inSession: inSession, now: now)
    }

    private mutating func reply(
        to request: DHTRequest, from contact: Contact, via path: DHTPath, inSession: Bool, now: Instant
    ) -> DHTAnswer.Reply {
        switch request.question {
        case .ping(let said):
            if let said, said.nodeID == contact.nodeID { note(said, now: now) }
            let observed = contact.endpoints.first ?? Endpoint(host: "0.0.0.0", port: 0)
            return .pong(Pong(observed: observed, contact: said == nil || isClient ? nil : signedOwn, isClient: isClient))
        case .find(let find): return isClient ? .refused(.unsupported) : .found(answer(find, to: contact, now: now))
        case .store(let store): return answer(store, from: contact, inSession: inSession, now: now)
        case .sync(var sync):
            guard !isClient, view.isOn else { return .refused(.unsupported) }
            let isGiving = !sync.entries.isEmpty
            sync.entries.removeAll { !isBelievable($0) }
            if isGiving, sync.entries.isEmpty { return .synced(SyncAnswer()) }
            let answer = view.answer(sync, now: now)
            clearName(now: now)
            return .synced(answer)
        case .unreachable(let hint):
            inspect(hint, now: now)
            return .noted
        case .probe(let target):
            probe(target, for: contact, via: path, inSession: inSession, now: now)
            return .noted
        }
    }

    /// This node's contact as the view spreads it: only once it is signed.
    var signedOwn: Contact? { own.signature.isEmpty ? nil : own }

    private mutating func answer(_ find: FindRequest, to contact: Contact, now: Instant) -> FindAnswer {
        var answer = FindAnswer()
        var room = Limits.dhtMessage - Self.answerOverhead
        var sampleTotal = Int.max
        if find.entries > 0 {
            let sample = records.sample(find.target, count: min(Int(find.entries), Limits.dhtEntries), now: now, using: &dice)
            answer.total = UInt32(clamping: sample.total)
            answer.split = sample.split
            if sample.total > 0 { sampleTotal = sample.total }
            for held in sample.entries where room >= Self.size(held) {
                answer.entries.append(held)
                room -= Self.size(held)
            }
        }
        // Only nodes that answered this one are handed on. DHT-5.1
        // Whoever has got what it wants needs few.
        let isServed = find.entries > 0 && answer.entries.count >= min(Int(find.entries), sampleTotal)
        let wanted = min(Int(find.contacts), isServed ? Self.contactsWithEntries : configuration.answerContacts)
        for found in table.closest(to: find.target, count: wanted + 1) where found.nodeID != contact.nodeID {
            let size = Self.size(found)
            guard answer.contacts.count < wanted, room >= size else { break }
            answer.contacts.append(found.unsigned)
            room -= size
        }
        return answer
    }

    /// Contacts of an answer whose entries are what was asked for.
    private static let contactsWithEntries = 2
    /// Bytes of an answer to FIND that are neither entries nor contacts.
    private static let answerOverhead = 48

    /// Bytes of an entry in an answer.
    static func size(_ held: HeldEntry) -> Int { 14 + held.entry.encodedSize }

    /// Bytes of a contact in an answer.
    static func size(_ contact: Contact) -> Int {
        90 + contact.endpoints.reduce(0) { $0 + 10 + $1.host.utf8.count }
    }

    private mutating func answer(_ store: StoreRequest, from contact: Contact, inSession: Bool, now: Instant) -> DHTAnswer.Reply {
        guard inSession else { return .refused(.notInSession) }  // DHT-3.8
        guard !isClient else { return .refused(.unsupported) }
        guard let entry = store.entry else {
            return .stored(records.renew(contact.nodeID, store.version, key: store.key, split: store.split, now: now))
        }
        guard entry.nodeID == contact.nodeID, entry.version == store.version else { return .refused(.notYours) }  // DHT-3.9
        guard store.key == .serviceKey(entry.offer.service, split: store.split, provider: entry.nodeID) else { return .refused(.wrongKey) }
        guard verifier.isGenuine(entry) else { return .refused(.notYours) }
        return .stored(records.store(entry, key: store.key, split: store.split, now: now))
    }

    /// Somebody says that a provider is not there: look, and believe what is seen. One look at a time for each entry.
    mutating func inspect(_ hint: UnreachableHint, now: Instant) {
        guard let entry = records.entry(hint, now: now), !entry.provider.endpoints.isEmpty, upkeep.mayInspect(hint.provider, now: now)
        else {
            return
        }
        ask(.ping(nil), of: entry.provider, for: .inspection(hint), now: now)  // DHT-3.10
    }

    /// Somebody who is there, and may have a place in the table once it has answered.
    private mutating func meet(_ contact: Contact, isClient: Bool, via path: DHTPath, inSession: Bool, now: Instant) {
        guard path == .udp else { return }
        if isClient { return table.remove(contact.nodeID) }  // DHT-5.2
        arrived(contact, now: now)
        if inSession { table.seen(contact, now: now) }
        guard !table.contains(contact.nodeID), table.hasRoom(for: contact.nodeID, now: now) else { return }
        // The first of a mesh has nobody to begin with but those who come to it.
        if table.count == 0, upkeep.isBegun, exchanges.count == 0 {
            ask(.ping(signedOwn), of: contact, for: .health, now: now, via: .udp)
        } else {
            upkeep.candidates.add(contact, isWarm: inSession)
        }
    }
}
