import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing
import Transport
import Wire

@testable import Coordinator

/// A coordinator on a loopback port, in this process.
final class RunningCoordinator: Sendable {
    let node: CoordinatorNode
    let address: Endpoint
    private let running: Task<Void, Never>

    static func start(
        _ folder: String, port: UInt16 = 0, _ configure: (inout CoordinatorConfiguration) -> Void = { _ in }
    ) async throws -> RunningCoordinator {
        var configuration = CoordinatorConfiguration(dataFolder: folder, listenHost: "127.0.0.1", listenPort: port)
        configure(&configuration)
        var logger = Logger(label: "coordinator")
        logger.logLevel = .critical
        let node = try await CoordinatorNode.open(configuration, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
        return RunningCoordinator(node, try await node.listen())
    }

    private init(_ node: CoordinatorNode, _ address: Endpoint) {
        self.node = node
        self.address = address
        running = Task { await node.run() }
    }

    func token(uses: UInt32 = 100) async throws -> JoinToken {
        var request = TokenRequest()
        request.uses = uses
        return try JoinToken(try await node.createToken(request))
    }

    func stop() async {
        await node.shutdown()
        running.cancel()
        await running.value
    }
}

/// A worker as far as a coordinator sees it: keys, certificate, links, registration.
final class TestWorker: Sendable {
    let identity: IdentityKeyPair
    let staticKey: StaticKeyPair
    let epoch: BootEpoch
    let endpoint: MeshEndpoint
    let notices = Notices()
    private let certificate = Mutex<Certificate?>(nil)
    private let coordinators = Mutex<[Endpoint]>([])

    /// A new node, or with `copying` a copy of another one's keys and certificate.
    init(
        authority: IdentityKey, copying other: TestWorker? = nil, epoch: BootEpoch = BootEpoch(starts: 1, nonce: 1),
        certificate shown: Certificate? = nil
    ) throws {
        identity = try other?.identity ?? IdentityKeyPair(seed: SystemRandom.secret())
        staticKey = try other?.staticKey ?? StaticKeyPair(secret: SystemRandom.secret())
        self.epoch = epoch
        let copied = shown ?? other?.certificate.withLock { $0 }
        let credentials = NodeCredentials(identity: identity, staticKey: staticKey, authority: authority, certificate: copied)
        var logger = Logger(label: "worker")
        logger.logLevel = .critical
        endpoint = MeshEndpoint(
            credentials: credentials, configuration: .init(bootEpoch: epoch.rawValue), acceptor: notices.table, admission: AdmitMembers(),
            group: MultiThreadedEventLoopGroup.singleton, logger: logger)
        if let copied {
            certificate.withLock { $0 = copied }
            let known = other?.coordinators.withLock { $0 } ?? []
            coordinators.withLock { $0 = known }
        }
    }

    var nodeID: NodeID? { certificate.withLock { $0?.nodeID } }
    var name: String? { certificate.withLock { $0?.name } }

    /// Asks for a certificate.
    func enrol(_ token: JoinToken, as name: String, tamper: Bool = false) async throws {
        let identity = identity
        let body = try await endpoint.enrol(token) { peer in
            let signed = EnrolRequest.signedBytes(handshakeHash: peer.handshakeHash, name: tamper ? "other" : name)
            let request = EnrolRequest(
                name: name, identityKey: identity.publicKey, features: [], roles: .worker, signature: identity.sign(.enrolment, signed))
            var head = Head()
            head.method = MeshMethod.enrol
            return (head, ByteBuffer(bytes: try request.encode()))
        }
        try take(try EnrolAnswer(Array(buffer: body)))
    }

    private func take(_ answer: EnrolAnswer) throws {
        let issued = try Certificate(decoding: answer.certificate)
        try issued.verify(authority: endpoint.credentials.authority)
        certificate.withLock { $0 = issued }
        coordinators.withLock { $0 = answer.coordinators }
        var credentials = endpoint.credentials
        credentials.certificate = issued
        endpoint.replaceCredentials(credentials)
    }

    /// The coordinator, wherever the certificate's answer said.
    var coordinator: LinkTarget { LinkTarget(.roles(.coordinator), endpoints: coordinators.withLock { $0 }) }

    func call(_ method: String, _ body: [UInt8] = []) async throws -> [UInt8] {
        var head = Head()
        head.method = method
        let answer = try await endpoint.caller(to: coordinator).unary(head, body: ByteBuffer(bytes: body), timeout: .seconds(10))
        return Array(buffer: answer.body)
    }

    func renew() async throws {
        try take(try EnrolAnswer(try await call(MeshMethod.renew, try RenewRequest(features: []).encode())))
    }

    /// Listens and registers, and waits until the dial back has been made.
    @discardableResult
    func register(_ services: [String], listen: Bool = true) async throws -> RegistrationAccepted {
        var registration = Registration(bootEpoch: epoch.rawValue)
        registration.circuits = true
        registration.services = services.sorted().map(ServiceRecord.init(name:))
        if listen {
            let address = try await endpoint.listen(host: "127.0.0.1", port: 0)
            registration.listenPort = UInt16(clamping: address.port ?? 0)
        }
        return try RegistrationAccepted(try await call(MeshMethod.register, try registration.encode()))
    }

    func discover(_ service: String) async throws -> DiscoverAnswer {
        try DiscoverAnswer(try await call(MeshMethod.discover, try DiscoverRequest(service: service).encode()))
    }

    func stop() async { await endpoint.shutdown() }
}

/// The notices that a node was sent.
final class Notices: Sendable {
    private let received = Mutex<[Notice]>([])

    var all: [Notice] { received.withLock { $0 } }

    var table: ServiceTable {
        ServiceTable(methods: [
            MeshMethod.ping: .inline { _, _, _ in (Head(), ByteBuffer()) },
            MeshMethod.notice: .inline { [self] (_, body, _) throws(CallError) in
                guard let notice = try? Notice(Array(buffer: body)) else { throw CallError(.badRequest) }
                received.withLock { $0.append(notice) }
                return (Head(), ByteBuffer())
            },
        ])
    }
}

/// Waits until `condition` holds, looking often; fails after a time that only a hang takes.
func eventually(_ what: Comment, within limit: Duration = .seconds(20), _ condition: () async throws -> Bool) async throws {
    let end = Instant.now() + limit
    while try await !condition() {
        try #require(Instant.now() < end, what)
        try await Task.sleep(for: .milliseconds(20))
    }
}
