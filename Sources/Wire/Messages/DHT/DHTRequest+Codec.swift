/// What one node of the DHT asks another: an exchange number, and one question.
public struct DHTRequest: Hashable, Sendable {
    /// Chosen by the asker; the answer repeats it. Sent again, a request is the same bytes.
    public var exchange: UInt32
    /// Whether the asker cannot be asked itself: it stays out of tables.
    public var isClient: Bool
    public var question: Question

    /// What is asked.
    public enum Question: Hashable, Sendable {
        /// Are you there? With what the asker says of itself, where it says so.
        case ping(Contact?)
        case find(FindRequest)
        case store(StoreRequest)
        case sync(SyncRequest)
        case unreachable(UnreachableHint)
        /// Without a contact: have somebody else probe the asker. With one: probe that node.
        case probe(Contact?)
    }

    public init(exchange: UInt32, isClient: Bool = false, _ question: Question) {
        self.exchange = exchange
        self.isClient = isClient
        self.question = question
    }
}

extension DHTRequest: WireMessage {
    private enum Field {
        static let exchange: UInt16 = 2
        static let client: UInt16 = 4
        static let ping: UInt16 = 6
        static let find: UInt16 = 8
        static let store: UInt16 = 10
        static let sync: UInt16 = 12
        static let unreachable: UInt16 = 14
        static let probe: UInt16 = 16
    }

    public func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.exchange, exchange)
        writer.put(Field.client, flag: isClient)
        switch question {
        case .ping(let contact): writer.put(Field.ping, bytes: try Introduction(contact).encode())
        case .find(let find): writer.put(Field.find, bytes: try find.encode())
        case .store(let store): writer.put(Field.store, bytes: try store.encode())
        case .sync(let sync): writer.put(Field.sync, bytes: try sync.encode())
        case .unreachable(let hint): writer.put(Field.unreachable, bytes: try hint.encode())
        case .probe(let contact): writer.put(Field.probe, bytes: try Introduction(contact).encode())
        }
        let bytes = try writer.finish()
        guard bytes.count <= Limits.dhtMessage else { throw .oversized }
        return bytes
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        guard bytes.byteCount <= Limits.dhtMessage else { throw .oversized }  // DHT-4.1
        var cursor = TLVCursor()
        var exchange: UInt32?
        var isClient: Bool?
        var question: Question?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.exchange: exchange = try bytes.integer(UInt32.self, field)
            case Field.client: isClient = try bytes.flag(field)
            default:
                guard let asked = try Self.question(bytes, field) else { continue }
                guard question == nil else { throw .badValue(field.type) }  // DHT-4.2
                question = asked
            }
        }
        self.init(
            exchange: try required(Field.exchange, exchange), isClient: try required(Field.client, isClient),
            try required(Field.ping, question))
    }

    /// The question in `field`; `nil` for a field that may be skipped.
    private static func question(_ bytes: RawSpan, _ field: TLVField) throws(WireError) -> Question? {
        switch field.type {
        case Field.ping: return .ping(try bytes.nested(Introduction.self, field.range).contact)
        case Field.find: return .find(try bytes.nested(FindRequest.self, field.range))
        case Field.store: return .store(try bytes.nested(StoreRequest.self, field.range))
        case Field.sync: return .sync(try bytes.nested(SyncRequest.self, field.range))
        case Field.unreachable: return .unreachable(try bytes.nested(UnreachableHint.self, field.range))
        case Field.probe: return .probe(try bytes.nested(Introduction.self, field.range).contact)
        default:
            try field.skipOrRefuse()
            return nil
        }
    }
}

/// The contact that a ping or a probe is about, where there is one.
public struct Introduction: Hashable, Sendable, WireMessage {
    public var contact: Contact?

    public init(_ contact: Contact?) { self.contact = contact }

    private enum Field {
        static let contact: UInt16 = 2
    }

    public func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        if let contact { writer.put(Field.contact, bytes: try contact.encode()) }
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.contact: contact = try bytes.nested(Contact.self, field.range)
            default: try field.skipOrRefuse()
            }
        }
    }
}

/// A finder's word to a holder: the provider of this entry could not be reached. The holder looks for itself.
public struct UnreachableHint: Hashable, Sendable, WireMessage {
    /// Where the entry is held.
    public var key: Bytes32
    public var provider: NodeID
    public var version: ProviderEntry.Version

    public init(key: Bytes32, provider: NodeID, version: ProviderEntry.Version) {
        self.key = key
        self.provider = provider
        self.version = version
    }

    private enum Field {
        static let key: UInt16 = 2
        static let provider: UInt16 = 4
        static let incarnation: UInt16 = 6
        static let sequence: UInt16 = 8
    }

    public func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.key, key)
        writer.put(Field.provider, provider)
        writer.put(Field.incarnation, version.incarnation)
        writer.put(Field.sequence, version.sequence)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var key: Bytes32?
        var provider: Bytes32?
        var incarnation: UInt64?
        var sequence: UInt64?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.key: key = try bytes.bytes32(field)
            case Field.provider: provider = try bytes.bytes32(field)
            case Field.incarnation: incarnation = try bytes.integer(UInt64.self, field)
            case Field.sequence: sequence = try bytes.integer(UInt64.self, field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(
            key: try required(Field.key, key), provider: try required(Field.provider, provider),
            version: ProviderEntry.Version(
                incarnation: try required(Field.incarnation, incarnation), sequence: try required(Field.sequence, sequence)))
    }
}
