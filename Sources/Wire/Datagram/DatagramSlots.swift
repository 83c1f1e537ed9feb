/// A handshake or session, found by the index that this node has given it: a place in the low half, a drawn number in the high
/// half, so that a datagram for what stood there before finds nothing.
struct DatagramSlots {
    enum Content {
        case free
        case pending(PendingInitiation)
        case session(SessionEntry)
    }

    private var places: [(index: UInt32, content: Content)] = []
    private var free: [Int] = []
    /// How many of them are sessions.
    private(set) var sessions = 0

    private static let placeBits: UInt32 = 16
    /// More than the tables together may hold.
    private static let most = 1 << 15

    subscript(index: UInt32) -> Content {
        let place = Int(index & 0xFFFF)
        guard place < places.count, places[place].index == index else { return .free }
        return places[place].content
    }

    func session(_ index: UInt32) -> SessionEntry? {
        if case .session(let entry) = self[index] { return entry }
        return nil
    }

    func pending(_ index: UInt32) -> PendingInitiation? {
        if case .pending(let entry) = self[index] { return entry }
        return nil
    }

    /// An index that nothing has (DGRAM-3.2); `nil` where all places are taken. `set` fills it.
    mutating func reserve(_ random: inout some RandomNumberGenerator) -> UInt32? {
        let place: Int
        if let last = free.popLast() {
            place = last
        } else {
            guard places.count < Self.most else { return nil }
            place = places.count
            places.append((0, .free))
        }
        let drawn = UInt32(truncatingIfNeeded: random.next()) << Self.placeBits
        let index = drawn | UInt32(truncatingIfNeeded: place)
        places[place].index = index
        return index
    }

    /// Puts something at an index that was reserved, in place of what is there.
    mutating func set(_ index: UInt32, _ content: Content) {
        let place = Int(index & 0xFFFF)
        guard place < places.count, places[place].index == index else { return }
        if case .session = places[place].content { sessions -= 1 }
        if case .session = content { sessions += 1 }
        places[place].content = content
    }

    /// Empties a place for the next one.
    mutating func release(_ index: UInt32) {
        let place = Int(index & 0xFFFF)
        guard place < places.count, places[place].index == index else { return }
        if case .session = places[place].content { sessions -= 1 }
        places[place] = (index ^ 0xFFFF_0000, .free)
        free.append(place)
    }

    /// All sessions, in the order of their places.
    var allSessions: [(index: UInt32, entry: SessionEntry)] {
        places.compactMap { place in
            if case .session(let entry) = place.content { return (place.index, entry) }
            return nil
        }
    }

    /// Of some places that are drawn, the session that was heard least recently, unless it was heard after `limit`.
    func quietSession(before limit: Instant, _ random: inout some RandomNumberGenerator) -> UInt32? {
        var oldest: (index: UInt32, heard: Instant)?
        for _ in 0..<16 where !places.isEmpty {
            let place = places[Int(random.next(upperBound: UInt64(places.count)))]
            guard case .session(let entry) = place.content, entry.lastHeard < oldest?.heard ?? limit else { continue }
            oldest = (place.index, entry.lastHeard)
        }
        return oldest?.index
    }
}

/// Whom a handshake is for, and where it goes.
struct DatagramPath: Hashable {
    var staticKey: StaticKey
    var address: DatagramAddress
}

/// A handshake that this node has begun, and the requests that wait for it.
final class PendingInitiation {
    var initiator: DatagramInitiator
    let target: DatagramTarget
    let began: Instant
    var lastSent: Instant
    /// When it is sent again, if nobody asks for that sooner.
    var retry: Instant
    /// How often it was sent: what is given back to the budget of its destination by an answer.
    var sent = 0
    /// The request inside message 1.
    let first: (ticket: UInt64, plaintext: [UInt8])?
    /// What follows in the session.
    var queue: [(ticket: UInt64, plaintext: [UInt8])] = []

    init(
        _ initiator: consuming DatagramInitiator, target: DatagramTarget, now: Instant, first: (ticket: UInt64, plaintext: [UInt8])?
    ) {
        self.initiator = initiator
        self.target = target
        self.first = first
        began = now
        lastSent = now
        retry = now + Limits.initiationRetry
    }

    var path: DatagramPath { DatagramPath(staticKey: target.staticKey, address: target.address) }
    var end: Instant { began + Limits.initiationTimeout }
    /// When it has something to do.
    var due: Instant { min(retry, end) }
}

/// An initiation that was read and waits for the answer of the layer above.
final class DatagramArrival {
    let id: UInt64
    let mac1: UInt128
    let source: DatagramAddress
    let deadline: Instant
    let peer: DatagramPeer
    let order: DatagramOrder
    private var responder: DatagramResponder?

    init(
        _ responder: consuming DatagramResponder, id: UInt64, mac1: UInt128, source: DatagramAddress, peer: DatagramPeer, deadline: Instant
    ) {
        order = responder.hello.order
        self.responder = .some(responder)
        self.id = id
        self.mac1 = mac1
        self.source = source
        self.peer = peer
        self.deadline = deadline
    }

    /// Message 2 and the keys; once only.
    func finish(index: UInt32, answer: [UInt8]?) throws(WireError) -> DatagramResponder.Response {
        guard let responder = exchange(&responder, with: nil) else { throw .exhausted }
        return try responder.finish(index: index, answer: answer)
    }
}

/// A session and what is known of the other end of it.
final class SessionEntry {
    var session: DatagramSession
    let peer: DatagramPeer
    let isInitiator: Bool
    /// The handshake that the peer began it with; `nil` if this node did.
    let order: DatagramOrder?
    let born: Instant
    var lastHeard: Instant
    /// Since when a request waits for any sign of life.
    var unansweredSince: Instant?
    /// Where the peer is: it has shown that it receives there, once the session is confirmed.
    var address: DatagramAddress
    /// Whether the peer has shown that it has the keys: an initiator's session is so from the beginning.
    var isConfirmed: Bool
    /// What was answered to the initiation, until the session is confirmed.
    var response: (mac1: UInt128, datagram: [UInt8])?
    var candidate: AddressCandidate?
    /// Answers that wait until the candidate has proven itself.
    var held: [(plaintext: [UInt8], until: Instant)] = []

    init(
        _ session: consuming DatagramSession, peer: DatagramPeer, order: DatagramOrder?, address: DatagramAddress, now: Instant
    ) {
        self.session = session
        self.peer = peer
        self.order = order
        self.address = address
        isInitiator = order == nil
        isConfirmed = order == nil
        born = now
        lastHeard = now
    }
}

/// A new address of a session's peer, until it has echoed a challenge.
struct AddressCandidate {
    let address: DatagramAddress
    let challenge: UInt64
    /// Bytes that came from there, and that were sent there: never more.
    var received: Int
    var sent = 0
    var lastChallenge: Instant?
    let since: Instant

    init(address: DatagramAddress, challenge: UInt64, received: Int, since: Instant) {
        self.address = address
        self.challenge = challenge
        self.received = received
        self.since = since
    }

    /// Bytes of the datagram that carries a challenge.
    static let datagram = DatagramSession.overhead + 8

    /// Whether `count` more bytes may go there; counts them.
    mutating func spend(_ count: Int) -> Bool {
        guard sent + count <= received else { return false }  // DGRAM-6.1
        sent += count
        return true
    }
}

/// What is remembered of a node, by its static key.
struct DatagramPeerEntry {
    var peer: DatagramPeer?
    /// The greatest order of an initiation of its.
    var order: DatagramOrder?
    /// The session that this node sends in, the one before it, and one that its initiator has not confirmed.
    var current, previous, next: UInt32?
    var lastHeard: Instant

    mutating func forgetSessions() { (current, previous, next) = (nil, nil, nil) }

    /// Forgets the session with this index, whichever it is.
    mutating func forget(_ index: UInt32) {
        if current == index { current = nil }
        if previous == index { previous = nil }
        if next == index { next = nil }
    }
}
