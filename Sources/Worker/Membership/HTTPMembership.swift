import Logging
import Transport
import Wire

/// Keeps a worker without an identity known to a coordinator: registers over HTTP and beats, as the workers of the replaced
/// system do.
final class HTTPMembership: Sendable {
    private let coordinator: any CoordinatorOverHTTP
    private let host: ServiceHost
    /// What to register, as of now; `nil` until its URL is known.
    private let member: @Sendable () -> HTTPMember?
    private let logger: Logger
    private let wake = Wake()

    init(
        coordinator: any CoordinatorOverHTTP, host: ServiceHost, member: @escaping @Sendable () -> HTTPMember?, logger: Logger
    ) {
        self.coordinator = coordinator
        self.host = host
        self.member = member
        self.logger = logger
    }

    /// Something that the registry should know has changed.
    func changed() { wake.signal() }

    /// Until the task is cancelled.
    func run() async {
        var backoff = Backoff(limit: .seconds(30))
        var registered: HTTPMember?
        while !Task.isCancelled {
            do {
                if let member = member(), member != registered {
                    let assigned = try await coordinator.register(member, timeout: Self.timeout)
                    registered = member
                    logger.info("registered over HTTP", metadata: ["services": "\(assigned.joined(separator: ", "))"])
                } else if registered != nil {
                    try await coordinator.heartbeat(beat, timeout: Self.timeout)
                }
                backoff.reset()
                await wake.wait(atMost: Self.interval)
            } catch {
                if error.code == .notFound { registered = nil }
                logger.warning("the coordinator does not take this worker", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: backoff.next(random: .random(in: .min ... .max)))
            }
        }
    }

    /// Tells the coordinator that this worker is gone; what goes wrong no longer matters.
    func leave() async { try? await coordinator.unregister(host.name, timeout: .seconds(2)) }

    private var beat: HTTPBeat {
        let loads = host.loads
        let limit = loads.reduce(0.0) { $0 + Double($1.load.limit) }
        let busy = loads.reduce(0.0) { $0 + Double($1.load.inFlight) + Double($1.load.queued) }
        return HTTPBeat(
            worker: host.name, status: loads.allSatisfy(\.healthy) ? "healthy" : "degraded", load: limit == 0 ? 0 : busy / limit,
            activeRequests: UInt32(clamping: Int(busy)),
            services: Dictionary(loads.map { ($0.service, $0.healthy) }, uniquingKeysWith: { first, _ in first }))
    }

    private static let timeout: Duration = .seconds(10)
    /// What deployed clients do; the coordinator forgets after ten of these.
    private static let interval: Duration = .seconds(30)
}
