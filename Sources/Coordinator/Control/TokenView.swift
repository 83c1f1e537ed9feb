public import Wire

/// What a new token is to be.
public struct TokenRequest: Sendable, Hashable {
    /// What the operator calls it; empty for nothing.
    public var name = ""
    /// Seconds for which it can be used.
    public var life: UInt64 = 3_600
    /// How many different nodes it admits.
    public var uses: UInt32 = 1
    /// Where joiners are to dial; empty means where the coordinator is reached.
    public var addresses: [Endpoint] = []

    public init() {}
}

/// A token as it is listed: everything but its secret.
public struct TokenView: Sendable, Hashable {
    /// 32 hexadecimal digits.
    public var id: String
    /// What the operator calls it; empty for nothing.
    public var name: String
    public var createdAt: UnixTime
    public var expires: UnixTime
    /// How many different nodes it admits.
    public var uses: UInt32
    /// How many it has admitted.
    public var used: UInt32
    public var state: State

    /// Whether it admits somebody who has not used it yet.
    public enum State: UInt8, Sendable, CaseIterable {
        case valid = 1
        case expired, usedUp, revoked
    }
}

extension TokenView {
    init(_ token: Token, now: UnixTime) {
        id = token.id.description
        name = token.label
        createdAt = token.createdAt
        expires = token.expires
        uses = token.uses
        used = UInt32(clamping: token.users.count)
        state =
            if token.isRevoked {
                .revoked
            } else if now >= token.expires {
                .expired
            } else {
                used >= uses ? .usedUp : .valid
            }
    }
}

extension TokenView: WireMessage {
    private enum Field {
        static let id: UInt16 = 2
        static let name: UInt16 = 4
        static let createdAt: UInt16 = 6
        static let expires: UInt16 = 8
        static let uses: UInt16 = 10
        static let used: UInt16 = 12
        static let state: UInt16 = 14
    }

    public func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.id, id)
        writer.put(Field.name, name)
        writer.put(Field.createdAt, createdAt.seconds)
        writer.put(Field.expires, expires.seconds)
        writer.put(Field.uses, uses)
        writer.put(Field.used, used)
        writer.put(Field.state, state.rawValue)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var (id, name) = ("", "")
        var numbers: [UInt16: UInt64] = [:]
        var state: State?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.id: id = try bytes.text(field, limit: 32)
            case Field.name: name = try bytes.text(field, limit: Limits.name)
            case Field.createdAt, Field.expires: numbers[field.type] = try bytes.integer(UInt64.self, field)
            case Field.uses, Field.used: numbers[field.type] = UInt64(try bytes.integer(UInt32.self, field))
            case Field.state: state = State(rawValue: try bytes.integer(UInt8.self, field))
            default: try field.skipOrRefuse()
            }
        }
        guard let state else { throw .missing(Field.state) }
        func number(_ field: UInt16) -> UInt64 { numbers[field] ?? 0 }
        self.init(
            id: id, name: name, createdAt: UnixTime(seconds: number(Field.createdAt)),
            expires: UnixTime(seconds: number(Field.expires)), uses: UInt32(clamping: number(Field.uses)),
            used: UInt32(clamping: number(Field.used)), state: state)
    }
}
