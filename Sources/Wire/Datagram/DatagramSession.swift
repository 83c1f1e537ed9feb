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

    /// The datagram that carries `plaintext`; `oversized` for more than fits, `exhausted` behind the last counter.
    package mutating func seal(_ plaintext: [UInt8]) throws(WireError) -> [UInt8] {
        guard plaintext.count <= Limits.datagram - Self.overhead else { throw .oversized }
        guard counter < .max else { throw .exhausted }  // DGRAM-4.3
        let header = DatagramHeader(.session, receiver: peerIndex, counter: counter).encoded
        var text = plaintext + [UInt8](repeating: 0, count: Limits.tag)
        var elements = text.mutableSpan
        var bytes = elements.mutableBytes
        try sendKey.seal(&bytes, nonce: counter, associatedData: header.span.bytes)  // DGRAM-4.1
        counter += 1
        return header + text
    }

    /// The plaintext of `datagram`. Throws what `DatagramHeader` does; `badValue` for another kind or another session;
    /// `replayed` for one that came before or is too old to tell; `authentication` where it does not open.
    package mutating func open(_ datagram: [UInt8]) throws(WireError) -> [UInt8] {
        let header = try datagram.decode(DatagramHeader.init(decoding:))
        guard header.kind == .session, header.receiver == index else { throw .badValue(header.kind.number) }  // DGRAM-4.2
        guard datagram.count >= Self.overhead else { throw .truncated }
        try window.check(header.counter)  // DGRAM-4.4
        let clear = Array(datagram.prefix(DatagramHeader.length))
        var text = Array(datagram.dropFirst(DatagramHeader.length))
        var elements = text.mutableSpan
        var bytes = elements.mutableBytes
        try receiveKey.open(&bytes, nonce: header.counter, associatedData: clear.span.bytes)
        window.note(header.counter)  // DGRAM-4.5: not before it has opened
        text.removeLast(Limits.tag)
        return text
    }
}
