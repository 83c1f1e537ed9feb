public import Logging
public import NIOCore
import Synchronization
public import Transport
public import Wire

/// A worker: it offers its services to the mesh, and takes calls for any service of the mesh.
///
/// A call enters by `open` (from an HTTP front or from the program around it), is routed by `head.service`
/// (`head.worker` pins one worker), and its answer's head says who served it (`servedBy`) and how (field `Route.field`).
/// `head.hops` is taken as it is: 0 means that the call may not leave this worker; `head.deadline` of 0 means that none
/// was named.
public final class WorkerNode: Caller, Sendable {
    /// The services of this worker and their load.
    let configuration: WorkerConfiguration
    private let hosted: [String: HostedService]
    private let group: any EventLoopGroup
    private let logger: Logger
    private let counters = Mutex(RoutingStatistics())
    private let started = NIODeadline.now()

    /// - Parameters:
    ///   - services: what this worker hosts; the names are unique.
    ///   - forwarder: reaches members that speak HTTP only; without one they are not candidates.
    ///   - coordinator: the coordinator's HTTP endpoints: the router's last tier, and the only one without an identity.
    public init(
        configuration: WorkerConfiguration, services: [HostedService], forwarder: (any HTTPForwarder)?,
        coordinator: (any CoordinatorOverHTTP)?, group: any EventLoopGroup, logger: Logger
    ) {
        self.configuration = configuration
        hosted = Dictionary(services.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.group = group
        self.logger = logger
    }

    /// The name under which the mesh knows this worker.
    public var name: String { configuration.name }

    /// What it hosts, with the health that its probes found.
    public var services: [ServiceRecord] { hosted.keys.sorted().map { ServiceRecord(name: $0) } }

    /// Detected and configured.
    public var capabilities: [String: CapabilityValue] { configuration.capabilities }

    /// Where it stands, as its operator says.
    public var region: String? { configuration.region }

    /// Since the node was made.
    public var uptime: Duration { .nanoseconds((NIODeadline.now() - started).nanoseconds) }

    /// The router's counters, as of now.
    public func statistics() -> RoutingStatistics { counters.withLock { $0 } }

    public func open(_ head: Head, on loop: any EventLoop, receiver: any CallReceiver) -> any CallStream {
        guard let service = hosted[head.service] else { return RefusedCall(CallError(.notFound), on: loop, receiver: receiver) }
        return service.upstream.open(head, on: loop, receiver: receiver)
    }
}
