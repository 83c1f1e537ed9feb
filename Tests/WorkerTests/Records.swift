import Testing
import Wire
import Worker

/// A worker of the wire that offers `services`, as a coordinator would describe it.
func record(
    _ name: String, services: [String] = ["echo"], state: WorkerRecord.State = .online, region: String? = nil, zone: String? = nil,
    limit: UInt32 = 8, bootEpoch: UInt64 = 1
) -> WorkerRecord {
    var record = WorkerRecord(name: name)
    record.nodeID = Bytes32([UInt8](repeating: UInt8(truncatingIfNeeded: name.utf8.reduce(0) { $0 &+ Int($1) }), count: 32))
    record.state = state
    record.bootEpoch = bootEpoch
    record.endpoints = [Endpoint(host: "192.0.2.1", port: 7701)]
    record.region = region
    record.zone = zone
    record.services = services.map { ServiceRecord(name: $0) }
    record.load = LoadReport(limit: limit)
    return record
}

/// A member that speaks HTTP only.
func httpRecord(_ name: String, services: [String] = ["echo"]) -> WorkerRecord {
    var record = record(name, services: services)
    record.nodeID = nil
    record.endpoints = []
    record.tunnelURL = "http://\(name):8000"
    return record
}

func member(_ record: WorkerRecord) -> Member? { Member(record, reach: [.wire, .http]) }

func answer(_ records: [WorkerRecord], known: Bool = true) -> DiscoverAnswer {
    DiscoverAnswer(revision: 1, known: known, total: UInt32(records.count), workers: records)
}

/// `#expect(a == b)` for values whose making mutates something, which the macro does not allow.
func expect<T: Equatable>(_ a: T, is b: T, _ comment: Comment? = nil, at place: SourceLocation = #_sourceLocation) {
    #expect(a == b, comment, sourceLocation: place)
}

/// `#require` for values whose making mutates something.
func require<T>(_ value: T?, at place: SourceLocation = #_sourceLocation) throws -> T { try #require(value, sourceLocation: place) }
