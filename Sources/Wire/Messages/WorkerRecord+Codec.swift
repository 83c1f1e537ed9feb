extension WorkerRecord: WireMessage {
    private enum Field {
        static let name: UInt16 = 2
        static let nodeID: UInt16 = 4
        static let state: UInt16 = 6
        static let bootEpoch: UInt16 = 8
        static let features: UInt16 = 10
        static let endpoints: UInt16 = 12
        static let tunnelURL: UInt16 = 14
        static let region: UInt16 = 15
        static let zone: UInt16 = 17
        static let capabilities: UInt16 = 19
        static let services: UInt16 = 20
        static let relays: UInt16 = 21
        static let load: UInt16 = 22
        static let age: UInt16 = 24
    }

    /// At most `Limits.record` bytes; services and capabilities come out sorted.
    public func encode() throws(WireError) -> [UInt8] {
        try checkName(Field.name, name)
        try checkEndpoints(Field.endpoints, endpoints)
        try checkText(Field.tunnelURL, tunnelURL, limit: Limits.url)
        try checkText(Field.region, region, limit: Limits.region)
        try checkText(Field.zone, zone, limit: Limits.region)
        let capabilities = try Capabilities.encode(Field.capabilities, capabilities)
        let services = try ServiceRecords.encode(Field.services, services)
        var writer = TLVWriter()
        writer.put(Field.name, name)
        if let nodeID { writer.put(Field.nodeID, nodeID) }
        writer.put(Field.state, state.rawValue)
        writer.put(Field.bootEpoch, bootEpoch)
        writer.put(Field.features, features.rawValue)
        writer.put(Field.endpoints, endpoints: endpoints)
        writer.put(Field.tunnelURL, optional: tunnelURL)
        writer.put(Field.region, optional: region)
        writer.put(Field.zone, optional: zone)
        if !capabilities.isEmpty { writer.put(Field.capabilities, list: capabilities) }
        if !services.isEmpty { writer.put(Field.services, list: services) }
        try writer.put(Field.relays, relays: relays)
        writer.put(Field.load, bytes: load.encoded)
        writer.put(Field.age, ageMilliseconds)
        let bytes = try writer.finish()
        guard bytes.count <= Limits.record else { throw .oversized }
        return bytes
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        guard bytes.byteCount <= Limits.record else { throw .oversized }  // MSG-5.3
        var cursor = TLVCursor()
        var partial = Partial()
        while let field = try cursor.next(in: bytes) { try partial.take(field, bytes) }
        self = try partial.finish()
    }

    /// Bytes of the fields that change from moment to moment, load and age. They are the last ones, so that an encoding can be
    /// kept and its end replaced.
    package static let changingSize = 4 + LoadReport.encodedSize + 4 + 4

    /// These last fields.
    package static func encodeChanging(load: LoadReport, ageMilliseconds: UInt32) throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.load, bytes: load.encoded)
        writer.put(Field.age, ageMilliseconds)
        return try writer.finish()
    }

    /// A record whose required fields have not all been seen.
    private struct Partial {
        var record = WorkerRecord(name: "")
        var name: String?
        var state: State?
        var bootEpoch: UInt64?
        var features: UInt32?
        var load: LoadReport?
        var age: UInt32?

        mutating func take(_ field: TLVField, _ bytes: RawSpan) throws(WireError) {
            switch field.type {
            case Field.name: name = try bytes.name(field)
            case Field.nodeID: record.nodeID = try bytes.bytes32(field)
            case Field.state:
                guard let value = State(rawValue: try bytes.integer(UInt8.self, field)) else { throw .badValue(field.type) }  // CONV-4.11
                state = value
            case Field.bootEpoch: bootEpoch = try bytes.integer(UInt64.self, field)
            case Field.features: features = try bytes.integer(UInt32.self, field)
            case Field.endpoints: record.endpoints = try bytes.endpoints(field)
            case Field.tunnelURL: record.tunnelURL = try bytes.text(field, limit: Limits.url)
            case Field.region: record.region = try bytes.text(field, limit: Limits.region)
            case Field.zone: record.zone = try bytes.text(field, limit: Limits.region)
            case Field.capabilities: record.capabilities = try Capabilities.decode(bytes, field)
            case Field.services: record.services = try ServiceRecords.decode(bytes, field)
            case Field.relays: record.relays = try bytes.relays(field)
            case Field.load: load = try LoadReport(bytes, field)
            case Field.age: age = try bytes.integer(UInt32.self, field)
            default: try field.skipOrRefuse()
            }
        }

        func finish() throws(WireError) -> WorkerRecord {
            var record = record
            record.name = try required(Field.name, name)
            record.state = try required(Field.state, state)
            record.bootEpoch = try required(Field.bootEpoch, bootEpoch)
            record.features = Features(rawValue: try required(Field.features, features))
            record.load = try required(Field.load, load)
            record.ageMilliseconds = try required(Field.age, age)
            return record
        }
    }
}
