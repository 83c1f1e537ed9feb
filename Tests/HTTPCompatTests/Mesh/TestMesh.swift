import Coordinator
import Foundation
import Logging
import NIOCore
import NIOPosix
import Testing
import Transport
import Wire
import Worker

/// A coordinator and any number of workers in this process, over real sockets on loopback, with folders that are removed
/// at the end.
final class TestMesh: Sendable {
    let coordinator: CoordinatorNode
    let folder: URL
    private let work: Task<Void, Never>

    private init(_ coordinator: CoordinatorNode, _ folder: URL) {
        self.coordinator = coordinator
        self.folder = folder
        work = Task { await coordinator.run() }
    }

    /// Runs `body` in a mesh of its own.
    static func with(allowHTTPWorkers: Bool = false, _ body: (TestMesh) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mesh-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var configuration = CoordinatorConfiguration(
            dataFolder: folder.appendingPathComponent("coordinator").path, listenHost: "127.0.0.1", listenPort: 0)
        configuration.allowHTTPWorkers = allowHTTPWorkers
        let coordinator = try await CoordinatorNode.open(configuration, group: group, logger: logger("coordinator"))
        _ = try await coordinator.listen()
        let mesh = TestMesh(coordinator, folder)
        do {
            try await body(mesh)
        } catch {
            await mesh.stopCoordinator()
            throw error
        }
        await mesh.stopCoordinator()
    }

    func stopCoordinator() async {
        await coordinator.shutdown()
        work.cancel()
        await work.value
    }

    static var group: any EventLoopGroup { MultiThreadedEventLoopGroup.singleton }

    static func logger(_ name: String) -> Logger {
        var logger = Logger(label: name)
        logger.logLevel = ProcessInfo.processInfo.environment["MESH_LOG"].flatMap(Logger.Level.init(rawValue:)) ?? .critical
        return logger
    }

    func token(uses: UInt32 = 1) async throws -> String {
        var request = TokenRequest()
        request.uses = uses
        return try await coordinator.createToken(request)
    }

    func configuration(_ name: String, token: String? = nil) -> WorkerConfiguration {
        var configuration = WorkerConfiguration(name: name)
        configuration.dataFolder = folder.appendingPathComponent(name).path
        configuration.joinToken = token
        configuration.listenHost = "127.0.0.1"
        configuration.listenPort = 0
        configuration.drainGrace = .seconds(5)
        return configuration
    }

    /// A worker that is not started.
    func make(_ configuration: WorkerConfiguration, _ services: [HostedService] = []) throws -> WorkerNode {
        try WorkerNode(
            configuration: configuration, services: services, forwarder: nil, coordinator: nil, group: Self.group,
            logger: Self.logger(configuration.name))
    }

    /// A worker that has joined and that others can be sent to.
    func worker(_ name: String, _ services: [HostedService] = []) async throws -> WorkerNode {
        let node = try make(configuration(name, token: try await token()), services)
        try await node.start()
        try await until { self.coordinator.resolve(name).map { $0.state == .online && !$0.endpoints.isEmpty } ?? false }
        return node
    }

    /// A worker that has joined and that nobody can dial.
    func hidden(_ name: String, _ services: [HostedService] = []) async throws -> WorkerNode {
        var configuration = configuration(name, token: try await token())
        configuration.advertised = [Endpoint(host: "127.0.0.1", port: 1)]
        let node = try make(configuration, services)
        try await node.start()
        try await until { self.coordinator.resolve(name).map { !$0.relays.isEmpty && $0.endpoints.isEmpty } ?? false }
        return node
    }

    /// Waits until `condition` holds; the time limit of the test ends a wait that never does.
    func until(_ condition: @escaping @Sendable () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(5)) }
    }
}

/// A handler that sends the request back, and says nothing of itself.
let echo = ServiceHandler.inline(limit: 64 << 20) { _, body, _ in (Head(), body) }

/// A handler that sends the request back as it comes.
let streamingEcho = ServiceHandler.async { call in
    call.respond(Head())
    while let bytes = try await call.next() { try await call.write(bytes) }
    call.finish()
}

func serviceHead(_ service: String = "echo", verb: String = "POST", worker: String = "") -> Head {
    var head = Head()
    head.service = service
    head.verb = verb
    head.worker = worker
    head.hops = Limits.hops
    return head
}
