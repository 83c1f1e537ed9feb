package import Wire

/// Whether datagrams work, judged by authenticated answers to this node's own requests and by nothing else.
package struct Health: Sendable {
    /// How it stands.
    package enum State: Hashable, Sendable {
        case ok
        /// Some requests in a row had no answer; it is being looked into.
        case degraded(DHTFailure)
        /// Nobody answers: requests go over TCP alone until somebody does.
        case down(DHTFailure)
    }

    package private(set) var state = State.down(.noPeers)
    /// Timeouts since the last answer, and the peers that they were of.
    private var silent = 0
    private var silentPeers: [UInt64] = []
    private var silentSince = Instant(nanoseconds: 0)
    /// Answers since datagrams were found not to work, and the peers that gave them.
    private var answers = 0
    private var answering: [UInt64] = []
    /// What a shell told of the last failure.
    private var cause: DHTFailure?
    private var interval = Limits.probeFirst
    private var calmUntil = Instant(nanoseconds: 0)
    /// When to probe next; nothing while all is well.
    package private(set) var probe: Instant?

    /// Timeouts in a row that make a doubt, and those that make a verdict, with the time that they must span.
    private static let doubt = 3
    /// The same for a while after a doubt that was none: on a way that loses much, doubts would follow each other.
    private static let doubtSoon = 10
    private static let calm: Duration = .seconds(20)
    private static let verdict = 14
    private static let verdictSpan: Duration = .milliseconds(700)
    /// Answers, and peers that gave them, that lift the verdict. DHT-7.2
    private static let answersNeeded = 3
    private static let peersNeeded = 2

    package init() {}

    package var isDown: Bool {
        if case .down = state { return true }
        return false
    }

    package var isOK: Bool { state == .ok }

    /// An answer over datagrams. `known` peers there are to ask: where there is one, one is enough.
    mutating func answered(_ peer: NodeID, known: Int, now: Instant) {
        silent = 0
        silentPeers = []
        cause = nil
        switch state {
        case .ok: return
        case .degraded: recover(now: now)
        case .down(.noPeers): recover(now: now)
        case .down:
            answers += 1
            if !answering.contains(peer.prefix) { answering.append(peer.prefix) }
            interval = Limits.probeFirst
            if answers >= Self.answersNeeded, answering.count >= min(Self.peersNeeded, known) { recover(now: now) }
        }
    }

    private mutating func recover(now: Instant) {
        state = .ok
        calmUntil = now + Self.calm
        answers = 0
        answering = []
        interval = Limits.probeFirst
        probe = nil
    }

    /// A request over datagrams had no answer in its time, or failed as the shell says.
    mutating func failed(_ peer: NodeID, _ failure: DHTFailure, known: Int, now: Instant) {
        if silent == 0 { silentSince = now }
        silent += 1
        if failure != .noAnswer { cause = failure }
        if silentPeers.count < Self.verdict, !silentPeers.contains(peer.prefix) { silentPeers.append(peer.prefix) }
        let peers = silentPeers.count
        switch state {
        case .ok:
            guard silent >= (now < calmUntil ? Self.doubtSoon : Self.doubt), peers >= min(2, known) else { return }
            state = .degraded(cause ?? .noAnswer)
            probe = now
        case .degraded:
            state = .degraded(cause ?? .noAnswer)
            guard silent >= Self.verdict, peers >= min(3, known), now - silentSince >= Self.verdictSpan else { return }
            state = .down(cause ?? .noAnswer)
            answers = 0
            answering = []
            interval = Limits.probeFirst
            probe = now + interval
        case .down: state = .down(cause ?? .noAnswer)
        }
    }

    /// There is nobody to ask: an error, and not the absence of one.
    mutating func hasNobody(now: Instant) {
        guard !isDown else { return }
        state = .down(.noPeers)
        interval = Limits.probeFirst
        probe = now + interval
    }

    /// The network may have changed: what was found out counts no more, and is found out again at once.
    mutating func networkChanged(now: Instant) {
        interval = Limits.probeFirst
        probe = now
    }

    /// The node has begun: it probes until it knows.
    mutating func begin(now: Instant) { probe = probe ?? now }

    /// Whether it is time to probe; sets when it is next. Probing never stops while datagrams do not work. DHT-7.1
    mutating func shouldProbe(now: Instant) -> Bool {
        guard let at = probe, at <= now else { return false }
        switch state {
        case .ok: probe = nil
        case .degraded: probe = now + .milliseconds(250)
        case .down:
            probe = now + interval
            // While answers come in, soon again: the verdict needs several.
            if answers == 0 { interval = min(interval + interval, Limits.probeLast) }
        }
        return true
    }
}
