extension ServiceRecord: WireMessage {
    private enum Field {
        static let name: UInt16 = 2
        static let healthy: UInt16 = 4
        static let limit: UInt16 = 6
        static let compress: UInt16 = 8
    }

    public func encode() throws(WireError) -> [UInt8] {
        try checkName(Field.name, name)
        var writer = TLVWriter()
        writer.put(Field.name, name)
        writer.put(Field.healthy, flag: healthy)
        writer.put(Field.limit, limit)
        writer.put(Field.compress, flag: compress)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var name: String?
        var healthy: Bool?
        var limit: UInt32?
        var compress: Bool?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.name: name = try bytes.name(field)
            case Field.healthy: healthy = try bytes.flag(field)
            case Field.limit: limit = try bytes.integer(UInt32.self, field)
            case Field.compress: compress = try bytes.flag(field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(name: try required(Field.name, name))
        self.healthy = try required(Field.healthy, healthy)
        self.limit = try required(Field.limit, limit)
        self.compress = try required(Field.compress, compress)
    }
}

/// The services of one worker as a list sorted by name: one encoding, and no name twice.
enum ServiceRecords {
    static func encode(_ type: UInt16, _ services: [ServiceRecord]) throws(WireError) -> [[UInt8]] {
        try checkCount(services.count, limit: Limits.services)
        var elements: [[UInt8]] = []
        var last: String?
        for service in services.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            guard service.name != last else { throw .badValue(type) }
            elements.append(try service.encode())
            last = service.name
        }
        return elements
    }

    static func decode(_ bytes: RawSpan, _ field: TLVField) throws(WireError) -> [ServiceRecord] {
        var list = try bytes.nonEmptyList(field, limit: Limits.services)
        var services: [ServiceRecord] = []
        while let range = try list.next(in: bytes) {
            let service = try bytes.nested(ServiceRecord.self, range)
            if let last = services.last, !last.name.utf8.lexicographicallyPrecedes(service.name.utf8) {  // CONV-4.15
                throw .unordered(field.type)
            }
            services.append(service)
        }
        return services
    }
}
