public import Wire

/// Takes the calls that peers open. Called on the link's loop; must not block.
public protocol StreamAcceptor: Sendable {
    /// A new call has arrived with `head`. The receiver hears the body; the stream answers.
    func accept(_ head: Head, from peer: PeerInfo, stream: any ServerStream) -> any CallReceiver
}

/// Who is at the other end of an authenticated link.
public struct PeerInfo: Sendable, Hashable {
    /// Certified; `nil` only while a joiner enrols.
    public var nodeID: NodeID?
    /// The certified name; empty while a joiner enrols.
    public var name: String
    public var roles: Roles
    /// Ed25519 key of the certificate; `nil` while a joiner enrols.
    public var identityKey: IdentityKey?
    /// X25519 key that the handshake proved.
    public var staticKey: StaticKey
    /// From the handshake's parameters.
    public var bootEpoch: UInt64
    public var features: Features
    /// The certificate itself; `nil` while a joiner enrols.
    public var certificate: Certificate?
    /// Address the bytes come from: the relay's, where there is one.
    public var address: Endpoint
    /// Name of the relay that passes the link on; `nil` for a direct one.
    public var relay: String?
    /// The token id, on an enrolment link.
    public var token: TokenID?
    /// What a joiner signs to bind its request to this handshake.
    public var handshakeHash: Bytes32
    /// Whether the certificate had expired: such a peer may call `mesh.renew` and nothing else.
    public var isExpired: Bool

    public init(staticKey: StaticKey, address: Endpoint, handshakeHash: Bytes32) {
        self.staticKey = staticKey
        self.address = address
        self.handshakeHash = handshakeHash
        name = ""
        roles = []
        bootEpoch = 0
        features = []
        isExpired = false
    }
}
