import Wire

/// Honest inputs to begin with, so that the fuzzers need not find the formats by chance.
public enum FuzzSeeds {
    /// Bytes without a meaning, for machines that read each input as events.
    public static let noise: [[UInt8]] = (1...8).map { seed in
        var state = UInt64(seed)
        return (0..<(seed * 100)).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
    }

    /// The seeds of the targets of Wire.
    public static func all() throws -> [String: [[UInt8]]] {
        [
            "TLV": [try worker().encode()],
            "Certificate": [FuzzMesh.worker.certificate?.encoded ?? [], try FuzzMesh.worker.encoded()],
            "Token": [Array(try FuzzMesh.token.text().utf8), Array("[2001:db8::1]:7700".utf8)],
            "Handshake": [[0, 255] + (try firstFlight()), [1] + [UInt8](repeating: 0, count: 16), [2, 1, 0, 40, 0, 1]],
            "Head": [try head().encode(), try Head().encode()],
            "Messages": try messages(),
            "LZ4": [[0, 0] + [UInt8](repeating: 65, count: 600), [0, 64, 0x1F, 65, 1, 0, 44, 0x50, 65, 65, 65, 65, 65]],
            "Link": [try conversation(startsWith: 0), try conversation(startsWith: 1)],
        ]
    }

    private static func firstFlight() throws -> [UInt8] {
        var initiator = FuzzMesh.initiator(enrols: false)
        return try initiator.start()
    }

    private static func head() -> Head {
        var head = Head()
        head.service = "embeddings"
        head.verb = "POST"
        head.path = "/v1/x?y=z"
        head.deadline = 1_000
        head.hops = 3
        head.idempotencyKey = "key"
        head.traceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        head.fields = [Head.Field("content-type", "application/json")]
        head.load = LoadReport(inFlight: 1, limit: 2, queued: 3, serviceMicroseconds: 4)
        return head
    }

    private static func worker() -> WorkerRecord {
        var service = ServiceRecord(name: "ocr")
        service.limit = 4
        var record = WorkerRecord(name: "worker-1")
        record.nodeID = FuzzMesh.worker.certificate?.nodeID
        record.endpoints = FuzzMesh.token.endpoints
        record.tunnelURL = "http://10.0.0.1:8000"
        record.region = "eu"
        record.zone = "a"
        record.capabilities = ["gpu": .bool(true), "cores": .int(8), "share": .double(0.5), "host": .text("h"), "x": .json("[1]")]
        record.services = [service]
        return record
    }

    private static func messages() throws -> [[UInt8]] {
        var registration = Registration(bootEpoch: 3)
        registration.advertised = FuzzMesh.token.endpoints
        registration.services = worker().services
        let certificate = FuzzMesh.worker.certificate?.encoded ?? []
        let contact = Contact(
            nodeID: FuzzMesh.authority.publicKey, staticKey: FuzzMesh.authority.publicKey, endpoints: FuzzMesh.token.endpoints,
            signature: [UInt8](repeating: 1, count: 64))
        let messages: [any WireMessage] = [
            EnrolRequest(
                name: "w", identityKey: FuzzMesh.authority.publicKey, features: .aes, roles: .worker,
                signature: [UInt8](repeating: 1, count: 64)),
            RenewRequest(features: .aes), EnrolAnswer(certificate: certificate, coordinators: FuzzMesh.token.endpoints), worker(),
            ServiceLoad(service: "ocr", load: LoadReport(inFlight: 1)),
            LoadUpdate(services: [ServiceLoad(service: "ocr", load: LoadReport(inFlight: 1))]),
            Notice(.revoked, text: "gone", nodes: [FuzzMesh.authority.publicKey]),
            ServiceSummary(name: "ocr", healthyWorkers: 2, tier: 1, requires: "gpu"),
            ServiceList(services: [ServiceSummary(name: "ocr", healthyWorkers: 2, tier: 1, requires: "")]),
            DiscoverRequest(service: "ocr", limit: 3), DiscoverAnswer(revision: 9, known: true, total: 1, workers: [worker()]),
            ResolveRequest(name: "w"), worker().services[0], WatchRequest(services: ["ocr"]),
            WatchEvent.snapshot(revision: 4, [worker()]), registration,
            RegistrationAccepted(name: "w", observed: Endpoint(host: "::1", port: 1), reachable: true, revision: 2),
            RelayRecord(nodeID: FuzzMesh.authority.publicKey, endpoints: FuzzMesh.token.endpoints),
            CircuitRequest(node: FuzzMesh.authority.publicKey),
            DHTRequest(exchange: 1, .ping(contact)), DHTAnswer(exchange: 1, .found(FindAnswer(total: 1, contacts: [contact.unsigned]))),
        ]
        var seeds: [[UInt8]] = []
        for (kind, message) in zip(UInt8(0)..., messages) { seeds.append([kind] + (try message.encode())) }
        return seeds
    }

    /// A link's life as `FuzzShell` reads it: the peer opens a stream and sends; this side answers, opens one itself, lets time pass.
    private static func conversation(startsWith role: UInt8) throws -> [UInt8] {
        let (theirs, mine): (UInt8, UInt8) = role == 0 ? (1, 2) : (2, 1)
        let head = try head().encode()
        let opening = frame(2, 0, theirs, head) + frame(0, 1, theirs, Array("body".utf8))
        let answering = frame(2, 0, mine, try Head().encode()) + frame(0, 4, mine, [0, 64, 0x1F, 65, 1, 0, 44, 0x50, 65, 65, 65, 65, 65])
        let rest =
            frame(4, 0, mine, [0, 0, 0, 0, 0, 1, 0, 0]) + frame(4, 0, 0, [0, 0, 0, 0, 0, 2, 0, 0]) + frame(6, 0, 0, [0, 0, 0, 20])
            + frame(8, 0, mine, [0, 16]) + frame(10, 0, theirs, [0, 16, 0, 0, 0, 0, 104, 105]) + frame(12, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8])
            + frame(14, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]) + frame(1, 0, 0, [0, 0]) + frame(16, 0, 0, [0, 0, 0, 9, 0, 23])
        return [role, 3, 1, 1, 0] + hear(opening) + [4, 0, 0, 5, 1, 0, 65, 16, 0, 11] + hear(answering) + [10] + hear(rest)
            + [9, 0, 200, 11, 6, 0, 7, 0, 7, 1, 11]
    }

    private static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [UInt8(payload.count >> 8), UInt8(payload.count & 255), type, flags, 0, 0, 0, stream] + payload
    }

    private static func hear(_ frames: [UInt8]) -> [UInt8] { [0, UInt8(frames.count >> 8), UInt8(frames.count & 255)] + frames }
}
