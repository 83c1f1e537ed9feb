import Foundation
public import Logging
import Synchronization
public import Transport
public import Wire

/// A coordinator: admits members, keeps the registry, answers who has which service.
///
/// Every read is synchronous and short, so that it can be called on an event loop.
public final class CoordinatorNode: Sendable {
    public let configuration: CoordinatorConfiguration
    let core: CoordinatorCore
    let logger: Logger

    init(configuration: CoordinatorConfiguration, core: CoordinatorCore, logger: Logger) {
        self.configuration = configuration
        self.core = core
        self.logger = logger
    }

    /// Opens the data folder, making it at the first start.
    public static func open(_ configuration: CoordinatorConfiguration, logger: Logger) async throws(CoordinatorError) -> CoordinatorNode {
        CoordinatorNode(configuration: configuration, core: CoordinatorCore(configuration), logger: logger)
    }

    // MARK: Reading

    /// The services that the operator expects.
    public var catalogue: Catalogue { configuration.catalogue }

    /// Increases with every change of the registry that others can see; goes on across restarts.
    public var revision: UInt64 { core.registry.withLock { $0.revision } }

    /// Services with at least one healthy worker, by name.
    public func list() -> [ServiceSummary] { core.registry.withLock { $0.list() } }

    /// Healthy workers of `service`, best first.
    ///
    /// - Parameter limit: how many at most; `nil` for all. `total` says how many there are.
    public func discover(_ service: String, limit: Int? = nil) -> DiscoverAnswer {
        core.registry.withLock { $0.discover(service, limit: limit, now: .now()) }
    }

    /// A number that changes whenever `discover` would answer otherwise: for those who keep encoded answers. 0 where nobody ever
    /// offered the service. Loads count with a delay of 50 ms or more, and an answer lives for a second at most.
    public func discoverStamp(_ service: String) -> UInt64 { core.registry.withLock { $0.discoverStamp(service, now: .now()) } }

    /// Whether any worker ever offered the service, or the catalogue names it.
    public func isKnown(_ service: String) -> Bool { core.registry.withLock { $0.isKnown(service) } }

    /// One worker by name, whatever its state.
    public func resolve(_ worker: String) -> WorkerRecord? { core.registry.withLock { $0.resolve(worker, now: .now()) } }

    /// All workers by name, or only those that calls are sent to.
    public func workers(includingUnhealthy: Bool) -> [WorkerView] {
        core.registry.withLock { $0.views(includingUnhealthy: includingUnhealthy, now: .now(), wall: .wallMicroseconds()) }
    }

    /// One worker with everything that is known of it.
    public func worker(_ name: String) -> WorkerView? {
        core.registry.withLock { $0.view(name, now: .now(), wall: .wallMicroseconds()) }
    }

    /// How many workers there are: all, and those that calls are sent to.
    public func workerCounts() -> (total: Int, active: Int) { core.registry.withLock { $0.counts() } }

    /// Every service that somebody offers, healthy or not, with the names of its workers.
    public func serviceMembers() -> [ServiceMembers] { core.registry.withLock { $0.members() } }

    /// How well the catalogue is covered, worst first.
    public func gaps() -> [Gap] { core.registry.withLock { $0.gaps() } }

    // MARK: Workers over HTTP

    /// Enters a worker that speaks HTTP only.
    ///
    /// Throws `permissionDenied` where the operator has not switched such workers on, `nameTaken` where a certificate holds the name,
    /// `badRequest` or `tooLarge` for what cannot be passed on, `overloaded` at `Limits.httpWorkers`.
    public func registerHTTP(_ registration: HTTPRegistration) throws(CallError) -> HTTPRegistered { try core.registerHTTP(registration) }

    /// A heartbeat of such a worker. Throws `notFound` for an unknown one, which then registers again.
    public func heartbeatHTTP(_ beat: HTTPHeartbeat) throws(CallError) { try core.heartbeatHTTP(beat) }

    /// Removes such a worker at its own wish. Throws `notFound` for an unknown one.
    public func unregisterHTTP(_ workerID: String) throws(CallError) { try core.unregisterHTTP(workerID) }

    /// Notes what a health check has shown: a service found failing is out of the answers until a check finds it well, or its
    /// worker registers anew. Throws `notFound` for a worker that is unknown or does not offer the service.
    public func recordHealth(worker: String, service: String, healthy: Bool) throws(CallError) {
        try core.recordHealth(worker: worker, service: service, healthy: healthy)
    }
}

extension Int64 {
    /// The wall clock in microseconds since 1970.
    static func wallMicroseconds() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) }
}
