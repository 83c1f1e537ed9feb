import Wire

// This node's own entries, and their holders.

extension DHTNode {
    mutating func publish(_ entry: ProviderEntry, now: Instant) {
        guard entry.nodeID == own.nodeID else { return }
        let service = entry.offer.service
        guard let index = publications.firstIndex(where: { $0.entry.offer.service == service }) else {
            guard !entry.offer.isWithdrawn, publications.count < Limits.services else { return }
            publications.append(Publication(entry: entry, now: now))
            return
        }
        guard publications[index].entry.version < entry.version else { return }
        publications[index].entry = entry
        publications[index].isReported = false
        guard entry.offer.isWithdrawn else {
            if publications[index].lookup == nil { spread(index, now: now) }
            return
        }
        if publications[index].isOwn { keepOwn(index, now: now) }
        spread(index, now: now)
        for contact in publications[index].former { store(publications[index], at: contact, whole: true, now: now) }
        outbox.append(.published(service: service, holders: publications[index].replicas.count))
        publications.remove(at: index)
    }

    /// What is due: a renewal at all holders, or a search for new ones.
    mutating func refreshPublications(now: Instant) {
        guard upkeep.isBegun else { return }
        for index in publications.indices where publications[index].lookup == nil && publications[index].refresh <= now {
            let publication = publications[index]
            guard !publication.replicas.isEmpty, !publication.isShort, publication.untilSearch > 0 else {
                publications[index].refresh = now + dice.around(Limits.entryRefresh)
                // Marked first: a search that has nobody to ask is over before it returns.
                publications[index].lookup = 0
                let number = search(
                    for: publication.key, want: 0, purpose: .holders(service: publication.entry.offer.service), now: now)
                if publications[index].lookup != nil { publications[index].lookup = number }
                continue
            }
            publications[index].untilSearch -= 1
            spread(index, now: now)
        }
    }

    /// Datagrams work again: holders may have forgotten, and are told within two seconds.
    mutating func hastenPublications(now: Instant) {
        for index in publications.indices {
            let soon = now + .milliseconds(Int64(dice.below(2_000)))
            publications[index].refresh = min(publications[index].refresh, soon)
            publications[index].isShort = true
        }
    }

    /// Somebody has come into the table: may be a better holder.
    mutating func welcome(_ contact: Contact, now: Instant) {
        for index in publications.indices where publications[index].lookup == nil && publications[index].isCloser(contact.nodeID) {
            publications[index].isShort = true
            publications[index].refresh = min(publications[index].refresh, now + dice.around(.seconds(4)))
        }
    }

    /// Tells every holder: the whole entry to those that do not have it.
    private mutating func spread(_ index: Int, now: Instant) {
        publications[index].refresh = now + dice.around(Limits.entryRefresh)
        if publications[index].isOwn { keepOwn(index, now: now) }
        let publication = publications[index]
        for replica in publication.replicas {
            store(publication, at: replica.contact, whole: replica.confirmed != publication.entry.version, now: now)
        }
    }

    private mutating func store(_ publication: Publication, at contact: Contact, whole: Bool, now: Instant) {
        let store = StoreRequest(
            key: publication.key, version: publication.entry.version, entry: whole ? publication.entry : nil, split: publication.split)
        let purpose = Exchanges.Purpose.store(service: publication.entry.offer.service, whole: whole, again: false)
        ask(.store(store), of: contact, for: purpose, now: now)
    }

    private mutating func keepOwn(_ index: Int, now: Instant) {
        let publication = publications[index]
        _ = records.store(publication.entry, key: publication.key, split: publication.split, now: now)
    }

    /// The search for holders is over.
    mutating func settle(_ service: String, on contacts: [Contact], now: Instant) {
        guard let index = publications.firstIndex(where: { $0.entry.offer.service == service }) else { return }
        publications[index].lookup = nil
        var holders = contacts
        let distance = own.nodeID.distance(to: publications[index].key)
        let isCloser = holders.last.map { distance < $0.nodeID.distance(to: publications[index].key) } ?? true
        publications[index].isOwn = !isClient && (holders.count < Limits.replicas || isCloser)
        if publications[index].isOwn, holders.count == Limits.replicas { holders.removeLast() }
        publications[index].settle(on: holders)
        spread(index, now: now)
        // With somebody to begin with, nobody to store at means that this node is not in the mesh yet.
        guard !holders.isEmpty || seeds.isEmpty else {
            publications[index].refresh = now + .seconds(2)
            return
        }
        reportHolders(index)
    }

    /// A holder has answered a STORE.
    mutating func stored(_ answer: StoreAnswer, service: String, whole: Bool, from contact: Contact, now: Instant) {
        guard let index = publications.firstIndex(where: { $0.entry.offer.service == service }) else { return }
        switch answer.outcome {
        case .kept:
            publications[index].confirm(contact.nodeID, publications[index].entry.version)
            reportHolders(index)
        case .unknown:
            publications[index].confirm(contact.nodeID, nil)
            if !whole { store(publications[index], at: contact, whole: true, now: now) }
        case .outdated: break
        case .full:
            if answer.split > publications[index].split, answer.split <= Limits.serviceSplit {
                publications[index].split = answer.split
                publications[index].replicas = []
                publications[index].isOwn = false
                publications[index].refresh = now
            } else {
                lost(contact.nodeID, service: service, now: now)
            }
        }
    }

    /// Told once: when enough holders have it, or all that there are.
    private mutating func reportHolders(_ index: Int) {
        let publication = publications[index]
        let all = publication.replicas.count + (publication.isOwn ? 1 : 0)
        guard !publication.isReported, all > 0, publication.confirmed >= min(Limits.replicasAwaited, all) else { return }
        publications[index].isReported = true
        outbox.append(.published(service: publication.entry.offer.service, holders: publication.confirmed))
    }

    /// A holder has failed: the rest is told in its time, and new ones are looked for soon.
    mutating func lost(_ id: NodeID, service: String, now: Instant) {
        guard let index = publications.firstIndex(where: { $0.entry.offer.service == service }) else { return }
        publications[index].lost(id)
        // While most are there it can wait: on a way that loses much, somebody fails each time.
        guard publications[index].replicas.count < Limits.replicasAwaited else { return }
        publications[index].refresh = min(publications[index].refresh, now + dice.around(.seconds(5)))
    }
}
