import NIOCore
import Synchronization
import Transport
import Wire

/// The coordinators as a worker calls them over the wire. Thread-safe.
final class CoordinatorLink: Sendable {
    let endpoint: MeshEndpoint
    private let endpoints: Mutex<[Endpoint]>

    init(endpoint: MeshEndpoint, coordinators: [Endpoint]) {
        self.endpoint = endpoint
        endpoints = Mutex(coordinators)
    }

    /// Where the coordinators are from now on.
    func replace(_ coordinators: [Endpoint]) {
        if !coordinators.isEmpty { endpoints.withLock { $0 = coordinators } }
    }

    /// Any coordinator of this mesh.
    var target: LinkTarget { LinkTarget(.roles(.coordinator), endpoints: endpoints.withLock { $0 }) }

    /// Makes sure that a link is up and that the coordinator admits this node.
    func connect() async throws(CallError) -> PeerInfo { try await endpoint.connect(to: target) }

    // MARK: Methods

    func register(_ registration: Registration) async throws(CallError) -> RegistrationAccepted {
        try RegistrationAccepted(answer: await call(MeshMethod.register, registration))
    }

    /// Asks for a new certificate; the one in use stays until `replaceCredentials`.
    func renew(_ features: Features) async throws(CallError) -> EnrolAnswer {
        try EnrolAnswer(answer: await call(MeshMethod.renew, RenewRequest(features: features)))
    }

    func report(_ load: LoadUpdate) async throws(CallError) { _ = try await call(MeshMethod.load, load) }

    func drain() async throws(CallError) { _ = try await call(MeshMethod.drain, nil) }

    func leave() async throws(CallError) { _ = try await call(MeshMethod.leave, nil) }

    func discover(_ service: String, timeout: Duration) async throws(CallError) -> DiscoverAnswer {
        try DiscoverAnswer(answer: await call(MeshMethod.discover, DiscoverRequest(service: service), timeout: timeout))
    }

    /// One worker by name; `nil` if there is none.
    func resolve(_ name: String, timeout: Duration) async throws(CallError) -> WorkerRecord? {
        do {
            return try WorkerRecord(answer: await call(MeshMethod.resolve, ResolveRequest(name: name), timeout: timeout))
        } catch let error where error.code == .notFound {
            return nil
        }
    }

    /// The stream of changes to the workers of `services`; `body` gets each event. Returns when the stream ends.
    func watch(_ services: [String], body: @escaping @Sendable (WatchEvent) -> Void) async throws {
        var head = Head()
        head.method = MeshMethod.watch
        let request = try WatchRequest(services: services).encode()
        try await endpoint.caller(to: target).streaming(head, timeout: Limits.maximumDeadline) { call in
            try await call.write(ByteBuffer(bytes: request))
            call.finish()
            var reader = MessageReader()
            while let bytes = try await call.next() {
                reader.append(bytes.readableBytesView)
                while let message = try reader.next() { body(try WatchEvent(message)) }
            }
        }
    }

    private func call(
        _ method: String, _ request: (any WireMessage)?, timeout: Duration = .seconds(10)
    ) async throws(CallError) -> [UInt8] {
        var head = Head()
        head.method = method
        var body = ByteBuffer()
        do {
            if let request { body.writeBytes(try request.encode()) }
        } catch {
            throw CallError(.badRequest, "the request does not fit: \(error)")
        }
        return [UInt8](try await endpoint.caller(to: target).unary(head, body: body, timeout: timeout).body.readableBytesView)
    }
}

extension WireMessage {
    /// Reads an answer; what cannot be read is the other side's failure.
    fileprivate init(answer bytes: [UInt8]) throws(CallError) {
        do { try self.init(bytes) } catch { throw CallError(.protocolViolation, "the coordinator's answer cannot be read: \(error)") }
    }
}

/// The tier that asks a coordinator over the wire.
struct WireSource: RouteSource {
    let link: CoordinatorLink

    let tier = LookupChain.Tier(.wire, timeout: Limits.wireLookupTimeout, isAuthoritative: true)

    func find(_ key: RouteKey, timeout: Duration) async throws(CallError) -> DiscoverAnswer {
        guard Name.isValid(key.service), key.worker.isEmpty || Name.isValid(key.worker) else {
            return DiscoverAnswer(revision: 0, known: false, total: 0, workers: [])
        }
        guard !key.worker.isEmpty else { return try await link.discover(key.service, timeout: timeout) }
        let worker = try await link.resolve(key.worker, timeout: timeout)
        return DiscoverAnswer(pinned: worker, service: key.service)
    }
}

/// The tier that asks a coordinator over HTTP.
struct HTTPSource: RouteSource {
    let coordinator: any CoordinatorOverHTTP

    let tier = LookupChain.Tier(.http, timeout: Limits.httpLookupTimeout, isAuthoritative: true)

    func find(_ key: RouteKey, timeout: Duration) async throws(CallError) -> DiscoverAnswer {
        let answer = try await coordinator.discover(key.service, timeout: timeout)
        guard !key.worker.isEmpty else { return answer }
        return DiscoverAnswer(pinned: answer.workers.first { $0.name == key.worker }, service: key.service)
    }
}

extension DiscoverAnswer {
    /// The answer for a pinned worker: that one if it is there and has the service, known if it is there at all.
    fileprivate init(pinned worker: WorkerRecord?, service: String) {
        let offers = worker?.services.contains { $0.name == service && $0.healthy } ?? false
        self.init(
            revision: 0, known: worker?.services.contains { $0.name == service } ?? false, total: offers ? 1 : 0,
            workers: offers ? [worker].compactMap { $0 } : [])
    }
}
