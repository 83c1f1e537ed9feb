import NIOCore
import Synchronization
import Transport
import Wire

/// All services of this worker, and what it answers to calls that come over links. Thread-safe.
///
/// A call from a link is served here or refused with NOT_PROCESSED, never passed on: the worker where it entered the mesh
/// chooses another one.
final class ServiceHost: StreamAcceptor, Sendable {
    /// The worker's name, as certified.
    let name: String
    private let services: [String: LocalService]
    private let draining = Mutex(false)
    /// Answers requests of the DHT that come over links.
    private let dht = Mutex<(@Sendable ([UInt8], PeerInfo) async -> [UInt8]?)?>(nil)
    /// Hears the coordinator's notices.
    private let notices: @Sendable (Notice, PeerInfo) -> Void

    init(name: String, services: [HostedService], notices: @escaping @Sendable (Notice, PeerInfo) -> Void = { _, _ in }) {
        self.name = name
        self.services = Dictionary(
            services.map { ($0.name, LocalService($0, worker: name)) }, uniquingKeysWith: { first, _ in first })
        self.notices = notices
    }

    /// Who answers requests of the DHT that come over links.
    func answerDHT(_ body: @escaping @Sendable ([UInt8], PeerInfo) async -> [UInt8]?) { dht.withLock { $0 = body } }

    func service(_ name: String) -> LocalService? { services[name] }

    /// In the order of their names.
    var all: [LocalService] { services.values.sorted { $0.definition.name < $1.definition.name } }

    var records: [ServiceRecord] { all.map(\.record) }

    /// Whether calls from links are answered *draining*.
    var isDraining: Bool { draining.withLock { $0 } }

    /// From now on calls from links are answered *draining*.
    func drain() { draining.withLock { $0 = true } }

    /// Calls that run or wait.
    var inFlight: Int { services.values.reduce(0) { $0 + Int($1.load.inFlight) + Int($1.load.queued) } }

    // MARK: Calls from links

    func accept(_ head: Head, from peer: PeerInfo, stream: any ServerStream) -> any CallReceiver {
        if let refusal = refusal(of: head, from: peer) {
            stream.fail(refusal)
            return DroppedReceiver()
        }
        if !head.method.isEmpty {
            return handler(of: head.method).accept(head, from: peer, stream: stream)
        }
        guard let service = services[head.service] else {
            stream.fail(CallError(.notFound, "\(name) does not offer \(head.service)"))
            return DroppedReceiver()
        }
        if !service.definition.compress { stream.forbidCompression() }  // LZ4-3.1
        return Splice.start(stream) { service.open(head, on: stream.eventLoop, receiver: $0) }  // CALL-1.3
    }

    private func refusal(of head: Head, from peer: PeerInfo) -> CallError? {
        if peer.isExpired { return CallError(.permissionDenied, "the certificate of \(peer.name) has expired") }
        switch head.method {
        case MeshMethod.ping, MeshMethod.dht: return nil
        case MeshMethod.notice:
            return peer.roles.contains(.coordinator) ? nil : CallError(.permissionDenied, "only a coordinator sends notices")  // MSG-8.1
        case "": break
        default: return CallError(.notFound, "a worker has no method \(head.method)")  // MSG-1.5
        }
        if isDraining { return CallError(.draining, "\(name) is shutting down") }  // CALL-5.6
        if !head.worker.isEmpty, head.worker != name { return CallError(.notFound, "this is \(name), not \(head.worker)") }  // CALL-1.2
        // CALL-1.1
        guard let service = services[head.service] else { return CallError(.notFound, "\(name) does not offer \(head.service)") }
        return service.isHealthy ? nil : service.refusal
    }

    private func handler(of method: String) -> ServiceHandler {
        switch method {
        case MeshMethod.notice: notice
        case MeshMethod.dht: .dht { [self] in await dht.withLock { $0 }?($0, $1) }
        default: Self.ping
        }
    }

    private static let ping = ServiceHandler.inline { _, body, _ in (Head(), body) }  // MSG-1.6

    private var notice: ServiceHandler {
        .inline { [notices] _, body, peer throws(CallError) in
            do {
                notices(try Notice([UInt8](body.readableBytesView)), peer)
            } catch {
                throw CallError(.badRequest, "\(error)")
            }
            return (Head(), ByteBuffer())
        }
    }
}
