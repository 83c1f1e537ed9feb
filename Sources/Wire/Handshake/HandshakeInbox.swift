/// Collects the bytes of handshake messages as they trickle in. Holds one message and its frame at most.
struct HandshakeInbox {
    private(set) var bytes: [UInt8] = []

    /// Moves bytes from the front of `source` until `count` are here; whether they are.
    mutating func fill(to count: Int, from source: inout ArraySlice<UInt8>) -> Bool {  // HS-8.5
        let take = source.prefix(max(0, count - bytes.count))
        bytes += take
        source = source.dropFirst(take.count)
        return bytes.count >= count
    }

    /// The message behind the u16 length at `offset`, once it and `trailer` more bytes are here; `nil` until then.
    ///
    /// `oversized` as soon as the length is known to be more than `Limits.handshakeMessage`.
    mutating func message(
        at offset: Int, trailer: Int = 0, from source: inout ArraySlice<UInt8>
    ) throws(WireError) -> Range<Int>? {
        let start = offset + 2
        guard fill(to: start, from: &source) else { return nil }
        let length = Int(try bytes.span.bytes.integer(UInt16.self, at: offset))
        guard length <= Limits.handshakeMessage else { throw .oversized }  // HS-8.2
        return fill(to: start + length + trailer, from: &source) ? start..<start + length : nil
    }

    mutating func clear() { bytes = [] }

    /// A message behind its u16 length.
    static func framed(_ message: [UInt8]) throws(WireError) -> [UInt8] {
        guard message.count <= Limits.handshakeMessage else { throw .oversized }
        return [UInt8(truncatingIfNeeded: message.count >> 8), UInt8(truncatingIfNeeded: message.count)] + message
    }
}
