/// What a finished handshake leaves behind: the two ciphers, and who is at the other end.
@frozen
public struct LinkKeys: ~Copyable, Sendable {
    /// For the records that this side sends.
    public var send: RecordCipher
    /// For the records that the other side sends.
    public var receive: RecordCipher
    /// The same on both sides and on no other link: what is signed together with it is bound to this link.
    public let handshakeHash: Bytes32
    /// Verified, but perhaps expired: see `isExpired`. `nil` only for a joiner.
    public let certificate: Certificate?
    /// Whether the certificate's time was over at the handshake. Such a peer may ask for its renewal and nothing else.
    public let isExpired: Bool
    /// The X25519 key that the other side has proven to hold.
    public let peerStaticKey: StaticKey
    public let peerParameters: LinkParameters
    /// The token that a joiner has proven to hold; `nil` between members.
    public let tokenID: TokenID?
    public let suite: Suite
    /// What opens the records of this link; wiped with this value unless somebody keeps a key log.
    public let secrets: LinkSecrets
    /// Bytes that arrived behind the last handshake message: the first records, or a part of them.
    public let leftover: [UInt8]

    init(
        finishing noise: consuming HandshakeState, peer: HandshakePayload, isExpired: Bool, preface: Preface, tokenID: TokenID?,
        leftover: [UInt8]
    ) throws(WireError) {
        guard let staticKey = noise.remoteStatic, let ephemeral = noise.initiatorEphemeral else { throw .authentication }
        let hash = noise.handshakeHash
        let ciphers = try noise.split()
        secrets = LinkSecrets(
            initiatorEphemeral: ephemeral, suite: preface.suite, initiator: ciphers.secrets.initiator, responder: ciphers.secrets.responder)
        send = RecordCipher(ciphers.send)
        receive = RecordCipher(ciphers.receive)
        handshakeHash = hash
        certificate = peer.certificate
        self.isExpired = isExpired
        peerStaticKey = staticKey
        peerParameters = peer.parameters
        self.tokenID = tokenID
        suite = preface.suite
        self.leftover = leftover
    }
}
