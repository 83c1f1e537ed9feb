extension DatagramMachine {
    /// Takes a datagram. A message in it is for the layer above; one of a session stands in `datagram` itself, which is open now.
    package mutating func receive(
        _ datagram: inout MutableRawSpan, from source: DatagramAddress, at time: DatagramTime, random: inout some RandomNumberGenerator
    ) -> DatagramOutcome {
        statistics.received += 1
        do throws(WireError) {
            let header = try DatagramHeader(decoding: datagram.bytes)
            switch header.kind {
            case .session, .challenge, .echo: return try receiveSession(&datagram, header.receiver, source, time.now, &random)
            case .initiation: return try receiveInitiation(datagram.bytes.array, source, time, &random)
            case .response: return try receiveResponse(datagram.bytes.array, header.receiver, source, time, &random)
            case .cookie: return try receiveCookie(datagram.bytes.array, header.receiver, now: time.now)
            }
        } catch {
            statistics.dropped += 1
            return .dropped(error)
        }
    }

    // MARK: Sessions

    private mutating func receiveSession(
        _ datagram: inout MutableRawSpan, _ index: UInt32, _ source: DatagramAddress, _ now: Instant,
        _ random: inout some RandomNumberGenerator
    ) throws(WireError) -> DatagramOutcome {
        guard let entry = slots.session(index) else { throw .badValue(DatagramHeader.Kind.session.number) }  // DGRAM-4.2
        guard now - entry.born < Limits.sessionLife else { throw .exhausted }  // DGRAM-7.5
        let (kind, plaintext) = try entry.session.open(&datagram)
        heard(entry, index, source, datagram.byteCount, now, &random)
        // The echo that is owed goes before a challenge of this side: what came from there may not do for both (DGRAM-6.2).
        defer { challenge(entry, source, now: now) }
        switch kind {
        case .challenge: try receiveChallenge(datagram.bytes.extracting(plaintext), entry, source)
        case .echo: try receiveEcho(datagram.bytes.extracting(plaintext), entry, source, now)
        default:
            let isProven = entry.isConfirmed && source == entry.address
            return .message(
                DatagramMessage(
                    peer: entry.peer, source: source, isInSession: true, isProven: isProven, ticket: nil, body: .inPlace(plaintext),
                    reply: .session(index, source)))
        }
        return .handled
    }

    /// A datagram has opened: the peer lives, has the keys, and may be somewhere else than it was.
    private mutating func heard(
        _ entry: SessionEntry, _ index: UInt32, _ source: DatagramAddress, _ count: Int, _ now: Instant,
        _ random: inout some RandomNumberGenerator
    ) {
        entry.lastHeard = now
        entry.unansweredSince = nil
        if !entry.isConfirmed { confirm(entry, index, now: now) }
        guard source != entry.address else { return }
        if entry.candidate?.address == source {
            entry.candidate?.received += count
        } else if entry.candidate.map({ now - $0.since >= Limits.challengeGap }) ?? true {
            entry.candidate = AddressCandidate(address: source, challenge: random.next(), received: count, since: now)
            entry.held = []
        }
    }

    /// Asks the new address to show that it receives there, within what it may get (DGRAM-6.1, DGRAM-6.2).
    private mutating func challenge(_ entry: SessionEntry, _ source: DatagramAddress, now: Instant) {
        guard let candidate = entry.candidate, candidate.address == source else { return }
        guard candidate.lastChallenge.map({ now - $0 >= Limits.challengeGap }) ?? true else { return }
        guard entry.candidate?.spend(AddressCandidate.datagram) == true else { return }
        entry.candidate?.lastChallenge = now
        statistics.challengesSent += 1
        var text: [UInt8] = []
        text.appendInteger(candidate.challenge)
        try? seal(text.span.bytes, as: .challenge, in: entry, to: source)
    }

    private mutating func receiveChallenge(_ text: RawSpan, _ entry: SessionEntry, _ source: DatagramAddress) throws(WireError) {
        guard text.byteCount == 8 else { throw .badLength(DatagramHeader.Kind.challenge.number) }  // DGRAM-6.4
        if entry.candidate?.address == source, entry.candidate?.spend(AddressCandidate.datagram) != true { return }  // DGRAM-6.1
        let copy = text.array
        try seal(copy.span.bytes, as: .echo, in: entry, to: source)  // DGRAM-6.3
    }

    private mutating func receiveEcho(_ text: RawSpan, _ entry: SessionEntry, _ source: DatagramAddress, _ now: Instant) throws(WireError) {
        guard text.byteCount != 0 else { return }
        let echoed = try text.integer(UInt64.self, at: 0)
        guard text.byteCount == 8 else { throw .badLength(DatagramHeader.Kind.echo.number) }  // DGRAM-6.4
        guard let candidate = entry.candidate, candidate.address == source, candidate.challenge == echoed else { return }
        entry.address = source  // DGRAM-6.5
        entry.candidate = nil
        events.append(.proven(entry.peer.nodeID, source))
        let held = entry.held
        entry.held = []
        for answer in held where answer.until > now { try seal(answer.plaintext.span.bytes, in: entry, to: source) }
    }

    /// The initiator has the response, so the session takes the place of the one before (DGRAM-7.2). The address that the response
    /// went to is proven, wherever this datagram came from.
    private mutating func confirm(_ entry: SessionEntry, _ index: UInt32, now: Instant) {
        entry.isConfirmed = true
        if let response = entry.response { responses[response.mac1] = nil }
        entry.response = nil
        establish(index, entry, now: now)
        events.append(.proven(entry.peer.nodeID, entry.address))
    }

    // MARK: Initiations

    private mutating func receiveInitiation(
        _ datagram: [UInt8], _ source: DatagramAddress, _ time: DatagramTime, _ random: inout some RandomNumberGenerator
    ) throws(WireError) -> DatagramOutcome {
        let mac1 = try DatagramResponder.filter(datagram, meshID: credentials.meshID)
        if let index = responses[mac1], let response = slots.session(index)?.response {
            statistics.responsesRepeated += 1
            outbox.append(response.datagram, to: source)  // DGRAM-3.6
            return .handled
        }
        guard !arrivals.contains(where: { $0.mac1 == mac1 }) else { return .handled }
        guard credentials.certificate != nil else { throw .certificate(.permissionDenied) }
        guard try isAdmitted(datagram, source, time.now, &random) else { return .handled }
        let responder = try DatagramResponder(
            datagram, credentials: credentials, now: time.wall, ephemeral: random.secret(),
            isVerified: { peers[$0.staticKey]?.peer?.certificate == $0 }, last: { peers[$0]?.order })
        let hello = responder.hello
        guard !revoked.contains(hello.certificate.nodeID) else { throw .certificate(.revoked) }  // DGRAM-2.9
        let peer = remember(hello.certificate, order: hello.order, now: time.now)
        return arrive(responder, mac1: mac1, source, peer, time.now, &random)
    }

    private mutating func arrive(
        _ responder: consuming DatagramResponder, mac1: UInt128, _ source: DatagramAddress, _ peer: DatagramPeer, _ now: Instant,
        _ random: inout some RandomNumberGenerator
    ) -> DatagramOutcome {
        let request = responder.hello.request
        nextArrival += 1
        let arrival = DatagramArrival(
            responder, id: nextArrival, mac1: mac1, source: source, peer: peer, deadline: now + Limits.answerPatience)
        guard let request else {
            finish(arrival, answer: nil, now: now, &random)
            return .handled
        }
        if arrivals.count >= Limits.awaitedAnswers { finish(arrivals.removeFirst(), answer: nil, now: now, &random) }
        arrivals.append(arrival)
        return .message(
            DatagramMessage(
                peer: peer, source: source, isInSession: false, isProven: false, ticket: nil, body: .apart(request),
                reply: .handshake(arrival.id)))
    }

    /// Whether an initiation is worth curve operations now. Under load it must carry a cookie, and its network is budgeted (DGRAM-5.3).
    private mutating func isAdmitted(
        _ datagram: [UInt8], _ source: DatagramAddress, _ now: Instant, _ random: inout some RandomNumberGenerator
    ) throws(WireError) -> Bool {
        if load.take(now: now) { return true }
        if jar.admits(datagram, from: source) {
            guard sources.take(source.network, now: now) else { throw .flood }
            return true
        }
        var salt: [UInt8] = []
        salt.appendInteger(random.next())
        salt.appendInteger(random.next())
        let cookie = try DatagramCookie.seal(
            jar.cookie(for: source), for: datagram, salt: salt, responder: credentials.staticKey.publicKey)
        outbox.append(cookie, to: source)
        statistics.cookiesSent += 1
        return false
    }

    /// Sends message 2. The session is there, but takes no other's place until the initiator has used it.
    mutating func finish(_ arrival: DatagramArrival, answer: [UInt8]?, now: Instant, _ random: inout some RandomNumberGenerator) {
        guard makeRoomForUnconfirmed(now: now, &random), let index = slots.reserve(&random) else { return }
        do throws(WireError) {
            let response = try arrival.finish(index: index, answer: answer)
            let session = try DatagramSession(
                index: index, peerIndex: response.keys.peerIndex, sendKey: response.keys.responderKey,
                receiveKey: response.keys.initiatorKey)
            let entry = SessionEntry(session, peer: arrival.peer, order: arrival.order, address: arrival.source, now: now)
            entry.response = (arrival.mac1, response.datagram)
            slots.set(index, .session(entry))
            responses[arrival.mac1] = index
            unconfirmed.append(index)
            release(peers[arrival.peer.staticKey]?.next)
            peers[arrival.peer.staticKey]?.next = index
            outbox.append(response.datagram, to: arrival.source)
            statistics.initiationsAnswered += 1
        } catch {
            slots.release(index)
        }
    }

    // MARK: Responses

    private mutating func receiveResponse(
        _ datagram: [UInt8], _ index: UInt32, _ source: DatagramAddress, _ time: DatagramTime,
        _ random: inout some RandomNumberGenerator
    ) throws(WireError) -> DatagramOutcome {
        guard let pending = slots.pending(index) else { throw .badValue(DatagramHeader.Kind.response.number) }  // DGRAM-3.4
        let answer = try pending.initiator.receive(datagram)
        let certificate = answer.welcome.certificate
        let target = pending.target
        refund(pending)
        do throws(WireError) {
            let isVerified = peers[target.staticKey]?.peer?.certificate == certificate
            try certificate.check(credentials: credentials, staticKey: target.staticKey, now: time.wall, isVerified: isVerified)
            guard target.nodeID ?? certificate.nodeID == certificate.nodeID else { throw .certificate(.wrongPeer) }  // DGRAM-3.7
            guard !revoked.contains(certificate.nodeID) else { throw .certificate(.revoked) }
        } catch {
            abandon(index, .authentication)
            throw error
        }
        let peer = remember(certificate, order: nil, now: time.now)
        let session = try DatagramSession(
            index: index, peerIndex: answer.keys.peerIndex, sendKey: answer.keys.initiatorKey, receiveKey: answer.keys.responderKey)
        let text = answer.welcome.answer
        let entry = SessionEntry(session, peer: peer, order: nil, address: target.address, now: time.now)
        makeRoom(now: time.now, &random)
        _ = forgetPending(index)
        slots.set(index, .session(entry))
        establish(index, entry, now: time.now)  // DGRAM-7.1
        events.append(.proven(peer.nodeID, target.address))
        return follow(pending, entry, index, source, text)
    }

    /// Sends what has waited for the session, or a sign of life if nothing has: it confirms the session at the other end (DGRAM-3.8).
    private mutating func follow(
        _ pending: PendingInitiation, _ entry: SessionEntry, _ index: UInt32, _ source: DatagramAddress, _ answer: [UInt8]?
    ) -> DatagramOutcome {
        var waiting = pending.queue
        if let first = pending.first, answer == nil { waiting.insert(first, at: 0) }
        for request in waiting { try? seal(request.plaintext.span.bytes, in: entry, to: entry.address) }
        if waiting.isEmpty { try? seal(RawSpan(), as: .echo, in: entry, to: entry.address) }
        guard let answer, let first = pending.first else { return .handled }
        return .message(
            DatagramMessage(
                peer: entry.peer, source: source, isInSession: false, isProven: source == entry.address, ticket: first.ticket,
                body: .apart(answer), reply: .session(index, source)))
    }

    private mutating func receiveCookie(_ datagram: [UInt8], _ index: UInt32, now: Instant) throws(WireError) -> DatagramOutcome {
        guard let pending = slots.pending(index) else { throw .badValue(DatagramHeader.Kind.cookie.number) }  // DGRAM-5.4
        try pending.initiator.receiveCookie(datagram)
        transmit(pending, now: now)  // DGRAM-5.6
        return .handled
    }

    private mutating func refund(_ pending: PendingInitiation) {
        destinations.give(pending.target.address, pending.sent)
        if !pending.target.address.isLoopback { networks.give(pending.target.address.network, pending.sent) }
        pending.sent = 0
    }
}
