/// What a node needs to join a mesh: where to go, whom to trust there, and a secret that admits it. One printable line.
public struct JoinToken: Sendable {
    public var id: TokenID
    /// 32 bytes, the pre-shared key of the enrolment handshake.
    public var secret: SecretBytes
    /// The key of the mesh's authority: a coordinator must show a certificate that it signed.
    public var authority: IdentityKey
    /// Coordinators, best first.
    public var endpoints: [Endpoint]

    public init(id: TokenID, secret: SecretBytes, authority: IdentityKey, endpoints: [Endpoint]) {
        self.id = id
        self.secret = secret
        self.authority = authority
        self.endpoints = endpoints
    }

    private static let prefix = "wmj1_"
    private static let checksumLength = 4

    private enum Field {
        static let id: UInt16 = 2
        static let secret: UInt16 = 4
        static let authority: UInt16 = 6
        static let endpoints: UInt16 = 8
    }

    /// "wmj1_" and the base64url of a TLV stream and its checksum. Throws `oversized` for more than `Limits.endpoints` addresses.
    public func text() throws(WireError) -> String {
        try checkEndpoints(Field.endpoints, endpoints)
        var writer = TLVWriter()
        writer.put(Field.id, bytes: id.bytes)
        writer.put(Field.secret, bytes: secret.exposed)
        writer.put(Field.authority, authority)
        writer.put(Field.endpoints, endpoints: endpoints)
        let body = try writer.finish()
        return Self.prefix + Base64URL.encode(body + Self.checksum(body))
    }

    /// Reads a token; spaces and line ends around it do not matter.
    public init(_ text: some StringProtocol) throws(TokenError) {
        let line = text.utf8.drop(while: isSpace).reversed().drop(while: isSpace).reversed()  // TOKEN-1.1
        guard line.starts(with: Self.prefix.utf8) else { throw .notAToken }  // TOKEN-1.2
        // TOKEN-1.3
        guard line.count <= Limits.token, let bytes = Base64URL.decode(line.dropFirst(Self.prefix.utf8.count)) else { throw .mistyped }
        let body = Array(bytes.dropLast(Self.checksumLength))
        guard bytes.count > Self.checksumLength, Self.checksum(body) == Array(bytes.suffix(Self.checksumLength)) else {  // TOKEN-1.4
            throw .mistyped
        }
        do {
            self = try body.decode(Self.init(decoding:))
        } catch {
            throw .unreadable(error)
        }
    }

    /// Not a secret and no proof: it tells a slip of the keyboard from a token that the coordinator does not know.
    private static func checksum(_ body: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(Domain.token.prefix, body).bytes.prefix(checksumLength))
    }

    /// Reads what stands in the text between the prefix and the checksum.
    package init(decoding bytes: RawSpan) throws(WireError) {
        var id: TokenID?
        var secret: SecretBytes?
        var authority: IdentityKey?
        var endpoints: [Endpoint] = []
        var cursor = TLVCursor()
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.id: id = TokenID(try bytes.array(field, exactly: 16))
            case Field.secret: secret = SecretBytes(try bytes.array(field, exactly: 32))
            case Field.authority: authority = try bytes.bytes32(field)
            case Field.endpoints: endpoints = try bytes.endpoints(field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(
            id: try required(Field.id, id), secret: try required(Field.secret, secret),
            authority: try required(Field.authority, authority), endpoints: endpoints)
    }
}

private func isSpace(_ byte: UInt8) -> Bool { byte == 32 || 9...13 ~= byte }

/// Why a text is not a join token that this program can use.
public enum TokenError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It does not begin with "wmj1_".
    case notAToken
    /// It does, but its checksum does not fit.
    case mistyped
    /// The checksum fits, but the contents cannot be read: made by another version.
    case unreadable(WireError)

    public var description: String {
        switch self {
        case .notAToken: "This is not a join token: one begins with wmj1_; copy the whole line that `wiremesh token create` printed."
        case .mistyped: "The join token is damaged or cut off: copy the whole line that `wiremesh token create` printed."
        case .unreadable(let error):
            "The join token was made by a version that this one does not understand (\(error)): use the same version on both sides."
        }
    }
}
