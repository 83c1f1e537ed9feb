/// One authenticated link, without I/O: records in, events out; calls in, records out.
///
/// The shell opens each record it receives with `open`, takes the events of that record with `nextEvent` until there is
/// none, and after each turn writes what `flush` gives. It never calls a clock: every method that needs the time takes it.
/// A thrown `WireError` ends the link; the machine must not be used again, except for `flush` after `close`.
///
/// spec: frames, flow control, calls
public struct LinkMachine: ~Copyable {
    let configuration: LinkConfiguration
    var opener: RecordCipher
    var writer: RecordWriter
    var streams = StreamTable()
    var deadlines: DeadlineWheel
    var budget: FrameBudget

    // Opening streams
    var nextID: UInt32
    /// How many streams this side has opened, and how many the peer lets it open.
    var openedCount: UInt32 = 0
    var openLimit: UInt32
    /// The same for the peer's streams; `cleaned` of them are gone.
    var acceptedCount: UInt32 = 0
    var acceptLimit: UInt32
    var cleanedCount: UInt32 = 0
    var highestPeerID: UInt32 = 0

    // Link credit, absolute, in uncompressed bytes
    var sent: UInt64 = 0
    var sendLimit: UInt64
    var received: UInt64 = 0
    var consumed: UInt64 = 0
    var granted: UInt64
    var window: UInt64
    var windowUpdated: Instant

    // Sending
    /// Slots with queued bytes, in turn.
    var ring: [StreamRef] = []
    var ringHead = 0
    /// Streams whose owners wait for room.
    var waiting: [StreamRef] = []
    /// Bytes queued in all streams.
    var queued = 0
    /// Those of them that exceed the credit of their streams.
    var overhang = 0
    /// Whether an owner that waits for room may have it by now.
    var mayWake = false
    var scratch: [UInt8] = []
    var block: [UInt8] = []

    // Receiving
    /// The head of the last `opened` or `answered` event. Apart from the event, because it is large and events are passed around.
    public internal(set) var head = Head()
    var frameOffset = 0
    var pendingEvents: [LinkEvent] = []

    // Life
    /// What this side has said in its GOAWAY: the highest peer stream that will be served, and why.
    var drainingAt: UInt32?
    var drainingFor: ErrorCode?
    /// Whether the peer has said GOAWAY.
    var peerDraining = false
    /// When the last record came.
    public internal(set) var lastReceived: Instant

    /// A link whose handshake is done.
    public init(
        _ configuration: LinkConfiguration, send: consuming RecordCipher, receive: consuming RecordCipher, now: Instant
    ) {
        self.configuration = configuration
        opener = receive
        writer = RecordWriter(cipher: send)
        deadlines = DeadlineWheel(now: now)
        budget = FrameBudget(now: now)
        nextID = configuration.isInitiator ? 1 : 2  // FRAME-2.1
        openLimit = configuration.peer.maxStreams
        acceptLimit = configuration.own.maxStreams
        sendLimit = configuration.peer.linkWindow
        granted = configuration.own.linkWindow
        window = configuration.own.linkWindow
        windowUpdated = now
        lastReceived = now
    }

    // MARK: State

    /// Whether another stream may be opened just now.
    // FRAME-9.2, FRAME-9.6, FLOW-5.1
    public var mayOpen: Bool { openedCount < openLimit && !peerDraining && !isUsedUp }
    /// Whether this side has no stream ids left.
    public var isUsedUp: Bool { nextID >= configuration.streamIDSoftEnd }
    /// Whether this link must be replaced by a new one for new calls.
    public var isRetiring: Bool { peerDraining || drainingAt != nil || isUsedUp }
    /// Streams that are not cleaned up yet.
    public var streamCount: Int { streams.count }
    /// Bytes accepted from callers and not yet put into a record.
    public var unsent: Int { queued }
    /// Bytes in records that were not handed over yet.
    public var unflushed: Int { writer.count }
    /// Whether a flush would give bytes, or events.
    public var hasOutput: Bool { writer.count > 0 || (ringHead < ring.count && linkCredit > 0) || mayWake }
    /// Whether any stream has a deadline, so that `tick` is needed each `tickInterval`.
    public var needsTick: Bool { deadlines.count > 0 }
    /// How often `tick` wants to be called while `needsTick`.
    public static var tickInterval: Duration { .nanoseconds(Int64(DeadlineWheel.tick)) }

    /// Bytes queued on one stream; 0 for a stream that is gone.
    public func unsent(_ ref: StreamRef) -> Int { streams.index(of: ref).map { streams[$0].queue.count } ?? 0 }

    /// Whether the owner of `ref` should write more. After a `false`, `LinkEvent.writable` follows.
    public mutating func isWritable(_ ref: StreamRef) -> Bool {
        guard let index = streams.index(of: ref), !streams[index].closed else { return false }
        if hasRoom(index, below: Limits.unsentPerStream / 2) { return true }
        if !streams[index].wantsWritable {
            streams[index].wantsWritable = true
            waiting.append(ref)
        }
        return false
    }

    // MARK: Time

    /// Fires deadlines and resets stalled streams that hold credit others need. Returns the streams that ended by it, as events.
    public mutating func tick(now: Instant) throws(WireError) -> [LinkEvent] {
        var expired: [Int] = []
        deadlines.advance(to: now) { expired.append($0) }
        var events: [LinkEvent] = []
        for index in expired where streams[index].id != 0 && !streams[index].closed {
            try end(index, .deadlineExceeded, reason: "", &events)  // CALL-2.2
        }
        events += try resetStalled(now: now)
        events += try resetUntaken(now: now)
        return events
    }

    /// What a peer does not take is kept for it up to a bound; beyond that the newest streams that make no progress end.
    private mutating func resetUntaken(now: Instant) throws(WireError) -> [LinkEvent] {
        guard queued > Limits.unsentUntaken else { return [] }
        var events: [LinkEvent] = []
        for id in streams.liveIDs.sorted(by: >) {
            guard let index = streams.index(of: id), !streams[index].closed, streams[index].queue.count > 0 else { continue }
            guard let progress = streams[index].progress, progress.sent == streams[index].sent else {
                streams[index].progress = (streams[index].sent, now)
                continue
            }
            guard now - progress.since > Limits.stalledAfter, queued > Limits.unsentUntaken else { continue }
            try end(index, .busy, reason: "nothing was taken for too long", &events)
        }
        return events
    }

    /// A stalled stream keeps what it was sent; together they may hold half of the link's credit (design: BUSY, newest first).
    private mutating func resetStalled(now: Instant) throws(WireError) -> [LinkEvent] {
        var excess = received - consumed
        guard excess > window / 2 else { return [] }
        var events: [LinkEvent] = []
        for id in streams.liveIDs.sorted(by: >) {
            guard excess > window / 2 else { break }
            guard let index = streams.index(of: id), !streams[index].closed, streams[index].held > 0,
                now - streams[index].lastConsumed > Limits.stalledAfter
            else { continue }
            excess -= streams[index].held
            try end(index, .busy, reason: "nothing was read for too long", &events)
        }
        return events
    }

    /// Resets a stream and tells its owner, if there is one still.
    private mutating func end(_ index: Int, _ code: ErrorCode, reason: String, _ events: inout [LinkEvent]) throws(WireError) {
        let ref = streams.ref(index)
        if !streams[index].released { events.append(.reset(ref, code, retryAfter: 0, reason: reason)) }
        try reset(ref, code, reason: reason)
    }

    /// Asks the peer for a sign of life. The answer is `LinkEvent.pong` with the same number.
    public mutating func ping(_ number: UInt64) throws(WireError) {
        try writer.append(.ping, stream: 0, length: 8) { $0.appendInteger(number) }
    }

    /// Gives back the memory that an idle link does not need.
    public mutating func trim() {
        scratch = []
        block = []
        writer.trim()
        opener.trim()
    }

    // MARK: End

    /// Says that no new stream of the peer will be served. Streams that are open go on. Said again with another code, it tells
    /// the peer the new one; what will be served stays as it was.
    public mutating func drain(_ code: ErrorCode = .draining, reason: String = "") throws(WireError) {  // FRAME-8.1
        guard code != drainingFor else { return }
        let last = drainingAt ?? highestPeerID
        drainingAt = last
        drainingFor = code
        let text = reason.cutToReason
        try writer.append(.goAway, stream: 0, length: 6 + text.count) { out in
            out.appendInteger(last)
            out.appendInteger(code.rawValue)
            out.append(contentsOf: text)
        }
    }
}
