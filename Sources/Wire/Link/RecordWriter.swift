/// Builds records in one buffer: frames are appended as plaintext and sealed where they stand.
///
/// The buffer is `u16 length || ciphertext || tag`, one record after the other; the last one is still open while frames
/// are being appended. A record is closed when the next frame would not fit, and by `seal`.
struct RecordWriter: ~Copyable {
    private var cipher: RecordCipher
    private var out: [UInt8] = []
    /// Where the open record's plaintext starts; `nil` between records.
    private var open: Int?
    /// Where the open frame's header starts.
    private var frame = 0

    init(cipher: consuming RecordCipher) {
        self.cipher = cipher
    }

    /// Bytes that wait to be handed over, sealed or not.
    var count: Int { out.count }

    /// Appends one frame whose payload, exactly `length` bytes, `body` appends to the buffer.
    mutating func append(
        _ type: FrameType, _ flags: FrameFlags = [], stream: UInt32, length: Int, body: (inout [UInt8]) -> Void  // CONV-6.2
    ) throws(WireError) {
        assert(length <= Limits.framePayload)
        if let start = open, out.count - start + Limits.frameHeader + length > Limits.recordPlaintext { try seal() }  // REC-1.2
        if open == nil {  // REC-1.4
            out.append(0)
            out.append(0)
            open = out.count
        }
        out.appendInteger(UInt16(truncatingIfNeeded: length))
        out.append(type.rawValue)
        out.append(flags.rawValue)
        out.appendInteger(stream)
        let start = out.count
        body(&out)
        assert(out.count - start == length)
    }

    /// Closes the open record, if there is one: sealed in place, its length written before it.
    mutating func seal() throws(WireError) {
        guard let start = open else { return }  // REC-1.1
        open = nil
        let length = out.count - start + Limits.tag
        out.append(contentsOf: repeatElement(0, count: Limits.tag))
        out[start - 2] = UInt8(truncatingIfNeeded: length >> 8)
        out[start - 1] = UInt8(truncatingIfNeeded: length)
        // The compiler holds a span of a field to be an access to the whole of self: the buffer steps out for the call.
        var buffer: [UInt8] = []
        swap(&buffer, &out)
        defer { swap(&buffer, &out) }
        var span = buffer.mutableSpan
        var bytes = span.mutableBytes
        var record = bytes._mutatingExtracting(start..<start + length)
        try cipher.seal(&record)
    }

    /// Hands all sealed bytes to `body` and forgets them. Call `seal` first.
    mutating func drain(_ body: (RawSpan) -> Void) {
        guard !out.isEmpty else { return }
        assert(open == nil)
        body(out.span.bytes)
        // One bulk turn is the steady size; what a burst needed beyond it is given back.
        out.removeAll(keepingCapacity: out.capacity <= 4 * Limits.bulkPerTurn)
    }

    /// Gives the buffer back when it is empty.
    mutating func trim() {
        if out.isEmpty { out = [] }
        cipher.trim()
    }
}
