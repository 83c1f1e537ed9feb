/// Asks for the stream of changes (method `mesh.watch`). An empty body asks for everything.
public struct WatchRequest: Hashable, Sendable, WireMessage {
    /// Only workers with one of these services; empty means every worker.
    public var services: [String]

    public init(services: [String] = []) { self.services = services }

    private static let services: UInt16 = 2

    public func encode() throws(WireError) -> [UInt8] {
        try checkCount(services.count, limit: Limits.services)
        for service in services { try checkName(Self.services, service) }
        var writer = TLVWriter()
        if !services.isEmpty { writer.put(Self.services, list: services.map { [UInt8]($0.utf8) }) }
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        guard bytes.byteCount <= Limits.record else { throw .oversized }
        services = []
        var cursor = TLVCursor()
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Self.services:
                var list = try bytes.nonEmptyList(field, limit: Limits.services)
                while let range = try list.next(in: bytes) {
                    services.append(try bytes.name(TLVField(type: field.type, range: range)))
                }
            default: try field.skipOrRefuse()
            }
        }
    }
}

extension WatchEvent: WireMessage {
    private enum Kind: UInt8 {
        case snapshot = 1
        case changed = 2
        case removed = 3
    }

    private enum Field {
        static let kind: UInt16 = 2
        static let revision: UInt16 = 4
        static let name: UInt16 = 6
        static let record: UInt16 = 8
        static let records: UInt16 = 10
    }

    /// The revision that this event leads to.
    public var revision: UInt64 {
        switch self {
        case .snapshot(let revision, _), .changed(let revision, _), .removed(let revision, _): revision
        }
    }

    public func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        switch self {
        case .snapshot(let revision, let records):
            var elements: [[UInt8]] = []
            for record in records { elements.append(try record.encode()) }
            return try Self.encodeSnapshot(revision: revision, records: elements)
        case .changed(let revision, let record):
            return try Self.encodeChanged(revision: revision, record: try record.encode())
        case .removed(let revision, let name):
            try checkName(Field.name, name)
            writer.put(Field.kind, Kind.removed.rawValue)
            writer.put(Field.revision, revision)
            writer.put(Field.name, name)
        }
        return try writer.finish()
    }

    /// `.snapshot` with records that are encoded already; at most `Limits.snapshotRecords` and 65,535 bytes of them. A larger
    /// snapshot begins with one of these and goes on with `.changed`, each with revision 0 but the last, which has the
    /// snapshot's, so that nobody takes a part for the whole.
    package static func encodeSnapshot(revision: UInt64, records: [[UInt8]]) throws(WireError) -> [UInt8] {
        try checkCount(records.count, limit: Limits.snapshotRecords)
        var writer = TLVWriter()
        writer.put(Field.kind, Kind.snapshot.rawValue)
        writer.put(Field.revision, revision)
        if !records.isEmpty { writer.put(Field.records, list: records) }
        return try writer.finish()
    }

    /// `.changed` with a record that is encoded already, so that many watchers cost one encoding.
    package static func encodeChanged(revision: UInt64, record: [UInt8]) throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.kind, Kind.changed.rawValue)
        writer.put(Field.revision, revision)
        writer.put(Field.record, bytes: record)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var kind: Kind?
        var revision: UInt64?
        var name: String?
        var record: WorkerRecord?
        var records: [WorkerRecord]?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.kind:
                guard let value = Kind(rawValue: try bytes.integer(UInt8.self, field)) else { throw .badValue(field.type) }  // CONV-4.11
                kind = value
            case Field.revision: revision = try bytes.integer(UInt64.self, field)
            case Field.name: name = try bytes.name(field)
            case Field.record: record = try bytes.nested(WorkerRecord.self, field.range)
            case Field.records: records = try Self.records(bytes, field)
            default: try field.skipOrRefuse()
            }
        }
        let at = try required(Field.revision, revision)
        switch try required(Field.kind, kind) {
        case .snapshot:
            try Self.refuse(Field.name, name, Field.record, record)
            self = .snapshot(revision: at, records ?? [])
        case .changed:
            try Self.refuse(Field.name, name, Field.records, records)
            self = .changed(revision: at, try required(Field.record, record))
        case .removed:
            try Self.refuse(Field.record, record, Field.records, records)
            self = .removed(revision: at, name: try required(Field.name, name))
        }
    }

    private static func records(_ bytes: RawSpan, _ field: TLVField) throws(WireError) -> [WorkerRecord] {
        var records: [WorkerRecord] = []
        var list = try bytes.nonEmptyList(field, limit: Limits.snapshotRecords)
        while let range = try list.next(in: bytes) {
            records.append(try bytes.nested(WorkerRecord.self, range))
        }
        return records
    }

    /// Fields of another kind of event do not belong here.
    private static func refuse(_ a: UInt16, _ first: Any?, _ b: UInt16, _ second: Any?) throws(WireError) {  // MSG-6.5
        if first != nil { throw .badValue(a) }
        if second != nil { throw .badValue(b) }
    }
}
