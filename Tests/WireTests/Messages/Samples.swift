import Testing
import Wire

/// One message of any type: its bytes, and the way through the decoder and back.
struct Sample: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var bytes: [UInt8]
    /// Decodes and encodes again.
    var cycle: @Sendable ([UInt8]) throws(WireError) -> [UInt8]
    /// Whether the bytes are one TLV stream; otherwise a `MessageSequence`.
    var isTLV = true

    init<M: WireMessage & Equatable>(_ name: String, _ message: M, isTLV: Bool = true) throws {
        testDescription = name
        bytes = try message.encode()
        self.isTLV = isTLV
        cycle = { bytes throws(WireError) in try M(bytes).encode() }
        guard try M(bytes) == message else { throw NotEqual() }
    }

    struct NotEqual: Error {}
}

/// Messages with every field, with none of the optional ones, and drawn at random from a fixed seed.
enum Samples {
    static func all() throws -> [Sample] {
        var random = SplitMix(state: 7)
        var samples = try fixed()
        for round in 0..<12 {
            let records = (0..<round % 5).map { _ in record(&random) }
            samples.append(try Sample("record \(round)", record(&random)))
            samples.append(try Sample("registration \(round)", registration(&random)))
            samples.append(try Sample("snapshot \(round)", WatchEvent.snapshot(revision: random.next(), records)))
            let answer = DiscoverAnswer(revision: random.next(), known: round % 2 == 0, total: 9, workers: records)
            samples.append(try Sample("discover answer \(round)", answer, isTLV: false))
        }
        return samples
    }

    private static func fixed() throws -> [Sample] {
        let key = Bytes32([UInt8](1...32)) ?? Bytes32()
        let load = LoadReport(inFlight: 1, limit: 2, queued: 3, serviceMicroseconds: 4)
        let endpoint = Endpoint(host: "::1", port: 7_700)
        let summary = ServiceSummary(name: "ocr", healthyWorkers: 2, tier: 1, requires: "gpu")
        let accepted = RegistrationAccepted(name: "w", observed: endpoint, reachable: nil, revision: 4)
        let signature = [UInt8](repeating: 9, count: 64)
        return [
            try Sample("bare record", WorkerRecord(name: "w")),
            try Sample("bare registration", Registration(bootEpoch: 1)),
            try Sample("service", ServiceRecord(name: "s")),
            try Sample("service load", ServiceLoad(service: "s", healthy: false, load: load)),
            try Sample("no load", LoadUpdate()),
            try Sample("load", LoadUpdate(services: [ServiceLoad(service: "s", load: load), ServiceLoad(service: "a", load: load)])),
            try Sample("accepted", accepted),
            try Sample("accepted, reachable", RegistrationAccepted(name: "w", observed: endpoint, reachable: true, revision: 4)),
            try Sample("summary", summary),
            try Sample("list", ServiceList(services: [summary, summary]), isTLV: false),
            try Sample("discover", DiscoverRequest(service: "ocr", limit: 7)),
            try Sample("resolve", ResolveRequest(name: "w-1.x_y")),
            try Sample("watch all", WatchRequest()),
            try Sample("watch some", WatchRequest(services: ["b", "a"])),
            try Sample("changed", WatchEvent.changed(revision: 3, WorkerRecord(name: "w"))),
            try Sample("removed", WatchEvent.removed(revision: 3, name: "w")),
            try Sample("empty snapshot", WatchEvent.snapshot(revision: 0, [])),
            try Sample(
                "enrol",
                EnrolRequest(name: "w", identityKey: key, features: .aes, roles: [.worker, .client], signature: signature)),
            try Sample("notice", Notice(.nameRequested, text: "somebody wants your name")),
            try Sample("revocations", Notice(.revoked, text: "", nodes: [key, Bytes32()])),
            try Sample("relay", RelayRecord(nodeID: key, endpoints: [endpoint])),
            try Sample("relay, nowhere", RelayRecord(nodeID: key, endpoints: [])),
            try Sample("circuit", CircuitRequest(node: key)),
            try Sample("renew", RenewRequest(features: .aes)),
            try Sample("enrolled", EnrolAnswer(certificate: [1, 2, 3], coordinators: [endpoint, Endpoint(host: "a.b", port: 1)])),
            try Sample("enrolled, nowhere", EnrolAnswer(certificate: [1], coordinators: [])),
        ]
    }

    static func record(_ random: inout SplitMix) -> WorkerRecord {
        var record = WorkerRecord(name: "worker-\(random.below(1_000))")
        record.nodeID = random.below(2) == 0 ? nil : Bytes32((0..<32).map { _ in UInt8(random.below(256)) })
        record.state = WorkerRecord.State.allCases[random.below(5)]
        record.bootEpoch = random.next()
        record.features = Features(rawValue: UInt32(random.below(4)))
        record.endpoints = (0..<random.below(4)).map { Endpoint(host: "10.0.0.\($0)", port: UInt16(random.below(65_536))) }
        record.tunnelURL = random.below(2) == 0 ? nil : "http://host-\(random.below(9)):8000"
        record.region = random.below(2) == 0 ? nil : "eu"
        record.zone = random.below(2) == 0 ? nil : ""
        record.capabilities = capabilities(&random)
        record.services = services(&random)
        record.load = LoadReport(inFlight: UInt32(random.below(100)), limit: 8, queued: 1, serviceMicroseconds: 2)
        record.ageMilliseconds = UInt32(random.below(100_000))
        return record
    }

    static func registration(_ random: inout SplitMix) -> Registration {
        var registration = Registration(bootEpoch: random.next())
        registration.advertised = (0..<random.below(3)).map { Endpoint(host: "fe80::\($0)", port: 7_701) }
        registration.listenPort = UInt16(random.below(65_536))
        registration.tunnelURL = random.below(2) == 0 ? nil : "http://[::1]:8000"
        registration.zone = random.below(2) == 0 ? nil : "a"
        registration.capabilities = capabilities(&random)
        registration.services = services(&random)
        return registration
    }

    private static func capabilities(_ random: inout SplitMix) -> [String: CapabilityValue] {
        var capabilities: [String: CapabilityValue] = [:]
        for index in 0..<random.below(6) {
            capabilities["key-\(index)-ü"] =
                switch random.below(5) {
                case 0: .bool(random.below(2) == 0)
                case 1: .int(Int64(bitPattern: random.next()))
                case 2: .double(Double(random.below(1_000)) / 7)
                case 3: .text("text \(random.next())")
                default: .json("{\"a\":[1,2,\(random.below(9))]}")
                }
        }
        return capabilities
    }

    private static func services(_ random: inout SplitMix) -> [ServiceRecord] {
        (0..<random.below(5)).map { index in
            var service = ServiceRecord(name: "service-\(index)")
            service.healthy = random.below(2) == 0
            service.limit = UInt32(random.below(64))
            service.compress = random.below(2) == 0
            return service
        }
    }
}

/// SplitMix64: the same numbers in every run.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
