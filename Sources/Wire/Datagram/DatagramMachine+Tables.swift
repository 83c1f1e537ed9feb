extension DatagramMachine {
    /// Takes back the memory of an outbox that was sent.
    package mutating func reuse(_ sent: consuming DatagramOutbox) {
        guard outbox.isEmpty else { return }
        sent.removeAll()
        outbox = sent
    }

    /// What is due by `now`: initiations are repeated or given up, answers that did not come are done without, old sessions end.
    package mutating func tick(now: Instant, random: inout some RandomNumberGenerator) {
        if pendingWake <= now { tickPending(now: now) }
        while let arrival = arrivals.first, arrival.deadline <= now {
            finish(arrivals.removeFirst(), answer: nil, now: now, &random)
        }
        if jar.renewal <= now { jar.renew(secret: random.secret(), now: now) }
        if nextSweep <= now {
            sweep(now: now)
            nextSweep = now + Limits.sessionSweep
        }
    }

    private mutating func tickPending(now: Instant) {
        for index in pendingOrder {
            guard let pending = slots.pending(index) else { continue }
            if pending.end <= now {
                abandon(index, .noAnswer)
            } else if pending.retry <= now {
                pending.retry = pending.retry + Limits.initiationRetry * 3
                transmit(pending, now: now)
            }
        }
        pendingWake = pendingOrder.reduce(Instant(nanoseconds: .max)) { min($0, slots.pending($1)?.due ?? $0) }
    }

    private mutating func sweep(now: Instant) {
        for (index, entry) in slots.allSessions {
            let isOver = now - entry.born >= Limits.sessionLife || now - entry.lastHeard >= Limits.sessionIdle
            let isAbandoned = !entry.isConfirmed && now - entry.born >= Limits.initiationTimeout * 2
            if isOver || isAbandoned { release(index) }
            entry.held.removeAll { $0.until <= now }
        }
        unconfirmed.removeAll { slots.session($0)?.isConfirmed ?? true }
        destinations.sweep(now: now)
        networks.sweep(now: now)
        sources.sweep(now: now)
    }

    // MARK: Who replaces whom

    /// The session becomes the one that this node sends in; the one before is still received in (DGRAM-7.3).
    mutating func establish(_ index: UInt32, _ entry: SessionEntry, now: Instant) {
        let key = entry.peer.staticKey
        guard var known = peers[key], known.current != index else { return }
        known.lastHeard = now
        if known.next == index { known.next = nil }
        if hasRestarted(since: known.current, entry) {
            release(known.current)
            release(known.previous)
            known.previous = nil
        } else {
            release(known.previous)
            known.previous = known.current
        }
        known.current = index
        peers[key] = known
    }

    /// Whether the peer has begun this session in a later run than the one at `index`: nobody is left at the other end of that.
    private func hasRestarted(since index: UInt32?, _ entry: SessionEntry) -> Bool {
        guard let index, let before = slots.session(index)?.order, let order = entry.order else { return false }
        return before.bootEpoch < order.bootEpoch
    }

    /// Ends a session, wherever it stands.
    mutating func release(_ index: UInt32?) {
        guard let index, let entry = slots.session(index) else { return }
        if let response = entry.response { responses[response.mac1] = nil }
        peers[entry.peer.staticKey]?.forget(index)
        slots.release(index)
    }

    /// Notes who a node is and, for the side that answers, its greatest order (DGRAM-2.5).
    mutating func remember(_ certificate: Certificate, order: DatagramOrder?, now: Instant) -> DatagramPeer {
        let key = certificate.staticKey
        if peers[key] == nil, peers.count >= Limits.datagramPeers { forgetQuietPeers() }
        var entry = peers[key] ?? DatagramPeerEntry(lastHeard: now)
        let known = entry.peer.flatMap { $0.certificate == certificate ? $0 : nil }
        let peer = known ?? DatagramPeer(certificate)
        entry.peer = peer
        entry.order = order ?? entry.order
        entry.lastHeard = now
        peers[key] = entry
        return peer
    }

    /// Makes room for a sixteenth: of those without a session, the ones heard longest ago.
    private mutating func forgetQuietPeers() {
        let idle = peers.filter { $0.value.current == nil && $0.value.next == nil && $0.value.previous == nil }
        let oldest = idle.sorted { ($0.value.lastHeard, $0.key) < ($1.value.lastHeard, $1.key) }
        for (key, _) in oldest.prefix(Limits.datagramPeers / 16) { peers[key] = nil }
    }

    /// One more session is about to stand: at the limit the one that was heard least recently goes.
    mutating func makeRoom(now: Instant, _ random: inout some RandomNumberGenerator) {
        guard slots.sessions >= Limits.sessions else { return }
        release(oldestUnconfirmed() ?? slots.quietSession(before: now, &random))
    }

    /// The same for one that nobody has confirmed: it displaces others of its kind, or one that is long silent, or does not come to be.
    mutating func makeRoomForUnconfirmed(now: Instant, _ random: inout some RandomNumberGenerator) -> Bool {
        if unconfirmed.count >= Limits.unconfirmedSessions {
            unconfirmed.removeAll { slots.session($0)?.isConfirmed ?? true }
            if unconfirmed.count >= Limits.unconfirmedSessions { release(oldestUnconfirmed()) }
        }
        guard slots.sessions >= Limits.sessions else { return true }
        let quiet = Instant(nanoseconds: now.nanoseconds - min(now.nanoseconds, Limits.sessionSweep.wholeNanoseconds * 6))
        guard let victim = oldestUnconfirmed() ?? slots.quietSession(before: quiet, &random) else { return false }
        release(victim)
        return true
    }

    private mutating func oldestUnconfirmed() -> UInt32? {
        while let first = unconfirmed.first {
            unconfirmed.removeFirst()
            if slots.session(first)?.isConfirmed == false { return first }
        }
        return nil
    }
}
