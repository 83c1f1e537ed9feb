/// Carries the requests and answers of the layer above in datagrams, between nodes that prove who they are: without sockets, clock or
/// randomness of its own.
///
/// A request to a stranger leaves inside the first datagram of a handshake, and its answer comes inside the second; what follows
/// travels in the session that they leave behind. A shell gives it what arrives and when, and after each call sends what stands in
/// `outbox` and reads `events`. Every table has a limit in `Limits`. Nothing that is not authenticated changes what is.
package struct DatagramMachine: ~Copyable {
    /// Keys and certificate; a renewed certificate is put here. Without one nothing is sent or answered.
    package var credentials: NodeCredentials
    /// What is to be sent, in order. The shell empties it after each call.
    package var outbox = DatagramOutbox()
    /// What the layer above must hear of apart from messages. The shell empties it after each call.
    package var events: [DatagramEvent] = []
    package internal(set) var statistics = DatagramStatistics()

    var peers: [StaticKey: DatagramPeerEntry] = [:]
    var slots = DatagramSlots()
    /// Handshakes that this node has begun, the oldest first, and by whom and where they go.
    var pendingOrder: [UInt32] = []
    var pendingByTarget: [DatagramPath: UInt32] = [:]
    /// Not later than the first of them has something to do.
    var pendingWake = Instant(nanoseconds: .max)
    /// Initiations that the layer above has not answered yet, the oldest first, by their mac1.
    var arrivals: [DatagramArrival] = []
    /// Sessions whose response may have to be sent again, by the mac1 of the initiation.
    var responses: [UInt128: UInt32] = [:]
    /// Sessions that were unconfirmed when they were put here, the oldest first.
    var unconfirmed: [UInt32] = []
    var revoked: Set<NodeID> = []

    var bootEpoch: UInt64
    var nextOrder: UInt64 = 0
    var nextArrival: UInt64 = 0
    var jar: CookieJar
    var load: LeakyBucket
    var sources: BudgetTable<UInt64>
    var destinations: BudgetTable<DatagramAddress>
    var networks: BudgetTable<UInt64>
    var nextSweep: Instant

    /// `bootEpoch` is that of this run of the node, `cookieSecret` 32 random bytes. Without cookies it answers `burst` initiations at
    /// once and `rate` in a second.
    package init(
        credentials: NodeCredentials, bootEpoch: UInt64, cookieSecret: SecretBytes, now: Instant,
        rate: UInt32 = Limits.initiationRate, burst: UInt32 = Limits.initiationBurst
    ) {
        self.credentials = credentials
        self.bootEpoch = bootEpoch
        jar = CookieJar(secret: cookieSecret, now: now)
        load = LeakyBucket(rate: Double(rate), burst: Double(burst), now: now)
        sources = BudgetTable(rate: Double(Limits.initiationRatePerNetwork), burst: Double(Limits.initiationBurstPerNetwork))
        destinations = BudgetTable(refill: Limits.initiationRefill, burst: Limits.initiationsPerAddress)
        networks = BudgetTable(refill: Limits.networkRefill, burst: Limits.initiationsPerNetwork)
        nextSweep = now + Limits.sessionSweep
    }

    /// Bytes that a request to a stranger may have; `nil` without a certificate, or with one that does not fit a datagram.
    package var requestRoom: Int? { credentials.certificate.flatMap(DatagramHello.room(beside:)) }
    /// Bytes that an answer to a stranger may have.
    package var answerRoom: Int? { credentials.certificate.flatMap(DatagramWelcome.room(beside:)) }

    /// When `tick` is due next.
    package var nextDeadline: Instant {
        min(pendingWake, arrivals.first?.deadline ?? nextSweep, nextSweep, jar.renewal)
    }

    /// How many sessions stand.
    package var sessionCount: Int { slots.sessions }
    /// How many handshakes this node has begun and not finished.
    package var pendingCount: Int { pendingOrder.count }

    /// Whether a request to the node with `key` would travel in a session.
    package func hasSession(with key: StaticKey) -> Bool { peers[key]?.current != nil }

    /// The certificate of a node that has spoken with this one, while it is remembered.
    package func certificate(of key: StaticKey) -> Certificate? { peers[key]?.peer?.certificate }

    /// Ends the sessions of `nodes` and takes nothing from them any more (ID-8.9).
    package mutating func revoke(_ nodes: some Sequence<NodeID>) {
        revoked.formUnion(nodes)
        for (key, entry) in peers {
            guard let node = entry.peer?.nodeID, revoked.contains(node) else { continue }
            for index in [entry.current, entry.previous, entry.next] { release(index) }
            peers[key]?.forgetSessions()
        }
    }
}

/// What a shell tells a machine with every call: the monotonic clock, and the wall clock for the expiry of certificates.
package struct DatagramTime: Sendable {
    package var now: Instant
    package var wall: UnixTime

    package init(now: Instant, wall: UnixTime) {
        self.now = now
        self.wall = wall
    }
}

/// What came of a datagram.
package enum DatagramOutcome: Sendable {
    /// Something for the layer above.
    case message(DatagramMessage)
    /// It belonged to the machine itself.
    case handled
    /// It is as if it had never come; the fault is for logs.
    case dropped(WireError)
}

/// A node that has proven itself: its certificate was checked, and its handshake shows that it holds the key.
package final class DatagramPeer: Sendable {
    package let certificate: Certificate

    package var staticKey: StaticKey { certificate.staticKey }
    package var nodeID: NodeID { certificate.nodeID }

    init(_ certificate: Certificate) { self.certificate = certificate }
}

/// Something that an authenticated node says.
package struct DatagramMessage: Sendable {
    package let peer: DatagramPeer
    /// Where it came from.
    package let source: DatagramAddress
    /// Whether it came in a session, and is therefore no replay. A request outside one may be: it must not change anything (DGRAM-2.8).
    package let isInSession: Bool
    /// Whether the peer has shown that it receives at `source`.
    package let isProven: Bool
    /// For which request it is the answer, where it is the answer of a handshake. In a session the layer above pairs them itself.
    package let ticket: UInt64?
    package let body: Body
    /// How to answer it.
    package let reply: DatagramReply

    /// Where its bytes are.
    package enum Body: Sendable {
        /// In the datagram that was given, which is now open.
        case inPlace(Range<Int>)
        case apart([UInt8])
    }
}

/// What an answer belongs to.
package enum DatagramReply: Hashable, Sendable {
    /// It goes into message 2 of a handshake.
    case handshake(UInt64)
    /// It goes back to an address, in the session with this index.
    case session(UInt32, DatagramAddress)
}

/// Something that happened apart from messages.
package enum DatagramEvent: Hashable, Sendable {
    /// The request with this ticket will not be answered.
    case failed(UInt64, DatagramFailure)
    /// This node has answered us from this address: an authenticated round trip.
    case proven(NodeID, DatagramAddress)
    /// The network refuses what goes to an address, sessions included.
    case unreachable(DatagramAddress, DatagramFailure)
}

/// Why a request failed.
package enum DatagramFailure: Hashable, Sendable {
    /// Silence.
    case noAnswer
    /// The host says that nobody listens there.
    case refused
    /// The network says that there is no way.
    case noRoute
    /// Who answers is not who was meant, or no member.
    case authentication
    /// The request, or every datagram, is longer than what passes.
    case tooBig
    /// A limit or budget of this node: nothing was sent.
    case withheld
}

/// Where a request goes.
package struct DatagramTarget: Hashable, Sendable {
    package var staticKey: StaticKey
    /// Whose certificate must answer; `nil` for whoever holds the key.
    package var nodeID: NodeID?
    package var address: DatagramAddress

    package init(staticKey: StaticKey, nodeID: NodeID?, address: DatagramAddress) {
        self.staticKey = staticKey
        self.nodeID = nodeID
        self.address = address
    }
}

/// Counts since the start.
package struct DatagramStatistics: Hashable, Sendable {
    package var received = 0
    package var dropped = 0
    package var initiationsSent = 0
    package var initiationsAnswered = 0
    package var responsesRepeated = 0
    package var cookiesSent = 0
    package var challengesSent = 0
    package var withheld = 0
}
