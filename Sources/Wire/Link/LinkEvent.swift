/// What a record said, frame by frame. Ranges are positions in the opened record that was given to `nextEvent`.
public enum LinkEvent: Sendable {
    /// The peer opened a stream. Its head is `LinkMachine.head`, until the next event.
    case opened(StreamRef, end: Bool)
    /// The peer answered on a stream that this side opened. The answer's head is `LinkMachine.head`, until the next event.
    case answered(StreamRef, end: Bool)
    /// Bytes of a body. `consumed` gives their credit back.
    case data(StreamRef, Range<Int>, end: Bool)
    /// The same, but they came compressed.
    case inflated(StreamRef, [UInt8], end: Bool)
    /// The peer ended both directions. The stream is closed.
    case reset(StreamRef, ErrorCode, retryAfter: UInt32, reason: String)
    /// The peer reads no further. What was queued is dropped, the sending direction ends.
    case stopped(StreamRef, ErrorCode)
    /// There is room again in a stream that reported none.
    case writable(StreamRef)
    /// More streams may be opened than before.
    case mayOpen
    /// The answer to `ping`, with its eight bytes.
    case pong(UInt64)
    /// The peer takes no stream above `last` any more. Streams above it have failed with `reset` already.
    case goAway(last: UInt32, ErrorCode, reason: String)
}

/// The peer's and the own parameters, the roles and the time with which a link starts.
public struct LinkConfiguration: Sendable {
    /// Whether this side dialled. The initiator's stream ids are odd.
    public var isInitiator: Bool
    /// What this side granted in its handshake payload.
    public var own: LinkParameters
    /// What the peer granted.
    public var peer: LinkParameters
    /// Whether bodies are compressed at all; off for loopback, where LZ4 is slower than the wire.
    public var compress: Bool
    /// The stream id from which this side opens no stream: a new link is needed then. Tests come there sooner.
    package var streamIDSoftEnd = Limits.streamIDSoftEnd

    public init(isInitiator: Bool, own: LinkParameters, peer: LinkParameters, compress: Bool) {
        self.isInitiator = isInitiator
        self.own = own
        self.peer = peer
        self.compress = compress
    }
}
