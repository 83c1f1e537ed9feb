/// What a node of the DHT answers: the exchange number of the request, and one reply.
public struct DHTAnswer: Hashable, Sendable {
    public var exchange: UInt32
    public var reply: Reply

    /// What is replied. Each question has its own reply, or a refusal.
    public enum Reply: Hashable, Sendable {
        /// To a ping: where the asker is seen, and what the answering node says of itself.
        case pong(Pong)
        case found(FindAnswer)
        case stored(StoreAnswer)
        case synced(SyncAnswer)
        /// To a hint or a probe: heard. What comes of it, if anything, is not said.
        case noted
        case refused(Refusal)
    }

    /// Why a request is not answered.
    public enum Refusal: UInt8, Sendable, CaseIterable {
        /// More than this node answers to one peer, or at all: later.
        case overloaded = 1
        /// Only within a session: the address of the asker is not proven.
        case notInSession = 2
        /// Only for an entry of one's own.
        case notYours = 3
        /// The key is not the one of this service and provider.
        case wrongKey = 4
        /// This node does not do that: it is a client, or has no full view.
        case unsupported = 5
    }

    public init(exchange: UInt32, _ reply: Reply) {
        self.exchange = exchange
        self.reply = reply
    }
}

extension DHTAnswer: WireMessage {
    private enum Field {
        static let exchange: UInt16 = 2
        static let pong: UInt16 = 6
        static let found: UInt16 = 8
        static let stored: UInt16 = 10
        static let synced: UInt16 = 12
        static let noted: UInt16 = 14
        static let refusal: UInt16 = 16
    }

    public func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.exchange, exchange)
        switch reply {
        case .pong(let pong): writer.put(Field.pong, bytes: try pong.encode())
        case .found(let found): writer.put(Field.found, bytes: try found.encode())
        case .stored(let stored): writer.put(Field.stored, bytes: try stored.encode())
        case .synced(let synced): writer.put(Field.synced, bytes: try synced.encode())
        case .noted: writer.put(Field.noted, flag: true)
        case .refused(let refusal): writer.put(Field.refusal, refusal.rawValue)
        }
        let bytes = try writer.finish()
        guard bytes.count <= Limits.dhtMessage else { throw .oversized }
        return bytes
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        guard bytes.byteCount <= Limits.dhtMessage else { throw .oversized }  // DHT-4.1
        var cursor = TLVCursor()
        var exchange: UInt32?
        var reply: Reply?
        while let field = try cursor.next(in: bytes) {
            if field.type == Field.exchange {
                exchange = try bytes.integer(UInt32.self, field)
                continue
            }
            guard let said = try Self.reply(bytes, field) else { continue }
            guard reply == nil else { throw .badValue(field.type) }  // DHT-4.2
            reply = said
        }
        self.init(exchange: try required(Field.exchange, exchange), try required(Field.pong, reply))
    }

    /// The reply in `field`; `nil` for a field that may be skipped.
    private static func reply(_ bytes: RawSpan, _ field: TLVField) throws(WireError) -> Reply? {
        switch field.type {
        case Field.pong: return .pong(try bytes.nested(Pong.self, field.range))
        case Field.found: return .found(try bytes.nested(FindAnswer.self, field.range))
        case Field.stored: return .stored(try bytes.nested(StoreAnswer.self, field.range))
        case Field.synced: return .synced(try bytes.nested(SyncAnswer.self, field.range))
        case Field.noted:
            guard try bytes.flag(field) else { throw .badValue(field.type) }  // CONV-4.11
            return .noted
        case Field.refusal:
            guard let refusal = Refusal(rawValue: try bytes.integer(UInt8.self, field)) else { throw .badValue(field.type) }
            return .refused(refusal)
        default:
            try field.skipOrRefuse()
            return nil
        }
    }
}

/// The answer to a ping.
public struct Pong: Hashable, Sendable, WireMessage {
    /// Where the answering node sees the asker: a node behind a translation of addresses learns its outer one.
    public var observed: Endpoint
    /// What the answering node says of itself, signed.
    public var contact: Contact?
    /// Whether the answering node is a client: it has no place in tables.
    public var isClient: Bool

    public init(observed: Endpoint, contact: Contact? = nil, isClient: Bool = false) {
        self.observed = observed
        self.contact = contact
        self.isClient = isClient
    }

    private enum Field {
        static let observed: UInt16 = 2
        static let contact: UInt16 = 4
        static let client: UInt16 = 6
    }

    public func encode() throws(WireError) -> [UInt8] {
        try checkEndpoints(Field.observed, [observed])
        var writer = TLVWriter()
        writer.put(Field.observed, observed.description)
        if let contact { writer.put(Field.contact, bytes: try contact.encode()) }
        writer.put(Field.client, flag: isClient)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var observed: Endpoint?
        var contact: Contact?
        var isClient: Bool?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.observed: observed = try bytes.endpoint(field)
            case Field.contact: contact = try bytes.nested(Contact.self, field.range)
            case Field.client: isClient = try bytes.flag(field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(
            observed: try required(Field.observed, observed), contact: contact, isClient: try required(Field.client, isClient))
    }
}
