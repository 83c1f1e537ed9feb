/// Messages one after the other, each `u32 length || TLV`: the body of an answer that lists records, and a watch stream.
/// A TLV value ends at 65,535 bytes, a list of records does not.
public enum MessageSequence {
    /// Bytes before each message.
    public static let header = 4

    /// Appends one message. Throws `oversized` above `limit`.
    public static func append(_ message: [UInt8], to bytes: inout [UInt8], limit: Int = Limits.message) throws(WireError) {
        guard message.count <= limit else { throw .oversized }
        for shift in stride(from: 24, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: message.count >> shift)) }
        bytes.append(contentsOf: message)
    }

    /// One message with its length before it.
    public static func framed(_ message: [UInt8], limit: Int = Limits.message) throws(WireError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(header + message.count)
        try append(message, to: &bytes, limit: limit)
        return bytes
    }

    /// The range of the message that begins at `offset`, `nil` exactly at the end.
    static func next(in bytes: RawSpan, at offset: inout Int) throws(WireError) -> Range<Int>? {
        guard offset < bytes.byteCount else { return nil }
        let length = Int(try bytes.integer(UInt32.self, at: offset))
        guard length <= Limits.message else { throw .oversized }
        let start = offset + header
        guard bytes.byteCount - start >= length else { throw .truncated }  // MSG-1.3
        offset = start + length
        return start..<offset
    }
}

/// Cuts a stream of bytes, as it comes, into messages. Holds at most one unfinished message of `limit` bytes.
public struct MessageReader: Sendable {
    private var buffer: [UInt8] = []
    private var offset = 0
    private let limit: Int

    public init(limit: Int = Limits.message) { self.limit = limit }

    /// Whether the stream may end here: no message has begun.
    public var isAtBoundary: Bool { offset == buffer.count }

    /// Takes bytes that have arrived. Read `next` until it is `nil` before giving more.
    public mutating func append(_ bytes: some Collection<UInt8>) {
        if offset > 0 {
            buffer.removeFirst(offset)
            offset = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole message, or `nil` until more bytes come. Throws `oversized` as soon as the length says so.
    public mutating func next() throws(WireError) -> [UInt8]? {
        guard buffer.count - offset >= MessageSequence.header else { return nil }
        let at = offset
        let length = try buffer.decode { span throws(WireError) in Int(try span.integer(UInt32.self, at: at)) }
        guard length <= limit else { throw .oversized }  // CONV-3.7, MSG-1.2
        let start = offset + MessageSequence.header
        guard buffer.count - start >= length else { return nil }
        offset = start + length
        return Array(buffer[start..<offset])
    }
}
