extension Registration: WireMessage {
    private enum Field {
        static let bootEpoch: UInt16 = 2
        static let advertised: UInt16 = 4
        static let listenPort: UInt16 = 6
        static let tunnelURL: UInt16 = 8
        static let region: UInt16 = 9
        static let zone: UInt16 = 11
        static let capabilities: UInt16 = 13
        static let services: UInt16 = 14
        static let circuits: UInt16 = 15
    }

    /// At most `Limits.record` bytes; services and capabilities come out sorted.
    public func encode() throws(WireError) -> [UInt8] {
        try checkEndpoints(Field.advertised, advertised)
        try checkText(Field.tunnelURL, tunnelURL, limit: Limits.url)
        try checkText(Field.region, region, limit: Limits.region)
        try checkText(Field.zone, zone, limit: Limits.region)
        let capabilities = try Capabilities.encode(Field.capabilities, capabilities)
        let services = try ServiceRecords.encode(Field.services, services)
        var writer = TLVWriter()
        writer.put(Field.bootEpoch, bootEpoch)
        writer.put(Field.advertised, endpoints: advertised)
        writer.put(Field.listenPort, listenPort)
        writer.put(Field.tunnelURL, optional: tunnelURL)
        writer.put(Field.region, optional: region)
        writer.put(Field.zone, optional: zone)
        if !capabilities.isEmpty { writer.put(Field.capabilities, list: capabilities) }
        if !services.isEmpty { writer.put(Field.services, list: services) }
        if let circuits { writer.put(Field.circuits, flag: circuits) }
        let bytes = try writer.finish()
        guard bytes.count <= Limits.record else { throw .oversized }
        return bytes
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        guard bytes.byteCount <= Limits.record else { throw .oversized }  // MSG-5.3
        self.init(bootEpoch: 0)
        var cursor = TLVCursor()
        var bootEpoch: UInt64?
        var listenPort: UInt16?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.bootEpoch: bootEpoch = try bytes.integer(UInt64.self, field)
            case Field.advertised: advertised = try bytes.endpoints(field)
            case Field.listenPort: listenPort = try bytes.integer(UInt16.self, field)
            case Field.tunnelURL: tunnelURL = try bytes.text(field, limit: Limits.url)
            case Field.region: region = try bytes.text(field, limit: Limits.region)
            case Field.zone: zone = try bytes.text(field, limit: Limits.region)
            case Field.capabilities: capabilities = try Capabilities.decode(bytes, field)
            case Field.services: services = try ServiceRecords.decode(bytes, field)
            case Field.circuits: circuits = try bytes.flag(field)
            default: try field.skipOrRefuse()
            }
        }
        self.bootEpoch = try required(Field.bootEpoch, bootEpoch)
        self.listenPort = try required(Field.listenPort, listenPort)
    }
}

extension RegistrationAccepted: WireMessage {
    private enum Field {
        static let name: UInt16 = 2
        static let observed: UInt16 = 4
        static let reachable: UInt16 = 6
        static let revision: UInt16 = 8
        static let relays: UInt16 = 9
    }

    public func encode() throws(WireError) -> [UInt8] {
        try checkName(Field.name, name)
        try checkEndpoints(Field.observed, [observed])
        var writer = TLVWriter()
        writer.put(Field.name, name)
        writer.put(Field.observed, observed.description)
        if let reachable { writer.put(Field.reachable, flag: reachable) }
        writer.put(Field.revision, revision)
        try writer.put(Field.relays, relays: relays)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var name: String?
        var observed: Endpoint?
        var reachable: Bool?
        var revision: UInt64?
        var relays: [RelayRecord] = []
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.name: name = try bytes.name(field)
            case Field.observed: observed = try bytes.endpoint(field)
            case Field.reachable: reachable = try bytes.flag(field)
            case Field.revision: revision = try bytes.integer(UInt64.self, field)
            case Field.relays: relays = try bytes.relays(field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(
            name: try required(Field.name, name), observed: try required(Field.observed, observed),
            reachable: reachable, revision: try required(Field.revision, revision))
        self.relays = relays
    }
}
