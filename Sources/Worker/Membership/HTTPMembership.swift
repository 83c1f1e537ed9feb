import Logging
import Synchronization
import Transport
import Wire

/// Keeps a worker without an identity known to a coordinator: registers over HTTP and beats, as the workers of the replaced
/// system do.
final class HTTPMembership: Sendable {
    private let coordinator: any CoordinatorOverHTTP
    private let host: ServiceHost
    /// What to register, as of now; `nil` until its URL is known.
    private let member: @Sendable () -> HTTPMember?
    /// Time between two heartbeats.
    private let interval: Duration
    private let logger: Logger
    private let wake = Wake()
    private let state = Mutex(State())

    private struct State {
        /// What the coordinator took; `nil` before, and once it has forgotten this worker.
        var registered: HTTPMember?
        /// Whether it answered when it was asked last.
        var answers = false
        var isLeaving = false
    }

    init(
        coordinator: any CoordinatorOverHTTP, host: ServiceHost, interval: Duration, member: @escaping @Sendable () -> HTTPMember?,
        logger: Logger
    ) {
        self.coordinator = coordinator
        self.host = host
        self.interval = interval
        self.member = member
        self.logger = logger
    }

    /// Whether the coordinator has this worker, as far as its last answer tells.
    var isRegistered: Bool { state.withLock { $0.registered != nil && $0.answers && !$0.isLeaving } }

    /// Something that the registry should know has changed.
    func changed() { wake.signal() }

    /// Until the task is cancelled, or `leave`.
    func run() async {
        var backoff = Backoff(limit: .seconds(30))
        while !Task.isCancelled, !state.withLock({ $0.isLeaving }) {
            do {
                try await step()
                backoff.reset()
                await wake.wait(atMost: interval)
            } catch {
                let hasForgotten = error.code == .notFound
                state.withLock { state in
                    if hasForgotten { state.registered = nil }
                    state.answers = false
                }
                let message = hasForgotten ? "the coordinator has forgotten this worker" : "the coordinator does not take this worker"
                logger.warning("\(message)", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: backoff.next(random: .random(in: .min ... .max)))
            }
        }
    }

    /// Registers where there is something new to say, else beats.
    private func step() async throws(CallError) {
        let registered = state.withLock { $0.registered }
        if let member = member(), member != registered {
            let assigned = try await coordinator.register(member, timeout: Self.timeout)
            let isLeaving = state.withLock { state in
                state.registered = member
                return state.isLeaving
            }
            // `leave` came meanwhile and knew of no registration.
            if isLeaving { try await coordinator.unregister(host.name, timeout: .seconds(2)) }
            logger.info("registered over HTTP", metadata: ["services": "\(assigned.joined(separator: ", "))"])
        } else if registered != nil {
            try await coordinator.heartbeat(beat, timeout: Self.timeout)
        } else {
            return
        }
        state.withLock { $0.answers = true }
    }

    /// Tells the coordinator that this worker is gone, and nothing more afterwards; what goes wrong no longer matters.
    func leave() async {
        let wasRegistered = state.withLock { state in
            state.isLeaving = true
            return state.registered != nil
        }
        wake.signal()
        if wasRegistered { try? await coordinator.unregister(host.name, timeout: .seconds(2)) }
    }

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
}
