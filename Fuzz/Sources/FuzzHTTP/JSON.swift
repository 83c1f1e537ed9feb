import FuzzKit
import NIOCore
import Wire

@testable import Coordinator
@testable import HTTPCompat

extension FuzzTarget {
    static let json = FuzzTarget("JSON", seeds: HTTPSeeds.json) { input in
        guard let value = try? JSONValue(parsing: input.bytes) else { return }
        guard let again = try? JSONValue(parsing: value.encoded.utf8) else { fatalError("read what cannot be written") }
        precondition(again == value, "reads as something else")
        _ = (value.integer, value.double, value.flag, value.text)
        var json = JSONWriter()
        ["x": CapabilityValue(value)].write(to: &json)
        guard let kept = try? JSONValue(parsing: json.buffer.readableBytesView), kept["x"] != nil else { fatalError("a broken answer") }
    }

    /// Files: catalogues, Noise vectors, tokens.
    static let files = FuzzTarget("Files", seeds: HTTPSeeds.files) { input in
        switch input.byte() % 3 {
        case 0:
            guard let catalogue = try? CatalogueFile.parse(input.rest(), name: "fuzz") else { return }
            precondition(Set(catalogue.entries.map(\.name)).count == catalogue.entries.count)
            precondition(
                catalogue.entries.allSatisfy { (1...4).contains($0.tier) && $0.priority > 0 && $0.port > 0 && Name.isValid($0.name) })
        case 1:
            guard let report = try? NoiseVectors.run(input.rest()) else { return }
            precondition(report.passed + report.failed + report.skipped == report.entries.count)
        default: _ = try? BearerTokens(text: String(decoding: input.rest(), as: UTF8.self), file: "fuzz")
        }
    }

    /// What HTTP-only workers say, the registry that takes it, and the answers that tell others of it.
    static let registration = FuzzTarget("Registration", seeds: HTTPSeeds.registrations) { input in
        let timing = Liveness.Timing(suspectAfter: .seconds(60), removeAfter: .seconds(90))
        var registry = Registry(catalogue: .standard, httpTiming: timing, revision: 0)
        let now = Instant(nanoseconds: 1_000_000_000_000)
        for part in input.bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 8) {
            guard let body = try? JSONValue(parsing: part) else { continue }
            var fields = FieldReader(body)
            if body["tunnel_url"] != nil {
                let registration = HTTPRegistration(&fields)
                guard (try? fields.check()) != nil, (try? registry.register(registration, now: now, wall: 0)) != nil else { continue }
                guard let stored = registry.stored(registration.workerID), let bytes = try? stored.encode() else { continue }
                precondition((try? StoredWorker(bytes)) != nil, "stored what cannot be read")
            } else {
                let beat = HTTPHeartbeat(&fields)
                if (try? fields.check()) != nil { try? registry.heartbeat(beat, now: now) }
            }
        }
        for view in registry.views(includingUnhealthy: true, now: now, wall: 0) {
            var json = JSONWriter()
            json.object { json in
                WorkerJSON(view: view, tunnelURL: view.record.tunnelURL ?? "", tasksCompleted: 0, latency: .milliseconds(1)).writeMembers(
                    to: &json)
            }
            guard let told = try? JSONValue(parsing: json.buffer.readableBytesView) else { fatalError("an answer that is not JSON") }
            precondition(MemberWorker(told) != nil, "our own client does not understand the answer")
            for service in view.assignedServices {
                guard let bytes = try? registry.encodedDiscover(service, limit: 10, now: now), (try? DiscoverAnswer(bytes)) != nil else {
                    fatalError("an answer that cannot be read")
                }
            }
        }
    }

    /// What a client makes of a coordinator's answers.
    static let answers = FuzzTarget("Answers", seeds: HTTPSeeds.answers) { input in
        guard let json = try? JSONValue(parsing: input.bytes) else { return }
        _ = ListedService(json)
        _ = MemberWorker(json)
        if let latency = Duration(latencyIn: json) { precondition(latency >= .zero) }
        guard let found = DiscoveredService(json) else { return }
        for worker in found.workers {
            let load = worker.record(offering: found.service).load
            precondition(load.limit == 100 && load.inFlight <= 100_000_000)
        }
    }
}
