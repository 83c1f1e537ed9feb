import Wire

// Searches, of users and of this node.

extension DHTNode {
    mutating func look(_ id: UInt64, service: String, want: Int, now: Instant) {
        let split = splits[service] ?? 0
        // With shards, the point of the whole service is one of them: all holders get their share of the finders.
        let usesShard = split > 0 && dice.below(1 << Int(min(split, Limits.serviceSplit)) + 1) > 0
        let somebody = Bytes32((dice.next(), 0, 0, 0))
        let key = Bytes32.serviceKey(service, split: usesShard ? split : 0, provider: somebody)
        search(
            for: key, want: max(want, 1), purpose: .service(id: id, name: service, split: usesShard ? split : 0), now: now)
    }

    mutating func locate(_ id: UInt64, _ target: Bytes32, now: Instant) {
        search(for: target, want: 0, purpose: .nodes(id: id), now: now)
    }

    /// Begins a search; its number.
    @discardableResult
    mutating func search(
        for target: Bytes32, want: Int, purpose: Search.Purpose, beginning: [Contact] = [], now: Instant
    ) -> UInt32 {
        repeat { nextLookup &+= 1 } while lookups[nextLookup] != nil
        let number = nextLookup
        var lookup = Lookup(target: target, want: want, configuration: configuration)
        var contacts = table.closest(to: target, count: 2 * configuration.answerContacts)
        if contacts.count < configuration.alpha { contacts += table.closest(to: target, count: configuration.k, doubtful: true) }
        if contacts.isEmpty { contacts = seeds }
        if view.isOn { contacts += view.closest(to: target, count: configuration.answerContacts).filter { $0.nodeID != own.nodeID } }
        lookup.begin(contacts + beginning.filter { $0.nodeID != own.nodeID })
        if want > 0 {
            for held in records.sample(target, count: want, now: now, using: &dice).entries { lookup.add(held) }
        }
        lookups[number] = Search(lookup: lookup, purpose: purpose)
        if lookups.count > Limits.dhtLookups { finish(number, now: now) } else { advance(number, now: now) }
        return number
    }

    /// Asks whoever is to be asked now, tells what was found, and ends a search that is over.
    mutating func advance(_ number: UInt32, now: Instant) {
        while let contact = lookups[number]?.lookup.next() {
            guard let find = lookups[number]?.lookup.question else { return }
            if !ask(.find(find), of: contact, for: .lookup(number), now: now) { lookups[number]?.lookup.failed(contact.nodeID) }
        }
        guard lookups[number]?.lookup.isDone == false else { return finish(number, now: now) }
        tell(number)
    }

    /// Tells of the first that was found, while the search goes on for more.
    private mutating func tell(_ number: UInt32) {
        guard let search = lookups[number], case .service(let id, _, _) = search.purpose, !search.isToldOf, !search.lookup.found.isEmpty
        else { return }
        outbox.append(.found(id: id, providers(search), isFinal: false))
        lookups[number]?.isToldOf = true
    }

    private func providers(_ search: Search) -> FoundProviders {
        FoundProviders(
            entries: search.lookup.found, rounds: search.lookup.rounds, asked: search.lookup.asked,
            answersByDatagram: search.answersByDatagram, answersOverLinks: search.answersOverLinks)
    }

    private mutating func finish(_ number: UInt32, now: Instant) {
        guard let search = lookups.removeValue(forKey: number) else { return }
        switch search.purpose {
        case .service(let id, let name, let split):
            learn(name, split: max(split, search.lookup.split))
            outbox.append(.found(id: id, providers(search), isFinal: true))
        case .nodes(let id): outbox.append(.located(id: id, search.lookup.closest(configuration.k)))
        case .holders(let service): settle(service, on: search.lookup.closest(Limits.replicas), now: now)
        case .neighbours, .hint: break
        }
    }

    private mutating func learn(_ service: String, split: UInt8) {
        guard split > 0 else {
            _ = splits.removeValue(forKey: service)
            return
        }
        if splits.count < Self.splitWidth || splits[service] != nil { splits[service] = split }
    }

    /// Services whose split is remembered.
    private static let splitWidth = 256

    /// A contact has answered a search's question.
    mutating func came(_ found: FindAnswer, _ number: UInt32, from contact: Contact, via path: DHTPath, now: Instant) {
        switch path {
        case .udp: lookups[number]?.answersByDatagram += 1
        case .tcp: lookups[number]?.answersOverLinks += 1
        }
        let entries = genuine(found.entries, number)
        lookups[number]?.lookup.answered(contact.nodeID, found, genuine: entries, own: own.nodeID)
        // Whoever may hold the entry is told at once: the search may wait for others for long.
        if case .hint(let hint)? = lookups[number]?.purpose { ask(.unreachable(hint), of: contact, for: .courtesy, now: now) }
        advance(number, now: now)
    }

    private func genuine(_ entries: [HeldEntry], _ number: UInt32) -> [HeldEntry] {
        guard !entries.isEmpty, let search = lookups[number] else { return [] }
        return entries.filter { isAnswer($0, to: search) }
    }

    /// Whether an entry is one for this search: of the service and the shard that were asked for, not withdrawn, and genuine.
    private func isAnswer(_ held: HeldEntry, to search: Search) -> Bool {  // DHT-5.4
        guard case .service(_, let name, let split) = search.purpose, held.entry.offer.service == name else { return false }
        guard !held.entry.offer.isWithdrawn, held.remaining > 0 else { return false }
        guard split == 0 || search.lookup.target == .serviceKey(name, split: split, provider: held.entry.nodeID) else { return false }
        return verifier.isGenuine(held.entry)
    }

    /// Looks for the holders of an entry, to tell them that its provider could not be reached: they look for themselves.
    mutating func report(_ entry: ProviderEntry, now: Instant) {
        var shards: [UInt8] = [0]
        if let split = splits[entry.offer.service] { shards.append(split) }
        for split in shards {
            let key = Bytes32.serviceKey(entry.offer.service, split: split, provider: entry.nodeID)
            let hint = UnreachableHint(key: key, provider: entry.nodeID, version: entry.version)
            inspect(hint, now: now)
            search(for: key, want: 0, purpose: .hint(hint), now: now)
        }
    }
}
