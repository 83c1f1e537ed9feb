import FuzzKit
import Transport
import Wire

@testable import Worker

/// Records of a few workers, as a registry might tell them.
enum Workers {
    static let names = ["w0", "w1", "w2", "w3", "w4", "own"]
    static let services = ["a", "b", "c"]

    static func record(_ input: inout FuzzInput) -> WorkerRecord {
        var record = WorkerRecord(name: names[input.choice(names.count)])
        let bits = input.byte()
        if bits & 1 == 0 { record.nodeID = Bytes32() }
        record.endpoints = bits & 2 == 0 ? FuzzMesh.token.endpoints : []
        record.tunnelURL = bits & 4 == 0 ? "http://10.0.0.1:80" : nil
        record.state = WorkerRecord.State(rawValue: bits >> 3 & 7) ?? .online
        record.bootEpoch = UInt64(bits >> 6)
        record.load = load(&input)
        record.services = services.enumerated().map { place, name in
            var service = ServiceRecord(name: name)
            service.healthy = bits >> 5 & 1 == 0 || place != 1
            return service
        }
        return record
    }

    static func load(_ input: inout FuzzInput) -> LoadReport {
        LoadReport(
            inFlight: UInt32(truncatingIfNeeded: input.number()), limit: UInt32(input.byte()), queued: UInt32(input.byte()),
            serviceMicroseconds: UInt32(input.word()))
    }

    static let codes: [ErrorCode] = [
        .linkLost, .overloaded, .draining, .notFound, .cancelled, .deadlineExceeded, .upstreamFailed, .unreachable, .busy, .tooLarge,
        .internalError,
    ]
}
