extension DatagramMachine {
    /// How a request may travel.
    package enum Way: Sendable {
        /// In a session if there is one, otherwise inside an initiation.
        case any
        /// In a session only, which is begun first if there is none: for a request that changes something.
        case inSession
        /// Inside an initiation even if there is a session: what shows whether the address itself answers strangers.
        case handshake
    }

    /// Sends a request. `ticket` names it in events; a request that is sent again has the same one, and the same bytes. An answer that
    /// does not come is noticed for handshakes only (`events`): in a session the layer above has its own clock, and says by
    /// `isRepeated` that it waits in vain.
    package mutating func send(
        _ request: RawSpan, to target: DatagramTarget, ticket: UInt64, way: Way = .any, isRepeated: Bool = false, now: Instant,
        random: inout some RandomNumberGenerator
    ) {
        guard request.byteCount <= DatagramSession.room else { return fail(ticket, .tooBig) }
        guard let requestRoom, !isRevoked(target) else { return fail(ticket, .authentication) }
        if way != .handshake, let entry = usableSession(target, isRepeated: isRepeated, now: now) {
            return send(request, in: entry, ticket: ticket, now: now)
        }
        let path = DatagramPath(staticKey: target.staticKey, address: target.address)
        if let index = pendingByTarget[path] { return join(index, request, ticket: ticket, now: now) }
        guard mayInitiate(target.address, now: now) else { return withhold(ticket) }
        let goesInside = way != .inSession && request.byteCount <= requestRoom
        begin(target, (ticket, request.array), goesInside: goesInside, now: now, &random)
    }

    /// A request in the session with `target` as a datagram of its own, which is not in the outbox: for a socket that is used once. `nil`
    /// where no session stands.
    package mutating func apart(_ request: RawSpan, to target: DatagramTarget, now: Instant) -> [UInt8]? {
        guard let entry = usableSession(target, isRepeated: false, now: now) else { return nil }
        let waiting = outbox
        outbox = DatagramOutbox()
        defer { outbox = waiting }
        do throws(WireError) { try seal(request, in: entry, to: target.address) } catch { return nil }
        return outbox.copies.first?.bytes
    }

    /// Answers a request. An answer that is longer than what its source may get waits until the source has proven itself; one that
    /// does not fit message 2, or comes too late for it, is not sent: the initiator asks again in the session.
    package mutating func respond(
        to reply: DatagramReply, with answer: RawSpan, now: Instant, random: inout some RandomNumberGenerator
    ) {
        switch reply {
        case .handshake(let id):
            guard let position = arrivals.firstIndex(where: { $0.id == id }) else { return }
            let arrival = arrivals.remove(at: position)
            let fits = answer.byteCount <= answerRoom ?? 0
            finish(arrival, answer: fits ? answer.array : nil, now: now, &random)
        case .session(let index, let source):
            guard let entry = slots.session(index) else { return }
            respond(answer, in: entry, to: source, now: now)
        }
    }

    /// What the network says of an address: handshakes there end at once, and the layer above hears of it.
    package mutating func unreachable(_ address: DatagramAddress, _ cause: DatagramFailure) {
        for index in pendingOrder where slots.pending(index)?.target.address == address { abandon(index, cause) }
        events.append(.unreachable(address, cause))
    }

    // MARK: Sessions

    /// The session that a request to `target` goes in, never one that is not confirmed (DGRAM-7.6); `nil` where a handshake is due:
    /// there is none, it is old, or what was sent in it is being repeated for want of any sign of life (DGRAM-7.4).
    private mutating func usableSession(_ target: DatagramTarget, isRepeated: Bool, now: Instant) -> SessionEntry? {
        guard let index = peers[target.staticKey]?.current, let entry = slots.session(index) else { return nil }
        guard target.nodeID ?? entry.peer.nodeID == entry.peer.nodeID else { return nil }
        let age = now - entry.born
        guard age < (entry.isInitiator ? Limits.sessionRenewal : Limits.sessionLife) else { return nil }
        return isRepeated && entry.unansweredSince != nil ? nil : entry
    }

    private mutating func send(_ request: RawSpan, in entry: SessionEntry, ticket: UInt64, now: Instant) {
        if entry.unansweredSince == nil { entry.unansweredSince = now }
        do throws(WireError) { try seal(request, in: entry, to: entry.address) } catch { fail(ticket, .noAnswer) }
    }

    func respondRoom(_ entry: SessionEntry, _ source: DatagramAddress) -> Bool { entry.isConfirmed && entry.address == source }

    private mutating func respond(_ answer: RawSpan, in entry: SessionEntry, to source: DatagramAddress, now: Instant) {
        guard answer.byteCount <= DatagramSession.room else { return }
        if respondRoom(entry, source) || entry.candidate?.address == source && spend(answer.byteCount, entry) {
            try? seal(answer, in: entry, to: source)
        } else if entry.candidate?.address == source, entry.held.count < Limits.heldAnswers {
            entry.held.append((answer.array, now + Limits.heldAnswerLife))  // DGRAM-6.1
        }
    }

    private func spend(_ count: Int, _ entry: SessionEntry) -> Bool {
        entry.candidate?.spend(count + DatagramSession.overhead) ?? false
    }

    /// Throws `exhausted` at the end of the counters.
    mutating func seal(
        _ plaintext: RawSpan, as kind: DatagramHeader.Kind = .session, in entry: SessionEntry, to address: DatagramAddress
    ) throws(WireError) {
        try outbox.append(plaintext, to: address) { (datagram) throws(WireError) in try entry.session.seal(&datagram, as: kind) }
    }

    // MARK: Handshakes

    private func isRevoked(_ target: DatagramTarget) -> Bool { target.nodeID.map(revoked.contains) ?? false }

    /// A handshake with the target is under way: the request goes behind it, or is a reason to repeat it.
    private mutating func join(_ index: UInt32, _ request: RawSpan, ticket: UInt64, now: Instant) {
        guard let pending = slots.pending(index) else { return fail(ticket, .withheld) }
        if pending.first?.ticket == ticket || pending.queue.contains(where: { $0.ticket == ticket }) {
            return transmit(pending, now: now)
        }
        guard pending.queue.count < Limits.requestsPerInitiation else { return withhold(ticket) }
        pending.queue.append((ticket, request.array))
    }

    /// Whether one more initiation may go to `address`: what is not answered there is budgeted (DGRAM-2.7).
    private mutating func mayInitiate(_ address: DatagramAddress, now: Instant) -> Bool {
        guard pendingOrder.count < Limits.pendingInitiations else { return false }
        return takeBudget(address, now: now)
    }

    private mutating func takeBudget(_ address: DatagramAddress, now: Instant) -> Bool {
        guard destinations.take(address, now: now) else { return false }
        guard !address.isLoopback else { return true }
        if networks.take(address.network, now: now) { return true }
        destinations.give(address, 1)
        return false
    }

    private mutating func begin(
        _ target: DatagramTarget, _ request: (ticket: UInt64, plaintext: [UInt8]), goesInside: Bool, now: Instant,
        _ random: inout some RandomNumberGenerator
    ) {
        guard let index = slots.reserve(&random) else { return withhold(request.ticket) }
        let order = DatagramOrder(bootEpoch: bootEpoch, counter: nextOrder)
        nextOrder += 1  // DGRAM-2.6
        do throws(WireError) {
            let initiator = try DatagramInitiator(
                credentials: credentials, responder: target.staticKey, index: index, order: order, ephemeral: random.secret(),
                request: goesInside ? request.plaintext : nil)
            let pending = PendingInitiation(initiator, target: target, now: now, first: goesInside ? request : nil)
            if !goesInside { pending.queue.append(request) }
            slots.set(index, .pending(pending))
            pendingOrder.append(index)
            pendingByTarget[pending.path] = index
            pending.sent = 1
            emit(pending, now: now)
        } catch {
            slots.release(index)
            fail(request.ticket, .authentication)
        }
    }

    /// Sends an initiation again, if it was not sent a moment ago and the budget allows it.
    mutating func transmit(_ pending: PendingInitiation, now: Instant) {
        guard now - pending.lastSent >= Limits.initiationGap, takeBudget(pending.target.address, now: now) else { return }
        pending.sent += 1
        outbox.unanswered.append(pending.target.address)
        emit(pending, now: now)
    }

    private mutating func emit(_ pending: PendingInitiation, now: Instant) {
        pending.lastSent = now
        outbox.append(pending.initiator.initiation, to: pending.target.address)
        statistics.initiationsSent += 1
        pendingWake = min(pendingWake, pending.due)
    }

    /// Ends a handshake that leads nowhere.
    mutating func abandon(_ index: UInt32, _ cause: DatagramFailure) {
        guard let pending = forgetPending(index) else { return }
        slots.release(index)
        if let first = pending.first { fail(first.ticket, cause) }
        for request in pending.queue { fail(request.ticket, cause) }
    }

    /// Takes a handshake out of the tables; its index stays taken.
    mutating func forgetPending(_ index: UInt32) -> PendingInitiation? {
        guard let pending = slots.pending(index) else { return nil }
        pendingByTarget[pending.path] = nil
        if let position = pendingOrder.firstIndex(of: index) { pendingOrder.remove(at: position) }
        return pending
    }

    private mutating func fail(_ ticket: UInt64, _ cause: DatagramFailure) { events.append(.failed(ticket, cause)) }

    private mutating func withhold(_ ticket: UInt64) {
        statistics.withheld += 1
        fail(ticket, .withheld)
    }
}

extension RandomNumberGenerator {
    /// Thirty-two secret bytes. The generator of a shell is the system's (SEC-4.3).
    mutating func secret() -> SecretBytes {
        SecretBytes(count: 32) { place in
            for offset in stride(from: 0, to: 32, by: 8) { place.storeBytes(of: next(), toByteOffset: offset, as: UInt64.self) }
        }
    }
}
