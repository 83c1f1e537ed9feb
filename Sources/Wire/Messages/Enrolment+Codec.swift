/// What a joiner asks of the authority, over a link that its token opened (method `mesh.enrol`).
public struct EnrolRequest: Hashable, Sendable {
    /// The name it wants.
    public var name: String
    /// Who it is. The static key is the one that the handshake proved.
    public var identityKey: IdentityKey
    public var features: Features
    public var roles: Roles
    /// By the identity key, over `signedBytes` for `Domain.enrolment`.
    public var signature: [UInt8]

    public init(name: String, identityKey: IdentityKey, features: Features, roles: Roles, signature: [UInt8]) {
        self.name = name
        self.identityKey = identityKey
        self.features = features
        self.roles = roles
        self.signature = signature
    }

    /// What is signed besides the domain: the handshake's hash, which binds the request to this link, and the name.
    public static func signedBytes(handshakeHash: Bytes32, name: String) -> [UInt8] { handshakeHash.bytes + [UInt8](name.utf8) }
}

extension EnrolRequest: WireMessage {
    private enum Field {
        static let name: UInt16 = 2
        static let identityKey: UInt16 = 4
        static let features: UInt16 = 6
        static let roles: UInt16 = 8
        static let signature: UInt16 = 10
    }

    /// Bytes of an Ed25519 signature.
    private static let signatureSize = 64

    public func encode() throws(WireError) -> [UInt8] {
        try checkName(Field.name, name)
        guard signature.count == Self.signatureSize else { throw .badLength(Field.signature) }
        var writer = TLVWriter()
        writer.put(Field.name, name)
        writer.put(Field.identityKey, identityKey)
        writer.put(Field.features, features.rawValue)
        writer.put(Field.roles, roles.rawValue)
        writer.put(Field.signature, bytes: signature)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var name: String?
        var identityKey: IdentityKey?
        var features: UInt32?
        var roles: UInt32?
        var signature: [UInt8]?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.name: name = try bytes.name(field)
            case Field.identityKey: identityKey = try bytes.bytes32(field)
            case Field.features: features = try bytes.integer(UInt32.self, field)
            case Field.roles: roles = try bytes.integer(UInt32.self, field)
            case Field.signature:
                guard field.range.count == Self.signatureSize else { throw .badLength(field.type) }
                signature = try bytes.array(field, limit: Self.signatureSize)
            default: try field.skipOrRefuse()
            }
        }
        self.init(
            name: try required(Field.name, name), identityKey: try required(Field.identityKey, identityKey),
            features: Features(rawValue: try required(Field.features, features)),
            roles: Roles(rawValue: try required(Field.roles, roles)), signature: try required(Field.signature, signature))
    }
}

/// What a member says when it renews its certificate (method `mesh.renew`): the certificate itself came with the handshake.
public struct RenewRequest: Hashable, Sendable, WireMessage {
    public var features: Features

    public init(features: Features) { self.features = features }

    private static let features: UInt16 = 2

    public func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Self.features, features.rawValue)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var features: UInt32?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Self.features: features = try bytes.integer(UInt32.self, field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(features: Features(rawValue: try required(Self.features, features)))
    }
}

/// The answer of `mesh.enrol` and of `mesh.renew`.
public struct EnrolAnswer: Hashable, Sendable {
    /// The certificate's raw bytes, signature included.
    public var certificate: [UInt8]
    /// Where the mesh's coordinators are reached from now on.
    public var coordinators: [Endpoint]

    public init(certificate: [UInt8], coordinators: [Endpoint]) {
        self.certificate = certificate
        self.coordinators = coordinators
    }
}

extension EnrolAnswer: WireMessage {
    private enum Field {
        static let certificate: UInt16 = 2
        static let coordinators: UInt16 = 4
    }

    public func encode() throws(WireError) -> [UInt8] {
        try checkCount(certificate.count, limit: Limits.certificate)
        try checkEndpoints(Field.coordinators, coordinators)
        var writer = TLVWriter()
        writer.put(Field.certificate, bytes: certificate)
        writer.put(Field.coordinators, endpoints: coordinators)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var certificate: [UInt8]?
        var coordinators: [Endpoint] = []
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.certificate: certificate = try bytes.array(field, limit: Limits.certificate)
            case Field.coordinators: coordinators = try bytes.endpoints(field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(certificate: try required(Field.certificate, certificate), coordinators: coordinators)
    }
}
