import Coordinator
import HTTPCompat
import Logging
import NIOPosix
import Wire

/// How a coordinator is to run, all options read.
struct CoordinatorPlan: Sendable {
    var configuration: CoordinatorConfiguration
    var front: FrontConfiguration
    /// Whether another port may stand in for the one for links when that is taken.
    var mayMovePort = false
}

/// A coordinator with its HTTP front, as one thing.
struct RunningCoordinator {
    let node: CoordinatorNode
    /// Where it accepts links.
    let wire: Endpoint
    /// Where its HTTP front listens.
    let http: Endpoint
    private let front: HTTPFront
    private let endpoints: CoordinatorHTTP
    private let work: Task<Void, Never>

    /// Starts everything.
    /// - Throws: what is wrong; then nothing is left running.
    static func start(_ plan: CoordinatorPlan, logger: Logger) async throws -> RunningCoordinator {
        let group = MultiThreadedEventLoopGroup.singleton
        let links = plan.configuration
        try AskedPort.check(links.listenHost, Int(links.listenPort), mayMove: plan.mayMovePort, option: "--listen")
        try AskedPort.check(plan.front.host, plan.front.port, mayMove: plan.front.movesToFreePort, option: "--http")
        let node = try await CoordinatorNode.open(plan.configuration, group: group, logger: logger)
        var front: HTTPFront?
        do {
            let wire = try await listen(node, plan, logger)
            let endpoints = CoordinatorHTTP(
                node: node, configuration: .init(name: node.name, version: Version.program), forwarder: MemberForwarder(), group: group)
            let made = HTTPFront(group: group, configuration: plan.front, hot: endpoints, responder: endpoints.responder, logger: logger)
            front = made
            let http = try await wiremesh.listen(made, plan.front, logger)
            endpoints.setAddress(HTTPAddress.authority(of: http))
            endpoints.setReady(true)
            let work = Task {
                async let looking: Void = endpoints.run()
                await node.run()
                await looking
            }
            return RunningCoordinator(node: node, wire: wire, http: http, front: made, endpoints: endpoints, work: work)
        } catch {
            await front?.shutdown()
            await node.shutdown()
            throw error
        }
    }

    /// Binds the port for links, or the next free one where nobody asked for it.
    private static func listen(_ node: CoordinatorNode, _ plan: CoordinatorPlan, _ logger: Logger) async throws -> Endpoint {
        let first = plan.configuration.listenPort
        let last = plan.mayMovePort && first != 0 ? first + min(100, .max - first) : first
        for port in first...last {
            guard let endpoint = try await bind(node, port, mayFail: port < last) else { continue }
            if port != first { logger.notice("port \(first) is in use: links are accepted at \(port) instead") }
            logger.info("listening", metadata: ["wire": "\(endpoint)"])
            return endpoint
        }
        throw Failure.portTaken("Ports \(first) to \(last) are in use: give a free one with --listen.")
    }

    /// `nil` where the port is in use and that may be.
    private static func bind(_ node: CoordinatorNode, _ port: UInt16, mayFail: Bool) async throws -> Endpoint? {
        do {
            return try await node.listen(port: port)
        } catch {
            if mayFail, case .addressInUse = error { return nil }
            throw error
        }
    }

    /// Takes nothing new, lets calls in progress end, and closes everything.
    func shutdown() async {
        endpoints.setReady(false)
        // A task of its own: the signal has cancelled this one, and no grace would get its time.
        await Task {
            await front.shutdown()
            await node.shutdown(grace: .seconds(1))
            work.cancel()
            await work.value
        }.value
    }
}
