/// What the authority of a mesh says of a node: its name, its keys, what it may be and until when.
///
/// On the wire it is one TLV stream whose last field is the signature over everything before it. The bytes are kept as they
/// came; nothing is encoded again to verify them.
public struct Certificate: Sendable, Hashable {
    /// The raw bytes, signature included.
    public let encoded: [UInt8]
    public let meshID: MeshID
    public let nodeID: NodeID
    public let name: String
    public let roles: Roles
    public let identityKey: IdentityKey
    public let staticKey: StaticKey
    /// 16 bytes that the authority drew when it first saw the identity key; renewals keep them.
    public let salt: [UInt8]
    /// Increases with each certificate that the authority issues.
    public let serial: UInt64
    public let issuedAt: UnixTime
    public let expires: UnixTime
    public let features: Features

    private enum Field {
        static let meshID: UInt16 = 2
        static let nodeID: UInt16 = 4
        static let name: UInt16 = 6
        static let roles: UInt16 = 8
        static let identityKey: UInt16 = 10
        static let staticKey: UInt16 = 12
        static let salt: UInt16 = 14
        static let serial: UInt16 = 16
        static let issuedAt: UInt16 = 18
        static let expires: UInt16 = 20
        static let features: UInt16 = 22
        /// The highest even type, so that it comes last and covers all others.
        static let signature: UInt16 = 0xFFFE
    }
}

// MARK: - Issue

extension Certificate {
    /// What stands in a certificate apart from what follows from the keys.
    public struct Subject: Sendable {
        public var name: String
        public var roles: Roles
        public var identityKey: IdentityKey
        public var staticKey: StaticKey
        /// 16 random bytes at the first admission, the old ones at a renewal.
        public var salt: [UInt8]
        public var features: Features

        public init(
            name: String, roles: Roles, identityKey: IdentityKey, staticKey: StaticKey, salt: [UInt8], features: Features = []
        ) {
            self.name = name
            self.roles = roles
            self.identityKey = identityKey
            self.staticKey = staticKey
            self.salt = salt
            self.features = features
        }
    }

    /// Signs a certificate for `subject`, good for `life` seconds from `now`. Throws `badValue` or `badLength` for a name or salt
    /// that cannot stand in one.
    public static func issue(
        _ subject: Subject, serial: UInt64, now: UnixTime, life: UInt64 = Limits.certificateLife, authority: IdentityKeyPair
    ) throws(WireError) -> Certificate {
        var writer = TLVWriter()
        writer.put(Field.meshID, MeshID.meshID(authority: authority.publicKey))
        writer.put(Field.nodeID, NodeID.nodeID(identityKey: subject.identityKey, salt: subject.salt))
        writer.put(Field.name, subject.name)
        writer.put(Field.roles, subject.roles.rawValue)
        writer.put(Field.identityKey, subject.identityKey)
        writer.put(Field.staticKey, subject.staticKey)
        writer.put(Field.salt, bytes: subject.salt)
        writer.put(Field.serial, serial)
        writer.put(Field.issuedAt, now.seconds)
        writer.put(Field.expires, (now + life).seconds)
        writer.put(Field.features, subject.features.rawValue)
        let body = try writer.finish()
        var signed = TLVWriter(prefix: body)
        signed.put(Field.signature, bytes: authority.sign(.certificate, body))  // ID-5.1
        return try Certificate(decoding: try signed.finish())
    }
}

// MARK: - Decode and verify

extension Certificate {
    /// Reads a certificate. Says nothing about who signed it: that is `verify`.
    public init(decoding encoded: [UInt8]) throws(WireError) {
        guard encoded.count <= Limits.certificate else { throw .oversized }  // ID-5.3
        let fields = try encoded.decode(Fields.init)
        self.encoded = encoded
        meshID = try required(Field.meshID, fields.meshID)
        nodeID = try required(Field.nodeID, fields.nodeID)
        name = try required(Field.name, fields.name)
        roles = Roles(rawValue: try required(Field.roles, fields.roles))
        identityKey = try required(Field.identityKey, fields.identityKey)
        staticKey = try required(Field.staticKey, fields.staticKey)
        salt = try required(Field.salt, fields.salt)
        serial = try required(Field.serial, fields.serial)
        issuedAt = UnixTime(seconds: try required(Field.issuedAt, fields.issuedAt))
        expires = UnixTime(seconds: try required(Field.expires, fields.expires))
        features = Features(rawValue: try required(Field.features, fields.features))
        guard fields.isSigned else { throw .missing(Field.signature) }
    }

    /// Whether `authority` signed it for its mesh, and the node id follows from the key. Does not look at the time.
    ///
    /// Throws `certificate(.wrongPeer)` for another mesh, `authentication` for a wrong signature or a node id that does not follow.
    public func verify(authority: IdentityKey) throws(WireError) {
        guard meshID == .meshID(authority: authority) else { throw .certificate(.wrongPeer) }  // ID-6.1
        let body = Array(encoded.dropLast(Self.signatureField))  // ID-5.4
        let signature = Array(encoded.suffix(Self.signatureLength))
        // ID-6.2, ID-6.3
        guard authority.verifies(signature, .certificate, body), nodeID == .nodeID(identityKey: identityKey, salt: salt) else {
            throw .authentication
        }
    }

    /// Whether its time is over. An expired certificate is still good for its own renewal.
    public func isExpired(at now: UnixTime) -> Bool { now >= expires }

    private static let saltLength = 16
    private static let signatureLength = 64
    /// The signature with its TLV header.
    private static let signatureField = 4 + signatureLength

    private struct Fields {
        var meshID: MeshID?
        var nodeID: NodeID?
        var name: String?
        var roles: UInt32?
        var identityKey: IdentityKey?
        var staticKey: StaticKey?
        var salt: [UInt8]?
        var serial: UInt64?
        var issuedAt: UInt64?
        var expires: UInt64?
        var features: UInt32?
        var isSigned = false

        init(_ bytes: RawSpan) throws(WireError) {
            var cursor = TLVCursor()
            while let field = try cursor.next(in: bytes) {
                guard !isSigned else { throw .trailing }  // ID-5.2
                switch field.type {
                case Field.meshID: meshID = try bytes.bytes32(field)
                case Field.nodeID: nodeID = try bytes.bytes32(field)
                case Field.name: name = try bytes.name(field)
                case Field.roles: roles = try bytes.integer(UInt32.self, field)
                case Field.identityKey: identityKey = try bytes.bytes32(field)
                case Field.staticKey: staticKey = try bytes.bytes32(field)
                case Field.salt: salt = try bytes.array(field, exactly: saltLength)
                case Field.serial: serial = try bytes.integer(UInt64.self, field)
                case Field.issuedAt: issuedAt = try bytes.integer(UInt64.self, field)
                case Field.expires: expires = try bytes.integer(UInt64.self, field)
                case Field.features: features = try bytes.integer(UInt32.self, field)
                case Field.signature:
                    guard field.range.count == signatureLength else { throw .badLength(field.type) }
                    isSigned = true
                default: try field.skipOrRefuse()
                }
            }
        }
    }
}

extension RawSpan {
    /// A copy of the value of `field`, which must have exactly `length` bytes.
    func array(_ field: TLVField, exactly length: Int) throws(WireError) -> [UInt8] {
        guard field.range.count == length else { throw .badLength(field.type) }
        return try array(field, limit: length)
    }
}
