public import Logging
public import NIOCore
import Synchronization
public import Transport
public import Wire

/// A worker: it offers its services to the mesh, and takes calls for any service of the mesh.
///
/// A call enters by `open` (from an HTTP front or from the program around it), is routed by `head.service`
/// (`head.worker` pins one worker), and its answer's head says who served it (`servedBy`) and how (field `Route.field`).
/// `head.hops` is taken as it is: 0 means that the call may not leave this worker. A `head.deadline` covers the whole call;
/// 0 means that none was named, and then only the answer's head must come within `WorkerConfiguration.answerTimeout`.
public final class WorkerNode: Caller, Sendable {
    let configuration: WorkerConfiguration
    let host: ServiceHost
    let router: Router
    let logger: Logger
    let identity: Identity?
    let endpoint: MeshEndpoint?
    let wire: WireSide?
    let overHTTP: HTTPMembership?
    let facts: NodeFacts
    private let tasks = Mutex<[Task<Void, Never>]>([])
    private let refusal = Mutex<WorkerError?>(nil)
    private let stop = Wake()
    private let started = Instant.now()

    /// Opens the data folder and counts the start; nothing is sent or listened to before `start`.
    ///
    /// - Parameters:
    ///   - services: what this worker hosts; the names are unique and valid (`Name`).
    ///   - forwarder: reaches members that speak HTTP only; without one they are not candidates.
    ///   - coordinator: the coordinator's HTTP endpoints: the router's last tier, and the only one without a data folder.
    /// - Throws: what is wrong with the configuration or the folder.
    public init(
        configuration: WorkerConfiguration, services: [HostedService], forwarder: (any HTTPForwarder)?,
        coordinator: (any CoordinatorOverHTTP)?, group: any EventLoopGroup, logger: Logger
    ) throws(WorkerError) {
        try Self.check(configuration, services)
        self.configuration = configuration
        self.logger = logger
        let identity: Identity?
        if let path = configuration.dataFolder {
            identity = try Identity.open(path, token: configuration.joinToken)
        } else {
            identity = nil
        }
        self.identity = identity
        let facts = NodeFacts(configuration)
        self.facts = facts
        let notices = NoticeBoard()
        let host = ServiceHost(name: identity?.name(asked: configuration.name) ?? configuration.name, services: services) {
            notices.post($0, from: $1)
        }
        self.host = host
        let wire = identity.map {
            WireSide($0, host: host, facts: facts, notices: notices, settings: configuration, group: group, logger: logger)
        }
        self.wire = wire
        endpoint = wire?.endpoint
        var sources: [any RouteSource] = []
        if let dht = wire?.dht { sources.append(DHTSource(membership: dht)) }
        if let wire { sources.append(WireSource(link: wire.link)) }
        if let coordinator { sources.append(HTTPSource(coordinator: coordinator)) }
        router = Router(
            host: host, peers: PeerCallers(endpoint: wire?.endpoint, forwarder: forwarder), sources: sources,
            locality: Locality(region: configuration.region, zone: configuration.zone), answerTimeout: configuration.answerTimeout,
            cacheChanged: { wire?.watch.cacheChanged() })
        overHTTP =
            identity != nil
            ? nil
            : coordinator.map { coordinator in
                HTTPMembership(
                    coordinator: coordinator, host: host, interval: configuration.heartbeatInterval, member: { facts.member(host) },
                    logger: logger)
            }
    }

    private static func check(_ configuration: WorkerConfiguration, _ services: [HostedService]) throws(WorkerError) {
        let rule = "1 to \(Limits.name) letters, digits, \".\", \"_\" and \"-\""
        guard Name.isValid(configuration.name) else {
            throw WorkerError(.usage, "\"\(configuration.name)\" cannot be a worker's name; use \(rule)")
        }
        for service in services where !Name.isValid(service.name) {
            throw WorkerError(.usage, "\"\(service.name)\" cannot be a service's name; use \(rule)")
        }
        guard Set(services.map(\.name)).count == services.count else {
            throw WorkerError(.usage, "a service is named twice; give each --service another name")
        }
        guard services.count <= Limits.services else { throw WorkerError(.usage, "a worker has at most \(Limits.services) services") }
    }

    // MARK: What it is

    /// Whether a data folder holds an identity, or the beginning of one, so that a start needs no token. Opens nothing.
    public static func hasIdentity(at dataFolder: String?) -> Bool { dataFolder.map(IdentityFolder.holdsIdentity) ?? false }

    /// The name under which the mesh knows this worker.
    public var name: String { host.name }

    /// What it hosts, with the health that its probes found.
    public var services: [ServiceRecord] { host.records }

    /// Detected and configured.
    public var capabilities: [String: CapabilityValue] { facts.capabilities }

    /// Where its operator says it stands.
    public var region: String? { configuration.region }

    /// Since the node was made.
    public var uptime: Duration { Instant.now() - started }

    /// Where it accepts links; `nil` before `start`, and without a data folder.
    public var listening: Endpoint? { facts.listening }

    /// Whether it is to be a member of a mesh at all: without an identity and without a coordinator it stands alone.
    public var isMember: Bool { wire != nil || overHTTP != nil }

    /// Whether the registry of a coordinator has this worker as it is now: over a link that stands, or by the last answer over HTTP.
    public var isRegistered: Bool { wire?.membership.isRegistered ?? overHTTP?.isRegistered ?? false }

    /// The router's counters, as of now.
    public func statistics() -> RoutingStatistics { router.statistics }

    /// What this worker knows of the DHT; `nil` where it is not in it.
    public func dhtStatistics() async -> DHTStatistics? { await wire?.dht?.service?.statistics() }

    /// Whether this worker is in the DHT.
    public var isInDHT: Bool { wire?.dht?.service != nil }

    /// The links of this worker, counted; `nil` without a data folder.
    public var linkStatistics: LinkStatistics? { endpoint?.statistics }

    /// The load of a service that is hosted here; `nil` for any other.
    public func load(of service: String) -> LoadReport? { host.service(service)?.load }

    /// Asks every tier what it knows of a service. Counts nothing.
    public func explain(_ service: String) async -> RouteExplanation { await router.explain(service) }

    /// The round trip to another worker, over the link that calls take, which is made if there is none.
    /// Throws `notFound` for an unknown worker and for one that speaks HTTP only, and whatever keeps the link from being made.
    public func ping(_ worker: String) async throws(CallError) -> RoundTrip {
        guard let wire else { throw CallError(.unavailable, "this worker has no data folder, and so no links") }
        guard Name.isValid(worker), let record = try await wire.link.resolve(worker, timeout: Limits.wireLookupTimeout),
            let node = record.nodeID
        else { throw CallError(.notFound, "there is no worker \(worker) with a key") }
        let target = LinkTarget(.node(node), endpoints: record.endpoints, relays: record.relays, features: record.features)
        let peer = try await wire.endpoint.connect(to: target)
        return RoundTrip(time: try await wire.endpoint.ping(target), relay: peer.relay)
    }

    /// Says at which URL other members reach this worker over HTTP, as soon as that is known. Registered at once.
    public func advertise(_ tunnelURL: String?) {
        facts.setTunnelURL(tunnelURL)
        wire?.membership.changed()
        overHTTP?.changed()
    }

    // MARK: Calls

    public func open(_ head: Head, on loop: any EventLoop, receiver: any CallReceiver) -> any CallStream {
        let call = RoutedCall(head, router: router, on: loop, receiver: receiver)
        call.start()
        return call
    }

    // MARK: Life

    /// Enrols if that has not been done, listens, probes the services, and registers.
    ///
    /// A coordinator that cannot be reached is no error where there is an identity: the worker serves and goes on trying.
    /// - Throws: a port that is taken, an enrolment that fails, a mesh that refuses this node.
    public func start() async throws(WorkerError) {
        facts.add(detected: await Capabilities.detect())
        for service in host.all { _ = await service.probe() }
        if let wire {
            do { try await wire.start(configuration) } catch {
                await wire.endpoint.shutdown()
                throw error
            }
            run { await self.keepMembership(wire) }
            run { [router] in await wire.watch.run(router) }
            run { [router] in await wire.measure(router) }
            if let dht = wire.dht { run { await dht.run() } }
        }
        if let overHTTP { run { await overHTTP.run() } }
        for service in host.all { run { await self.probe(service) } }
    }

    /// `start`, then work until the task is cancelled, then `shutdown`.
    /// - Throws: what `start` throws, and the mesh's refusal of this node if that comes later.
    public func run() async throws(WorkerError) {
        try await start()
        let refusal = await refused()
        await Task { await self.shutdown() }.value
        if let refusal { throw refusal }
    }

    /// Waits until the mesh refuses this node for good, as after a revocation, and says why; `nil` when the task is cancelled.
    /// One task at a time.
    public func refused() async -> WorkerError? {
        while !Task.isCancelled {
            if let refusal = refusal.withLock({ $0 }) { return refusal }
            await stop.wait(atMost: .seconds(60))
        }
        return nil
    }

    /// A node that the mesh has refused (revoked, or a copy of one that runs) takes no more calls.
    private func keepMembership(_ wire: WireSide) async {
        guard let refusal = await wire.membership.run() else { return }
        logger.error("\(refusal)")
        host.drain()
        self.refusal.withLock { $0 = refusal }
        stop.signal()
    }

    /// Takes no new calls from links, tells the coordinator, lets calls in progress end within the configured grace, and
    /// closes everything.
    public func shutdown() async {
        host.drain()
        await overHTTP?.leave()
        if let link = wire?.link, isRegistered { try? await link.drain() }
        let end = Instant.now() + configuration.drainGrace
        while host.inFlight > 0, Instant.now() < end { try? await Task.sleep(for: .milliseconds(20)) }
        if let link = wire?.link, isRegistered { try? await link.leave() }
        let running = tasks.withLock { tasks in
            defer { tasks = [] }
            return tasks
        }
        for task in running { task.cancel() }
        for task in running { await task.value }
        await wire?.dht?.shutdown()
        await endpoint?.shutdown(grace: .seconds(1))
    }

    private func run(_ body: @escaping @Sendable () async -> Void) {
        tasks.withLock { $0.append(Task { await body() }) }
    }

    /// Probes one service for ever. A changed health is registered.
    private func probe(_ service: LocalService) async {
        while !Task.isCancelled {
            if await service.probeIfDue() {
                let health = service.isHealthy ? "healthy" : "unhealthy"
                logger.info("service is \(health)", metadata: ["service": "\(service.definition.name)"])
                wire?.membership.changed()
                overHTTP?.changed()
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
    }
}
