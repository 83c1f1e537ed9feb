/// How the datagrams of a handshake are laid out.
///
///     initiation: header || u32 sender || Noise message 1 || mac1 || mac2     exactly `Limits.datagram` bytes
///     response:   header || u32 sender || Noise message 2                     at most as many
///     cookie:     header || salt || sealed cookie
enum DatagramLayout {
    /// The header and the sender's index: clear bytes, which the prologue covers.
    static let clear = DatagramHeader.length + 4
    /// Message 1 of IK apart from its payload: e, the sealed s, and the payload's tag.
    private static let messageOne = 32 + 32 + 2 * Limits.tag
    /// Message 2 apart from its payload: e and the payload's tag.
    private static let messageTwo = 32 + Limits.tag
    /// Where the two macs of an initiation begin.
    static let mac1 = Limits.datagram - 2 * Limits.mac1
    static let mac2 = Limits.datagram - Limits.mac1
    /// Bytes of the payload of message 1.
    static let hello = mac1 - clear - messageOne
    /// Bytes that the payload of message 2 may have: no response is longer than an initiation.
    static let welcome = Limits.datagram - clear - messageTwo
    /// Bytes of a cookie, and of the salt before it.
    static let cookie = 16
    /// Bytes of the datagram that carries a cookie.
    static let cookieDatagram = DatagramHeader.length + 2 * cookie + Limits.tag

    /// Stands before the clear bytes of the initiation.
    private static let protocolName = Array("WM/1 draft".utf8)

    static func prologue(_ clear: some Collection<UInt8>) -> [UInt8] { protocolName + clear }

    static func clear(_ header: DatagramHeader, sender: UInt32) -> [UInt8] {
        var out = header.encoded
        out.appendInteger(sender)
        return out
    }
}
