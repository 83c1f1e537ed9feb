import MeshTestKit
import Testing
import Transport
import Wire

@testable import Coordinator

/// A registry in virtual time. A class, so that expectations can call what changes it.
final class RegistryFixture {
    var registry: Registry
    var now = Instant(nanoseconds: 1_000_000_000_000)
    let wall: Int64 = 1_700_000_000_000_000

    init(catalogue: Catalogue = .standard, revision: UInt64 = 100) {
        let timing = Liveness.Timing(suspectAfter: .seconds(300), removeAfter: .seconds(600))
        registry = Registry(catalogue: catalogue, httpTiming: timing, revision: revision)
    }

    static func node(_ number: Int) -> NodeID {
        Bytes32([UInt8](repeating: 1, count: 24) + (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }) ?? Bytes32()
    }

    static func member(_ number: Int, from host: String = "10.0.0.1") -> Registry.Member {
        Registry.Member(
            name: "w\(number)", nodeID: node(number), features: .aes, observed: Endpoint(host: host, port: UInt16(40_000 + number % 10_000))
        )
    }

    static func registration(_ services: [String], port: UInt16 = 7_701, epoch: UInt64 = 1) -> Registration {
        var registration = Registration(bootEpoch: epoch)
        registration.listenPort = port
        registration.services = services.sorted().map(ServiceRecord.init(name:))
        return registration
    }

    /// Registers a worker with a link, and lets its dial back succeed unless told otherwise.
    func join(_ number: Int, _ services: [String], reachable: Bool = true, epoch: UInt64 = 1) throws {
        let member = Self.member(number)
        registry.linkUp(member.nodeID, link: UInt64(number))
        _ = try registry.register(member, Self.registration(services, epoch: epoch), now: now, wall: wall)
        answerProbes { _ in reachable }
    }

    func joinHTTP(_ name: String, _ services: [String]?, capabilities: [String: CapabilityValue] = [:]) throws -> HTTPRegistered {
        var registration = HTTPRegistration(workerID: name, tunnelURL: "http://\(name):8000", capabilities: capabilities)
        registration.services = services
        return try registry.register(registration, now: now, wall: wall)
    }

    /// Answers the probes that are asked for; returns how many.
    @discardableResult
    func answerProbes(_ reachable: (ProbeRequest) -> Bool) -> Int {
        let probes = registry.takeTodo().probes
        for probe in probes { registry.probed(probe, reachable: reachable(probe), now: now) }
        return probes.count
    }

    /// Lets time pass in steps of 100 ms; `hear` names the nodes that are heard at each step.
    func pass(_ duration: Duration, hearing nodes: [Int] = []) {
        for _ in 0..<(duration.wholeMilliseconds / 100) {
            now = now + .milliseconds(100)
            for node in nodes { registry.heard(Self.node(node), now: now) }
            registry.advance(to: now)
        }
    }

    func names(_ service: String, limit: Int? = nil) -> [String] {
        registry.discover(service, limit: limit, now: now).workers.map(\.name)
    }

    func register(_ member: Registry.Member, _ registration: Registration) throws -> RegistrationAccepted {
        try registry.register(member, registration, now: now, wall: wall)
    }

    func discover(_ service: String, limit: Int? = nil) -> DiscoverAnswer { registry.discover(service, limit: limit, now: now) }
    func drain(_ name: String) -> Bool { registry.drain(name) }
    var drained: [String: UInt64] { registry.drained }
    func list() -> [ServiceSummary] { registry.list() }
    func takeTodo() -> Registry.Todo { registry.takeTodo() }
    func isKnown(_ service: String) -> Bool { registry.isKnown(service) }
    func resolve(_ name: String) -> WorkerRecord? { registry.resolve(name, now: now) }
    func view(_ name: String) -> WorkerView? { registry.view(name, now: now, wall: wall) }
    func stamp(_ service: String) -> UInt64 { registry.discoverStamp(service, now: now) }

    func health(_ worker: String, _ service: String, _ healthy: Bool) throws {
        try registry.recordHealth(worker: worker, service: service, healthy: healthy)
    }

    func register(_ registration: HTTPRegistration) throws -> HTTPRegistered {
        try registry.register(registration, now: now, wall: wall)
    }

    func unregister(_ name: String) throws { try registry.unregister(name) }
    func stored(_ name: String) -> StoredWorker? { registry.stored(name) }
    func members() -> [ServiceMembers] { registry.members() }
    func counts() -> (total: Int, active: Int) { registry.counts() }
    func gaps() -> [Gap] { registry.gaps() }

    func beat(_ name: String, _ fill: (inout HTTPHeartbeat) -> Void = { _ in }) throws {
        var beat = HTTPHeartbeat(workerID: name)
        fill(&beat)
        try registry.heartbeat(beat, now: now)
    }

    func load(_ number: Int, _ loads: [String: LoadReport]) {
        let services = loads.sorted { $0.key < $1.key }.map { ServiceLoad(service: $0.key, load: $0.value) }
        registry.report(LoadUpdate(services: services), from: Self.node(number), now: now)
    }

    func state(_ name: String) -> WorkerRecord.State? { registry.resolve(name, now: now)?.state }
}
