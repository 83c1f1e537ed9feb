extension ServiceSummary: WireMessage {
    private enum Field {
        static let name: UInt16 = 2
        static let healthyWorkers: UInt16 = 4
        static let tier: UInt16 = 6
        static let requires: UInt16 = 8
    }

    public func encode() throws(WireError) -> [UInt8] {
        try checkName(Field.name, name)
        try checkText(Field.requires, requires, limit: Limits.name)
        var writer = TLVWriter()
        writer.put(Field.name, name)
        writer.put(Field.healthyWorkers, healthyWorkers)
        writer.put(Field.tier, tier)
        writer.put(Field.requires, requires)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var name: String?
        var healthyWorkers: UInt32?
        var tier: UInt8?
        var requires: String?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.name: name = try bytes.name(field)
            case Field.healthyWorkers: healthyWorkers = try bytes.integer(UInt32.self, field)
            case Field.tier: tier = try bytes.integer(UInt8.self, field)
            case Field.requires: requires = try bytes.text(field, limit: Limits.name)
            default: try field.skipOrRefuse()
            }
        }
        self.init(
            name: try required(Field.name, name), healthyWorkers: try required(Field.healthyWorkers, healthyWorkers),
            tier: try required(Field.tier, tier), requires: try required(Field.requires, requires))
    }
}

/// The answer of `mesh.list`: a sequence of `ServiceSummary` messages.
public struct ServiceList: Hashable, Sendable, WireMessage {
    public var services: [ServiceSummary]

    public init(services: [ServiceSummary]) { self.services = services }

    public func encode() throws(WireError) -> [UInt8] {
        var bytes: [UInt8] = []
        for service in services { try MessageSequence.append(try service.encode(), to: &bytes) }
        guard bytes.count <= Limits.message else { throw .oversized }
        return bytes
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        guard bytes.byteCount <= Limits.message else { throw .oversized }
        services = []
        var offset = 0
        while let range = try MessageSequence.next(in: bytes, at: &offset) {
            services.append(try bytes.nested(ServiceSummary.self, range))
        }
    }
}

/// Asks for workers of one service (method `mesh.discover`).
public struct DiscoverRequest: Hashable, Sendable, WireMessage {
    public var service: String
    /// How many workers at most; 0 means `Limits.discoverSample`.
    public var limit: UInt32

    public init(service: String, limit: UInt32 = 0) {
        self.service = service
        self.limit = limit
    }

    private enum Field {
        static let service: UInt16 = 2
        static let limit: UInt16 = 4
    }

    public func encode() throws(WireError) -> [UInt8] {
        try checkName(Field.service, service)
        var writer = TLVWriter()
        writer.put(Field.service, service)
        writer.put(Field.limit, limit)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var service: String?
        var limit: UInt32?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.service: service = try bytes.name(field)
            case Field.limit: limit = try bytes.integer(UInt32.self, field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(service: try required(Field.service, service), limit: try required(Field.limit, limit))
    }
}

/// A sequence: a message with revision, known and total, then one message per worker.
extension DiscoverAnswer: WireMessage {
    private enum Field {
        static let revision: UInt16 = 2
        static let known: UInt16 = 4
        static let total: UInt16 = 6
    }

    public func encode() throws(WireError) -> [UInt8] {
        var bytes = try Self.encodeHead(revision: revision, known: known, total: total)
        for worker in workers { try MessageSequence.append(try worker.encode(), to: &bytes) }
        guard bytes.count <= Limits.message else { throw .oversized }
        return bytes
    }

    /// The first message of the sequence, framed; `MessageSequence.append` adds workers that are encoded already.
    package static func encodeHead(revision: UInt64, known: Bool, total: UInt32) throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.revision, revision)
        writer.put(Field.known, flag: known)
        writer.put(Field.total, total)
        return try MessageSequence.framed(try writer.finish())
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        guard bytes.byteCount <= Limits.message else { throw .oversized }
        var offset = 0
        guard let head = try MessageSequence.next(in: bytes, at: &offset) else { throw .truncated }
        try self.init(head: bytes.extracting(head))
        while let range = try MessageSequence.next(in: bytes, at: &offset) {
            workers.append(try bytes.nested(WorkerRecord.self, range))
        }
    }

    private init(head bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var revision: UInt64?
        var known: Bool?
        var total: UInt32?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.revision: revision = try bytes.integer(UInt64.self, field)
            case Field.known: known = try bytes.flag(field)
            case Field.total: total = try bytes.integer(UInt32.self, field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(
            revision: try required(Field.revision, revision), known: try required(Field.known, known),
            total: try required(Field.total, total), workers: [])
    }
}

/// Asks for one worker by name (method `mesh.resolve`).
public struct ResolveRequest: Hashable, Sendable, WireMessage {
    public var name: String

    public init(name: String) { self.name = name }

    private static let name: UInt16 = 2

    public func encode() throws(WireError) -> [UInt8] {
        try checkName(Self.name, name)
        var writer = TLVWriter()
        writer.put(Self.name, name)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var name: String?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Self.name: name = try bytes.name(field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(name: try required(Self.name, name))
    }
}
