import HTTPCompat
import Logging
import NIOCore
import NIOPosix
import Transport
import Wire
import Worker

/// How a worker is to run, all options read.
struct WorkerPlan: Sendable {
    var configuration: WorkerConfiguration
    var front: FrontConfiguration
    /// Whether somebody asked for the name, so that another one would be a surprise.
    var nameWasAsked = true
    var coordinatorURL: String?
    var coordinatorToken: String?
    /// PEM file of the CAs that the coordinator's HTTPS is checked against; `nil` for the system's.
    var coordinatorAuthority: String?
    var httpAdvertise: String?
    var services: [ServiceArgument] = []
    /// Services that this program answers itself.
    var handlers: [(name: String, handler: ServiceHandler)] = []
}

/// A worker with its HTTP front, as one thing.
struct RunningWorker {
    let node: WorkerNode
    /// Where its HTTP front listens.
    let http: Endpoint
    private let front: HTTPFront
    private let coordinator: CoordinatorHTTPClient?

    /// Starts everything, the front first: the worker says in its registration where HTTP reaches it.
    /// - Throws: what is wrong; then nothing is left running.
    static func start(_ plan: WorkerPlan, logger: Logger) async throws -> RunningWorker {
        let group = MultiThreadedEventLoopGroup.singleton
        let links = plan.configuration
        if links.dataFolder != nil {
            try AskedPort.check(links.listenHost, links.listenPort, mayMove: links.mayMovePort, option: "--listen")
        }
        try AskedPort.check(plan.front.host, plan.front.port, mayMove: plan.front.movesToFreePort, option: "--http")
        let coordinator = try plan.coordinatorURL.map {
            try CoordinatorHTTPClient(url: $0, token: plan.coordinatorToken, authority: plan.coordinatorAuthority, group: group)
        }
        var front: HTTPFront?
        do {
            let services = try plan.services.map { HostedService($0.name, upstream: try HTTPUpstream(url: $0.url)) }
            let node = try WorkerNode(
                configuration: plan.configuration, services: services + plan.handlers.map { HostedService($0.name, handler: $0.handler) },
                forwarder: MemberForwarder(), coordinator: coordinator, group: group, logger: logger)
            if plan.nameWasAsked, node.name != plan.configuration.name {
                throw Failure.usage(
                    "This worker is certified as \(node.name), not \(plan.configuration.name): drop --name, or join anew in another folder."
                )
            }
            let http = WorkerHTTP(node: node, version: Version.program)
            let made = HTTPFront(group: group, configuration: plan.front, hot: http, responder: http.responder, logger: logger)
            front = made
            let address = try await listen(made, plan.front, logger)
            node.advertise(plan.httpAdvertise ?? HTTPAddress.url(of: address, isSecure: plan.front.certificate != nil))
            try await node.start()
            return RunningWorker(node: node, http: address, front: made, coordinator: coordinator)
        } catch {
            await front?.shutdown()
            await coordinator?.shutdown()
            throw error
        }
    }

    /// Lets requests in progress end within their grace, and closes everything.
    func shutdown() async {
        // A task of its own: the signal has cancelled this one, and neither a farewell nor a grace would get its time.
        await Task {
            await node.shutdown()
            await front.shutdown()
            await coordinator?.shutdown()
        }.value
    }
}

/// Binds a front and says where it listens.
func listen(_ front: HTTPFront, _ configuration: FrontConfiguration, _ logger: Logger) async throws -> Endpoint {
    let address = try await front.start()
    guard let endpoint = Endpoint(address) else { throw Failure.failed("The HTTP socket has no address.") }
    if configuration.port != 0, Int(endpoint.port) != configuration.port {
        logger.notice("port \(configuration.port) is in use: HTTP takes \(endpoint.port) instead")
    }
    logger.info("listening", metadata: ["http": "\(endpoint)"])
    return endpoint
}
