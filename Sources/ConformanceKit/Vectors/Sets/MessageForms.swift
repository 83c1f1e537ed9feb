import Wire

/// Every message of the registry, with a sample of each.
extension MessageForm {
    static func all() throws -> [MessageForm] { try admission() + registration() + load() + discovery() + watch() + relay() }

    private static let key = Bytes32(Label.bytes("sample key")) ?? Bytes32()
    private static let endpoints = [Endpoint(host: "10.0.0.1", port: 7_701), Endpoint(host: "::1", port: 7_701)]
    static let report = LoadReport(inFlight: 3, limit: 8, queued: 1, serviceMicroseconds: 1_500)

    static let capabilities: [String: CapabilityValue] = [
        "gpu": .bool(true), "memory": .int(-1), "price": .double(0.125), "model": .text("large"), "labels": .json("{\"a\":[1]}"),
    ]

    static var services: [ServiceRecord] {
        var ocr = ServiceRecord(name: "ocr")
        ocr.limit = 4
        ocr.healthy = false
        return [ServiceRecord(name: "embed"), ocr]
    }

    static var record: WorkerRecord {
        var record = WorkerRecord(name: "worker-1")
        record.nodeID = key
        record.bootEpoch = 5 << 32 | 99
        record.features = .aes
        record.endpoints = endpoints
        record.tunnelURL = "https://worker-1.example:8443"
        record.region = "eu"
        record.zone = "a"
        record.capabilities = capabilities
        record.services = services
        record.relays = [relayed, RelayRecord(nodeID: Bytes32(Label.bytes("another relay")) ?? Bytes32(), endpoints: [])]
        record.load = report
        record.ageMilliseconds = 250
        return record
    }

    private static var relayed: RelayRecord {
        RelayRecord(nodeID: Bytes32(Label.bytes("a relay")) ?? Bytes32(), endpoints: endpoints)
    }

    private static func relay() throws -> [MessageForm] {
        [
            MessageForm(
                message: "RelayRecord", sample: try relayed.encode(),
                fields: [Field(2, "node_id", .bytes32), Field(4, "endpoints", .endpoints, required: false)]),
            MessageForm(message: "CircuitRequest", sample: try CircuitRequest(node: key).encode(), fields: [Field(2, "node", .bytes32)]),
        ]
    }

    private static func admission() throws -> [MessageForm] {
        let request = EnrolRequest(
            name: "worker-1", identityKey: key, features: .aes, roles: .worker, signature: Label.bytes("sample signature", 64))
        return [
            MessageForm(
                message: "EnrolRequest", sample: try request.encode(),
                fields: [
                    Field(2, "name", .name), Field(4, "identity_key", .bytes32), Field(6, "features", .u32), Field(8, "roles", .u32),
                    Field(10, "signature", .fixed(64)),
                ]),
            MessageForm(
                message: "EnrolAnswer",
                sample: try EnrolAnswer(certificate: Label.bytes("sample certificate", 40), coordinators: endpoints).encode(),
                fields: [Field(2, "certificate", .bytes(1_024)), Field(4, "coordinators", .endpoints, required: false)]),
            MessageForm(
                message: "RenewRequest", sample: try RenewRequest(features: .aes).encode(),
                fields: [Field(2, "features", .u32)]),
        ]
    }

    private static func registration() throws -> [MessageForm] {
        var registration = Registration(bootEpoch: 5 << 32 | 99)
        registration.advertised = endpoints
        registration.listenPort = 7_701
        registration.tunnelURL = "https://worker-1.example:8443"
        registration.region = "eu"
        registration.zone = "a"
        registration.capabilities = capabilities
        registration.services = services
        registration.circuits = true
        var accepted = RegistrationAccepted(name: "worker-1", observed: endpoints[0], reachable: true, revision: 1 << 60)
        accepted.relays = [relayed]
        return [
            MessageForm(
                message: "Registration", sample: try registration.encode(),
                fields: [
                    Field(2, "boot_epoch", .u64), Field(4, "advertised", .endpoints, required: false), Field(6, "listen_port", .u16),
                    Field(8, "tunnel_url", .text(2_048), required: false), Field(9, "region", .text(64), required: false),
                    Field(11, "zone", .text(64), required: false), Field(13, "capabilities", .special, required: false),
                    Field(14, "services", .special, required: false), Field(15, "circuits", .flag, required: false),
                ]),
            MessageForm(
                message: "RegistrationAccepted", sample: try accepted.encode(),
                fields: [
                    Field(2, "name", .name), Field(4, "observed", .endpoint), Field(6, "reachable", .flag, required: false),
                    Field(8, "revision", .u64), Field(9, "relays", .special, required: false),
                ]),
            MessageForm(
                message: "ServiceRecord", sample: try services[1].encode(),
                fields: [Field(2, "name", .name), Field(4, "healthy", .flag), Field(6, "limit", .u32), Field(8, "compress", .flag)]),
        ]
    }

    private static func load() throws -> [MessageForm] {
        let one = ServiceLoad(service: "ocr", healthy: false, load: report)
        return [
            MessageForm(
                message: "ServiceLoad", sample: try one.encode(),
                fields: [Field(2, "service", .name), Field(4, "healthy", .flag), Field(6, "load", .load)]),
            MessageForm(
                message: "LoadUpdate",
                sample: try LoadUpdate(services: [one, ServiceLoad(service: "embed", load: LoadReport())]).encode(),
                fields: [Field(2, "services", .special, required: false)]),
        ]
    }

    private static func discovery() throws -> [MessageForm] {
        let summary = ServiceSummary(name: "ocr", healthyWorkers: 70_000, tier: 2, requires: "gpu")
        return [
            MessageForm(
                message: "ServiceSummary", sample: try summary.encode(),
                fields: [
                    Field(2, "name", .name), Field(4, "healthy_workers", .u32), Field(6, "tier", .u8), Field(8, "requires", .text(128)),
                ]),
            MessageForm(
                message: "DiscoverRequest", sample: try DiscoverRequest(service: "ocr", limit: 7).encode(),
                fields: [Field(2, "service", .name), Field(4, "limit", .u32)]),
            MessageForm(
                message: "ResolveRequest", sample: try ResolveRequest(name: "worker-1").encode(),
                fields: [Field(2, "name", .name)]),
            MessageForm(
                message: "WorkerRecord", sample: try record.encode(),
                fields: [
                    Field(2, "name", .name), Field(4, "node_id", .bytes32, required: false), Field(6, "state", .oneOf(1...5)),
                    Field(8, "boot_epoch", .u64), Field(10, "features", .u32), Field(12, "endpoints", .endpoints, required: false),
                    Field(14, "tunnel_url", .text(2_048), required: false), Field(15, "region", .text(64), required: false),
                    Field(17, "zone", .text(64), required: false), Field(19, "capabilities", .special, required: false),
                    Field(20, "services", .special, required: false), Field(21, "relays", .special, required: false),
                    Field(22, "load", .load), Field(24, "age", .u32),
                ]),
        ]
    }

    private static func watch() throws -> [MessageForm] {
        let nodes = [key, Bytes32(Label.bytes("another node")) ?? Bytes32()]
        return [
            MessageForm(
                message: "WatchRequest", sample: try WatchRequest(services: ["ocr", "embed"]).encode(),
                fields: [Field(2, "services", .names(256), required: false)]),
            MessageForm(
                message: "WatchEvent", sample: try WatchEvent.removed(revision: 77, name: "worker-1").encode(),
                fields: [Field(2, "kind", .oneOf(1...3)), Field(4, "revision", .u64), Field(6, "name", .name)]),
            MessageForm(
                message: "Notice",
                sample: try Notice(.revoked, text: "revoked by the operator", nodes: nodes).encode(),
                fields: [Field(2, "kind", .u8), Field(4, "text", .text(256)), Field(6, "nodes", .special, required: false)]),
        ]
    }
}
