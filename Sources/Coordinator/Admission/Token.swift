import Wire

/// A join token as the coordinator keeps it.
struct Token: Sendable {
    var id: TokenID
    var secret: SecretBytes
    /// What the operator calls it; empty if nothing.
    var label: String
    var createdAt: UnixTime
    var expires: UnixTime
    /// How many different keys it admits.
    var uses: UInt32
    /// Identity keys that it has admitted. One that asks again, because it never got the answer, costs no further use.
    var users: [IdentityKey] = []
    var isRevoked = false

    /// Why `key` cannot use it; `nil` if it can.
    func refusal(of key: IdentityKey, now: UnixTime) -> ErrorCode? {
        if isRevoked { return .revoked }  // TOKEN-4.2
        if now >= expires { return .expired }
        return users.contains(key) || users.count < Int(uses) ? nil : .tokenUsedUp
    }

    /// Whether nothing is lost when it is forgotten.
    func isForgettable(now: UnixTime) -> Bool { now >= expires + Self.remembered }

    /// Seconds for which an expired token is still listed, and refused by name instead of by silence.
    private static let remembered: UInt64 = 30 * 86_400

    static func key(_ id: TokenID) -> String { prefix + id.description }
    static let prefix = "token/"
}

extension Token: WireMessage {
    private enum Field {
        static let id: UInt16 = 2
        static let secret: UInt16 = 4
        static let label: UInt16 = 6
        static let createdAt: UInt16 = 8
        static let expires: UInt16 = 10
        static let uses: UInt16 = 12
        static let users: UInt16 = 14
        static let isRevoked: UInt16 = 16
    }

    func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.id, bytes: id.bytes)
        writer.put(Field.secret, bytes: secret.exposed)
        writer.put(Field.label, label)
        writer.put(Field.createdAt, createdAt.seconds)
        writer.put(Field.expires, expires.seconds)
        writer.put(Field.uses, uses)
        writer.put(Field.users, bytes: users.flatMap(\.bytes))
        writer.put(Field.isRevoked, UInt8(isRevoked ? 1 : 0))
        return try writer.finish()
    }

    init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var id: TokenID?
        var secret: SecretBytes?
        var label = ""
        var createdAt: UInt64?
        var expires: UInt64?
        var uses: UInt32?
        var users: [IdentityKey] = []
        var isRevoked = false
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.id: id = TokenID(try bytes.array(field, limit: 16))
            case Field.secret: secret = SecretBytes(try bytes.array(field, limit: 32))
            case Field.label: label = try bytes.text(field, limit: Limits.name)
            case Field.createdAt: createdAt = try bytes.integer(UInt64.self, field)
            case Field.expires: expires = try bytes.integer(UInt64.self, field)
            case Field.uses: uses = try bytes.integer(UInt32.self, field)
            case Field.users: users = try bytes.keys(field)
            case Field.isRevoked: isRevoked = try bytes.integer(UInt8.self, field) != 0
            default: try field.skipOrRefuse()
            }
        }
        guard let id else { throw .missing(Field.id) }
        guard let secret, secret.count == 32 else { throw .missing(Field.secret) }
        guard let createdAt, let expires else { throw .missing(Field.expires) }
        guard let uses else { throw .missing(Field.uses) }
        self.init(
            id: id, secret: secret, label: label, createdAt: UnixTime(seconds: createdAt), expires: UnixTime(seconds: expires),
            uses: uses, users: users, isRevoked: isRevoked)
    }
}

extension RawSpan {
    /// A value that is a row of keys.
    fileprivate func keys(_ field: TLVField) throws(WireError) -> [IdentityKey] {
        guard field.range.count.isMultiple(of: 32), field.range.count / 32 <= Limits.tokenUses else { throw .badLength(field.type) }
        var keys: [IdentityKey] = []
        for start in stride(from: field.range.lowerBound, to: field.range.upperBound, by: 32) {
            guard let key = Bytes32(extracting(start..<start + 32)) else { throw .badLength(field.type) }
            keys.append(key)
        }
        return keys
    }
}
