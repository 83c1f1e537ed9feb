/// The keys that open the records of one link, for people who debug with a packet analyser (spec/wireshark).
public struct LinkSecrets: Sendable {
    /// Stands in the clear at the beginning of the handshake's first message, so that a capture names its link.
    public let initiatorEphemeral: StaticKey
    /// What both directions are sealed with.
    public let suite: Suite
    /// The first keys of what the initiator and of what the responder sends; rekeying derives the next ones from them.
    package let initiator, responder: SecretBytes

    /// A line of a key log: what it opens, the ephemeral key, the suite, and both keys, in hexadecimal.
    public var keyLogLine: String {
        "WM1_LINK \(initiatorEphemeral.bytes.hex) \(suite.rawValue) \(initiator.exposed.hex) \(responder.exposed.hex)\n"
    }
}
