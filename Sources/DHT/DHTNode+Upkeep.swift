import Wire

// Joining, and looking after the table.

extension DHTNode {
    mutating func start(_ contacts: [Contact], now: Instant) {
        for contact in contacts where contact.nodeID != own.nodeID && !seeds.contains(where: { $0.nodeID == contact.nodeID }) {
            if seeds.count >= Self.seedWidth { seeds.removeFirst() }
            seeds.append(contact)
        }
        upkeep.begin(now: now, configuration)
        if let contact = signedOwn { view.merge(ViewEntry(contact: contact), now: now) }
        health.begin(now: now)
        if table.count == 0 { knock(now: now) }
    }

    /// Seeds that are remembered.
    private static let seedWidth = 32
    /// Peers that are asked at once whether datagrams work.
    private static let knocks = 4

    /// Asks a few peers, or seeds where there are none, over datagrams.
    private mutating func knock(now: Instant) {
        for turn in 0..<Self.knocks {
            let peer = table.count > 0 && turn < Self.knocks - 1 ? table.anybodyAnswering(&dice) : nil
            guard let contact = peer ?? (seeds.isEmpty ? table.anybody(&dice) : seeds[dice.below(seeds.count)]) else { return }
            ask(.ping(signedOwn), of: contact, for: .health, now: now, via: .udp)
        }
    }

    mutating func probeHealth(now: Instant) {
        guard upkeep.isBegun, health.shouldProbe(now: now) else { return }
        knock(now: now)
    }

    mutating func networkChanged(now: Instant) {
        roundTrips = RoundTrip()
        health.networkChanged(now: now)
        probing.doubt(now: now)
    }

    /// The first peer has answered: find the neighbours.
    mutating func join(now: Instant) {
        search(for: own.nodeID, want: 0, purpose: .neighbours, now: now)
        upkeep.nextSync = now + .seconds(1)
    }

    /// One step.
    mutating func lookAfter(now: Instant) {
        upkeep.next = now + dice.around(configuration.step)
        upkeep.fill(now: now, configuration)
        if table.count == 0 { health.hasNobody(now: now) }
        if upkeep.nextSweep <= now {
            upkeep.nextSweep = now + .seconds(10)
            records.sweep(now: now)
            view.sweep(now: now, keeping: own.nodeID)
        }
        verifyReachability(now: now)
        guard !health.isDown else { return }
        repair(now: now)
        synchronise(now: now)
        askWhoIsThere(now: now)
        fillTable(now: now)
    }

    /// The less contacts live, the more often they are asked; within what may be spent.
    private mutating func askWhoIsThere(now: Instant) {
        let life = upkeep.survival.meanLife
        let near = min(max(life * 0.05, 10), 240)
        let far = min(max(life * 0.2, 20), 900)
        for _ in 0..<Self.asksPerStep {
            guard upkeep.spend(Upkeep.warm) else { return }
            guard let contact = table.stalest(near: near, far: far, now: now) else { return }
            ask(.ping(nil), of: contact, for: .presence, now: now)
        }
    }

    private static let asksPerStep = 8

    /// Gives room in the table to those who wait for it, and finds more where there are none.
    private mutating func fillTable(now: Instant) {
        for _ in 0..<Self.asksPerStep {
            guard let contact = upkeep.candidates.next(warm: true) else { break }
            guard table.hasRoom(for: contact.nodeID, now: now), upkeep.spend(Upkeep.warm) else { continue }
            ask(.ping(nil), of: contact, for: .presence, now: now)
        }
        for _ in 0..<2 {
            guard let contact = upkeep.candidates.next(warm: false) else { break }
            guard table.hasRoom(for: contact.nodeID, now: now) else { continue }
            guard upkeep.spend(Upkeep.cold) else { return }
            _ = ask(.ping(nil), of: contact, for: .presence, now: now)
            return
        }
        guard upkeep.nextFill <= now else { return }
        guard let (bucket, peer) = table.underfull(from: upkeep.bucket) else { return upkeep.surveyed(now: now) }
        guard upkeep.spend(Upkeep.contacts) else { return }
        upkeep.bucket = bucket + 1
        let find = FindRequest(target: table.point(in: bucket, &dice), entries: 0, contacts: 8)
        ask(.find(find), of: peer, for: .discovery, now: now)
    }
}

// MARK: - Split repair

extension DHTNode {
    /// Every minute somebody far away, or somebody from the beginning, is asked who is close to this node. In a mesh that is whole the
    /// answer holds nobody new. DHT-7.3
    private mutating func repair(now: Instant) {
        guard upkeep.nextRepair <= now else { return }
        upkeep.nextRepair = now + dice.around(Limits.splitRepair)
        let takesSeed = !seeds.isEmpty && dice.below(2) == 0
        guard let peer = takesSeed ? seeds[dice.below(seeds.count)] : table.anybody(&dice) else { return }
        let find = FindRequest(target: own.nodeID, entries: 0, contacts: UInt8(clamping: configuration.answerContacts))
        ask(.find(find), of: peer, for: .repair, now: now)
    }

    mutating func repaired(_ found: FindAnswer, from contact: Contact, now: Instant) {
        upkeep.offer(found.contacts, table, own.nodeID, now)
        let near = table.closest(to: own.nodeID, count: configuration.answerContacts, doubtful: true)
        let bound = near.count < configuration.answerContacts ? .max : near.last.map { $0.nodeID.prefix ^ own.nodeID.prefix } ?? .max
        let isNews = found.contacts.contains { found in
            found.nodeID != own.nodeID && found.nodeID.prefix ^ own.nodeID.prefix < bound && !table.contains(found.nodeID)
        }
        guard isNews, upkeep.nextNeighbours <= now else { return }
        upkeep.nextNeighbours = now + .seconds(20)
        search(for: own.nodeID, want: 0, purpose: .neighbours, beginning: found.contacts, now: now)
    }
}
