/// What a hash or signature is for. It stands before the bytes, ended by a zero byte, so that one made for a purpose is of no
/// use for another.
public struct Domain: Sendable, Hashable {
    let text: String

    private init(_ purpose: String) { text = "WM/1 draft " + purpose }

    /// The authority's signature of a certificate.
    public static let certificate = Domain("certificate")
    /// A joiner's signature of its enrolment request.
    public static let enrolment = Domain("enrolment")
    /// A node's signature of what it says of itself as a contact.
    public static let contact = Domain("contact")
    /// A provider's signature of its entry.
    public static let providerEntry = Domain("provider entry")
    /// The hash of a service's name and a shard.
    static let serviceKey = Domain("service key")
    /// The hash of an identity key and a salt.
    static let nodeID = Domain("node id")
    /// The hash of an authority's key.
    static let meshID = Domain("mesh id")
    /// The checksum of a join token.
    static let token = Domain("join token")

    /// The key of a datagram's cookie.
    static let cookie = Domain("cookie")

    var prefix: [UInt8] { Array(text.utf8) + [0] }  // ID-2.1
}

extension Bytes32 {
    /// The id of the mesh whose authority has this key.
    public static func meshID(authority: IdentityKey) -> MeshID { SHA256.hash(Domain.meshID.prefix, authority.bytes) }

    /// The id of the node with this key, given the 16 bytes that the authority drew when it admitted it.
    public static func nodeID(identityKey: IdentityKey, salt: [UInt8]) -> NodeID {
        SHA256.hash(Domain.nodeID.prefix, identityKey.bytes, salt)
    }
}
