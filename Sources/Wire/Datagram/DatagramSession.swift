/// One session: two keys, the counter of what this side sends, and the window of what it has received.
///
/// Datagrams get lost and overtake one another, so each says its nonce. One that does not open is dropped, and changes nothing.
package struct DatagramSession: ~Copyable, Sendable {
    /// The number that this side has given to the session: the receiver index of what comes in.
    package let index: UInt32
    /// The number that the other side has given to it.
    package let peerIndex: UInt32
    private var sendKey: AEADKey
    private var receiveKey: AEADKey
    private var window = ReplayWindow()
    /// The counter of the next datagram that this side sends.
    package private(set) var counter: UInt64

    /// Keys of 32 bytes. `counter` is 0 but for tests.
    package init(
        index: UInt32, peerIndex: UInt32, sendKey: SecretBytes, receiveKey: SecretBytes, counter: UInt64 = 0
    ) throws(WireError) {
        let send = try AEADKey(.chaChaPoly, key: sendKey)
        let receive = try AEADKey(.chaChaPoly, key: receiveKey)
        self.init(index, peerIndex, send, receive, counter)
    }

    private init(
        _ index: UInt32, _ peerIndex: UInt32, _ sendKey: consuming AEADKey, _ receiveKey: consuming AEADKey, _ counter: UInt64
    ) {
        self.index = index
        self.peerIndex = peerIndex
        self.sendKey = sendKey
        self.receiveKey = receiveKey
        self.counter = counter
    }

    /// Bytes of a datagram that are not its plaintext.
    package static let overhead = DatagramHeader.length + Limits.tag
    /// Bytes of the longest plaintext.
    package static let room = Limits.datagram - overhead

    /// Makes a datagram of `datagram`, in place: its first 16 bytes become the header, its last 16 the tag, and what the caller has
    /// written between them is sealed. `oversized` for more than fits, `exhausted` behind the last counter.
    package mutating func seal(_ datagram: inout MutableRawSpan, as kind: DatagramHeader.Kind = .session) throws(WireError) {
        guard datagram.byteCount <= Limits.datagram else { throw .oversized }
        guard datagram.byteCount >= Self.overhead else { throw .truncated }
        guard counter < .max else { throw .exhausted }  // DGRAM-4.3
        try DatagramHeader(kind, receiver: peerIndex, counter: counter).write(to: &datagram)
        try datagram.withHeader { (header, text) throws(WireError) in
            try sendKey.seal(&text, nonce: counter, associatedData: header)  // DGRAM-4.1
        }
        counter += 1
    }

    /// Opens `datagram` in place: what it is, and where its plaintext stands now. Throws what `DatagramHeader` does; `badValue` for
    /// another kind or another session; `replayed` for one that came before or is too old to tell; `authentication` where it does
    /// not open. After that its bytes are no longer of use.
    package mutating func open(_ datagram: inout MutableRawSpan) throws(WireError) -> (kind: DatagramHeader.Kind, plaintext: Range<Int>) {
        let header = try DatagramHeader(decoding: datagram.bytes)
        guard header.kind.isInSession, header.receiver == index else { throw .badValue(header.kind.number) }  // DGRAM-4.2
        guard datagram.byteCount >= Self.overhead else { throw .truncated }
        try window.check(header.counter)  // DGRAM-4.4
        try datagram.withHeader { (clear, text) throws(WireError) in
            try receiveKey.open(&text, nonce: header.counter, associatedData: clear)
        }
        window.note(header.counter)  // DGRAM-4.5: not before it has opened
        return (header.kind, DatagramHeader.length..<datagram.byteCount - Limits.tag)
    }

    /// The datagram that carries `plaintext`.
    package mutating func seal(_ plaintext: [UInt8], as kind: DatagramHeader.Kind = .session) throws(WireError) -> [UInt8] {
        guard plaintext.count <= Self.room else { throw .oversized }
        let header = [UInt8](repeating: 0, count: DatagramHeader.length)
        var datagram = header + plaintext + [UInt8](repeating: 0, count: Limits.tag)
        var elements = datagram.mutableSpan
        var bytes = elements.mutableBytes
        try seal(&bytes, as: kind)
        return datagram
    }

    /// What `datagram` is, and its plaintext.
    package mutating func open(_ datagram: [UInt8]) throws(WireError) -> (kind: DatagramHeader.Kind, plaintext: [UInt8]) {
        var copy = datagram
        var elements = copy.mutableSpan
        var bytes = elements.mutableBytes
        let (kind, range) = try open(&bytes)
        return (kind, Array(copy[range]))
    }
}

extension MutableRawSpan {
    /// Lends the bytes of `range`, which must lie within these.
    mutating func withPart(_ range: Range<Int>, _ body: (inout MutableRawSpan) throws(WireError) -> Void) throws(WireError) {
        try withUnsafeMutableBytes { (bytes) throws(WireError) in
            var part = MutableRawSpan(_unsafeBytes: UnsafeMutableRawBufferPointer(rebasing: bytes[range]))
            try body(&part)
        }
    }

    /// Lends the header and what follows it, apart.
    fileprivate mutating func withHeader(_ body: (RawSpan, inout MutableRawSpan) throws(WireError) -> Void) throws(WireError) {
        try withUnsafeMutableBytes { (bytes) throws(WireError) in
            let header = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: bytes[..<DatagramHeader.length]))
            var text = MutableRawSpan(_unsafeBytes: UnsafeMutableRawBufferPointer(rebasing: bytes[DatagramHeader.length...]))
            try body(header, &text)
        }
    }
}
