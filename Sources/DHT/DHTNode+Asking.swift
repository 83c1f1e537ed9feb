import Wire

// Requests of this node: sending, repeating, giving up.

extension DHTNode {
    /// Sends a request, and remembers what it is for. `false` where too many are under way.
    @discardableResult
    mutating func ask(
        _ question: DHTRequest.Question, of contact: Contact, for purpose: Exchanges.Purpose, now: Instant, via forced: DHTPath? = nil
    ) -> Bool {
        guard contact.nodeID != own.nodeID, exchanges.count < Limits.dhtExchanges else { return false }
        let request = DHTRequest(exchange: exchanges.number(), isClient: isClient, question)
        let path = forced ?? (health.isDown && configuration.usesLinks && health.state != .down(.noPeers) ? .tcp : .udp)
        let timeout = wait(for: contact.nodeID, path)
        let exchange = Exchanges.Exchange(
            request: request, contact: contact, purpose: purpose, path: path, sent: now, sentLast: now, timeout: timeout,
            sendLimit: path == .tcp ? 1 : configuration.sends)
        exchanges.insert(exchange, until: now + timeout)
        if path == .udp { probing.asked(contact) }
        outbox.append(.ask(request, to: contact, via: path))
        // What somebody waits for goes both ways while datagrams seem not to work: the verdict costs nobody an answer.
        if path == .tcp, forced == nil, isAwaited(purpose) { outbox.append(.ask(request, to: contact, via: .udp)) }
        return true
    }

    private func wait(for id: NodeID, _ path: DHTPath) -> Duration {
        if let fixed = configuration.fixedTimeout { return fixed }
        guard path == .udp else { return Limits.answerTimeoutMaximum }
        return RoundTrip.timeout(table.roundTrip(id), among: roundTrips)
    }

    /// An exchange's time is over: once more, or never.
    mutating func timedOut(_ due: Exchanges.Exchange, now: Instant) {
        var exchange = due
        if exchange.path == .udp, isTelling(exchange) {
            health.failed(exchange.contact.nodeID, .noAnswer, known: table.count, now: now)
        }
        guard exchange.sends < exchange.sendLimit else { return fail(exchange, .noAnswer, now: now) }
        if exchange.sends == 1, case .lookup(let number) = exchange.purpose {
            lookups[number]?.lookup.slow(exchange.contact.nodeID)
        }
        exchange.sends += 1
        exchange.sentLast = now
        // Whether a provider is gone is to be known soon.
        if case .inspection = exchange.purpose {
        } else {
            exchange.timeout = min(exchange.timeout + exchange.timeout, Limits.answerTimeoutMaximum)
        }
        exchanges.insert(exchange, until: now + exchange.timeout)
        outbox.append(.ask(exchange.request, to: exchange.contact, via: exchange.path))
        if configuration.usesLinks, exchange.sends > 2, isAwaited(exchange.purpose) {
            outbox.append(.ask(exchange.request, to: exchange.contact, via: .tcp))
        }
        if case .lookup(let number) = exchange.purpose { advance(number, now: now) }
    }

    /// Whether silence says something about datagrams: not where the peer is only said to be there, or has been silent before.
    private func isTelling(_ exchange: Exchanges.Exchange) -> Bool {
        // The last of a burst of probes may still be lost when another has shown that all is well: they would begin the next burst.
        if exchange.purpose == .health { return !health.isOK }
        return table.failures(exchange.contact.nodeID) == 0
    }

    /// Whether somebody waits for the answer: what is only upkeep needs no second way.
    private func isAwaited(_ purpose: Exchanges.Purpose) -> Bool {
        switch purpose {
        case .lookup, .store: true
        case .presence, .discovery, .repair, .sync, .inspection, .health, .ping, .courtesy: false
        }
    }

    /// The shell could not deliver a request, or was told so.
    mutating func delivered(not number: UInt32, _ failure: DHTFailure, now: Instant) {
        guard let exchange = exchanges.remove(number) else { return }
        // What was not sent says nothing of datagrams, nor of the peer; nor does a ping to whoever somebody names.
        if exchange.path == .udp, failure != .withheld, !exchange.isCurious || table.contains(exchange.contact.nodeID) {
            health.failed(exchange.contact.nodeID, failure, known: table.count, now: now)
        }
        fail(exchange, failure, now: now)
    }

    /// A request has failed for good.
    private mutating func fail(_ exchange: Exchanges.Exchange, _ failure: DHTFailure, now: Instant) {
        let id = exchange.contact.nodeID
        if exchange.path == .udp, failure != .withheld {
            noteTrouble(id, failure)
            if exchange.purpose != .health { outcomes.note(failed: true) }
            if let silence = table.silence(id, now: now) { upkeep.survival.note(died: true, after: silence) }
            // Frozen while most requests fail: then the fault is ours.
            if !(configuration.freezes && outcomes.areBad) {
                table.failed(id, now: now)
                // Once is not enough: it may have been the way. A suspicion travels to everybody, and so does what lifts it.
                if view.isOn, upkeep.isSecondFailure(of: id, known: table.failures(id)) { view.suspect(id, now: now) }
            }
        }
        switch exchange.purpose {
        case .lookup(let number):
            lookups[number]?.lookup.failed(id)
            advance(number, now: now)
        case .store(let service, _, _): lost(id, service: service, now: now)
        case .inspection(let hint):
            // Who could not be asked is not forgotten. DHT-3.10
            if failure != .withheld, failure != .noRoute { records.remove(hint) }
        case .ping(let ping): outbox.append(.pinged(id: ping, .failure(failure)))
        case .presence, .discovery, .repair, .sync, .health, .courtesy: break
        }
    }

    /// An answer to a request of ours, by the node that was asked.
    mutating func answered(_ answer: DHTAnswer, from contact: Contact, via path: DHTPath, now: Instant) {
        // Of somebody else: not believed, and the exchange goes on. DHT-4.3
        guard let open = exchanges[answer.exchange], open.contact.nodeID == contact.nodeID,
            let exchange = exchanges.remove(answer.exchange)
        else { return }
        if path == .udp { present(exchange, contact, isClient: answer.isOfClient(asked: exchange.request.question), now: now) }
        guard fits(answer.reply, exchange.request.question) else {
            if case .store(let service, let whole, false) = exchange.purpose, answer.reply == .refused(.notInSession) {
                // The refusal came within the session that there is now.
                ask(exchange.request.question, of: contact, for: .store(service: service, whole: whole, again: true), now: now)
            } else if case .lookup(let number) = exchange.purpose {
                lookups[number]?.lookup.failed(contact.nodeID)
                advance(number, now: now)
            } else if case .store(let service, _, _) = exchange.purpose {
                lost(contact.nodeID, service: service, now: now)
            }
            return
        }
        take(answer.reply, of: exchange, from: contact, via: path, now: now)
    }

    /// The peer is there, and datagrams reach it.
    private mutating func present(_ exchange: Exchanges.Exchange, _ contact: Contact, isClient: Bool, now: Instant) {
        let measured = exchange.sends == 1 && exchange.path == .udp ? now - exchange.sent : nil
        if let measured { roundTrips.note(measured) }
        outcomes.note(failed: false)
        if let silence = table.silence(contact.nodeID, now: now) { upkeep.survival.note(died: false, after: silence) }
        health.answered(contact.nodeID, known: table.count, now: now)
        silentSeeds[contact.nodeID] = nil
        upkeep.candidates.remove(contact.nodeID)
        guard !isClient else { return table.remove(contact.nodeID) }  // DHT-5.2
        let wasAlone = table.count == 0
        let isNew = !table.contains(contact.nodeID)
        table.answered(
            Contact(
                nodeID: contact.nodeID, staticKey: contact.staticKey, endpoints: contact.endpoints, sequence: exchange.contact.sequence,
                signature: exchange.contact.signature),
            after: measured, now: now)
        if wasAlone { join(now: now) }
        if isNew, !publications.isEmpty { welcome(contact, now: now) }
    }

    /// Whether a reply is one to this question. A refusal and a reply to something else both count as none. DHT-4.4
    private func fits(_ reply: DHTAnswer.Reply, _ question: DHTRequest.Question) -> Bool {
        switch (question, reply) {
        case (.ping, .pong), (.find, .found), (.store, .stored), (.sync, .synced), (.unreachable, .noted), (.probe, .noted): true
        default: false
        }
    }

    private mutating func take(
        _ reply: DHTAnswer.Reply, of exchange: Exchanges.Exchange, from contact: Contact, via path: DHTPath, now: Instant
    ) {
        if case .ping(let ping) = exchange.purpose { outbox.append(.pinged(id: ping, .success(now - exchange.sentLast))) }
        switch (reply, exchange.purpose) {
        case (.pong(let pong), _): heard(pong, from: contact, now: now)
        case (.found(let found), .lookup(let number)): came(found, number, from: contact, via: path, now: now)
        case (.found(let found), .repair): repaired(found, from: contact, now: now)
        case (.found(let found), _): upkeep.offer(found.contacts, table, own.nodeID, now)
        case (.stored(let stored), .store(let service, let whole, _)):
            self.stored(stored, service: service, whole: whole, from: contact, now: now)
        case (.synced(let synced), .sync(let bucket)): self.synced(synced, bucket: bucket, from: contact, now: now)
        default: break
        }
    }
}

extension DHTAnswer {
    /// Whether it says that the node which gives it has no place in tables.
    func isOfClient(asked question: DHTRequest.Question) -> Bool {
        switch (reply, question) {
        case (.pong(let pong), _): pong.isClient
        case (.refused(.unsupported), .find), (.refused(.unsupported), .store): true
        default: false
        }
    }
}
