extension LoadReport {
    /// Bytes of a load report: four big-endian u32 in the order of the fields.
    package static let encodedSize = 16

    /// The 16 bytes.
    package var encoded: [UInt8] {
        [inFlight, limit, queued, serviceMicroseconds].flatMap { word in
            stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
        }
    }

    /// Reads the value of `field`, which must have exactly 16 bytes.
    package init(_ bytes: RawSpan, _ field: TLVField) throws(WireError) {
        guard field.range.count == Self.encodedSize else { throw .badLength(field.type) }
        let start = field.range.lowerBound
        self.init(
            inFlight: try bytes.integer(UInt32.self, at: start),
            limit: try bytes.integer(UInt32.self, at: start + 4),
            queued: try bytes.integer(UInt32.self, at: start + 8),
            serviceMicroseconds: try bytes.integer(UInt32.self, at: start + 12)
        )
    }
}

/// How one service of a worker does: sent when nothing else says it (method `mesh.load`).
public struct ServiceLoad: Hashable, Sendable {
    public var service: String
    /// Whether the worker's own probe of the upstream succeeds.
    public var healthy: Bool
    public var load: LoadReport

    public init(service: String, healthy: Bool = true, load: LoadReport) {
        self.service = service
        self.healthy = healthy
        self.load = load
    }
}

extension ServiceLoad: WireMessage {
    private enum Field {
        static let service: UInt16 = 2
        static let healthy: UInt16 = 4
        static let load: UInt16 = 6
    }

    public func encode() throws(WireError) -> [UInt8] {
        try checkName(Field.service, service)
        var writer = TLVWriter()
        writer.put(Field.service, service)
        writer.put(Field.healthy, flag: healthy)
        writer.put(Field.load, bytes: load.encoded)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var service: String?
        var healthy: Bool?
        var load: LoadReport?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.service: service = try bytes.name(field)
            case Field.healthy: healthy = try bytes.flag(field)
            case Field.load: load = try LoadReport(bytes, field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(
            service: try required(Field.service, service), healthy: try required(Field.healthy, healthy),
            load: try required(Field.load, load))
    }
}

/// The load of a worker, service by service (method `mesh.load`). A service that is not named keeps what was last said.
public struct LoadUpdate: Hashable, Sendable {
    public var services: [ServiceLoad]

    public init(services: [ServiceLoad] = []) { self.services = services }
}

extension LoadUpdate: WireMessage {
    private static let services: UInt16 = 2

    public func encode() throws(WireError) -> [UInt8] {
        try checkCount(services.count, limit: Limits.services)
        var elements: [[UInt8]] = []
        for service in services { elements.append(try service.encode()) }
        var writer = TLVWriter()
        if !elements.isEmpty { writer.put(Self.services, list: elements) }
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        self.init()
        var cursor = TLVCursor()
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Self.services:
                var list = try bytes.nonEmptyList(field, limit: Limits.services)
                while let range = try list.next(in: bytes) {
                    services.append(try bytes.nested(ServiceLoad.self, range))
                }
            default: try field.skipOrRefuse()
            }
        }
    }
}
