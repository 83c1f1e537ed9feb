/// Everything a node needs to open and accept links. Holds secrets: never logged, stored only in a file of mode 0600.
public struct NodeCredentials: Sendable {
    public let identity: IdentityKeyPair
    public let staticKey: StaticKeyPair
    /// The key that every peer's certificate must be signed with.
    public let authority: IdentityKey
    /// `nil` until the node is enrolled: until then it can open enrolment links only.
    public var certificate: Certificate?
    /// What this machine's processor offers. Not stored: a disk can move to another machine.
    public var features: Features

    public init(
        identity: IdentityKeyPair, staticKey: StaticKeyPair, authority: IdentityKey, certificate: Certificate? = nil,
        features: Features = .local
    ) {
        self.identity = identity
        self.staticKey = staticKey
        self.authority = authority
        self.certificate = certificate
        self.features = features
    }

    /// The mesh that this node belongs to.
    public var meshID: MeshID { .meshID(authority: authority) }

    private enum Field {
        static let identitySeed: UInt16 = 2
        static let staticSecret: UInt16 = 4
        static let authority: UInt16 = 6
        static let certificate: UInt16 = 8
    }

    /// The contents of an identity file: TLV, in the clear.
    public func encoded() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.identitySeed, bytes: identity.seed.exposed)
        writer.put(Field.staticSecret, bytes: staticKey.secret.exposed)
        writer.put(Field.authority, authority)
        if let certificate { writer.put(Field.certificate, bytes: certificate.encoded) }
        return try writer.finish()
    }

    /// Reads what `encoded` wrote. A certificate that is not for these keys and this authority is an error.
    public init(decoding encoded: [UInt8], features: Features = .local) throws(WireError) {
        guard encoded.count <= Limits.identityFile else { throw .oversized }
        let fields = try encoded.decode(Fields.init)
        self.init(
            identity: try IdentityKeyPair(seed: try required(Field.identitySeed, fields.identitySeed)),
            staticKey: try StaticKeyPair(secret: try required(Field.staticSecret, fields.staticSecret)),
            authority: try required(Field.authority, fields.authority), certificate: fields.certificate, features: features)
        guard let certificate else { return }
        try certificate.verify(authority: authority)
        guard certificate.identityKey == identity.publicKey, certificate.staticKey == staticKey.publicKey else {
            throw .certificate(.wrongPeer)
        }
    }

    private struct Fields {
        var identitySeed: SecretBytes?
        var staticSecret: SecretBytes?
        var authority: IdentityKey?
        var certificate: Certificate?

        init(_ bytes: RawSpan) throws(WireError) {
            var cursor = TLVCursor()
            while let field = try cursor.next(in: bytes) {
                switch field.type {
                case Field.identitySeed: identitySeed = SecretBytes(try bytes.array(field, exactly: 32))
                case Field.staticSecret: staticSecret = SecretBytes(try bytes.array(field, exactly: 32))
                case Field.authority: authority = try bytes.bytes32(field)
                case Field.certificate: certificate = try Certificate(decoding: try bytes.array(field, limit: Limits.certificate))
                default: try field.skipOrRefuse()
                }
            }
        }
    }
}
