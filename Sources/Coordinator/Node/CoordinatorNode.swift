import Foundation
import Logging
import Synchronization
public import Transport
public import Wire

/// A coordinator: admits members, keeps the registry, answers who has which service.
///
/// Every read is synchronous and short, so that it can be called on an event loop.
public final class CoordinatorNode: Sendable {
    let core: CoordinatorCore
    let folder: DataFolder
    let endpoint: MeshEndpoint
    let control: ControlServer

    init(core: CoordinatorCore, folder: DataFolder, endpoint: MeshEndpoint) {
        self.core = core
        self.folder = folder
        self.endpoint = endpoint
        control = ControlServer { request in await core.commands.answer(request) }
    }

    /// How it was told to run.
    public var configuration: CoordinatorConfiguration { core.configuration }
    var logger: Logger { core.logger }
    /// Its own name in the mesh.
    public var name: String { core.membership.authority.name }
    /// Which mesh it is the coordinator of.
    public var meshID: MeshID { .meshID(authority: core.membership.authority.keys.publicKey) }
    /// Where members and joiners are told to dial; empty until the node listens.
    public var addresses: [Endpoint] { core.coordinators.withLock { $0 } }

    // MARK: Reading

    /// The services that the operator expects.
    public var catalogue: Catalogue { core.configuration.catalogue }

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

// MARK: - What the operator does

extension CoordinatorNode {
    /// Every token, oldest first.
    public func tokens() -> [TokenView] {
        let now = UnixTime.wallClock()
        return core.membership.tokens().map { TokenView($0, now: now) }
    }

    /// Makes a join token and returns its text. Throws a sentence for a request that cannot be fulfilled.
    public func createToken(_ request: TokenRequest) async throws(CoordinatorError) -> String {
        guard case .token(let text) = try await perform(.createToken(request)) else { throw .failed("No token was made.") }
        return text
    }

    /// Ends a token, named by its id, the first digits of it, its name or its text.
    public func revokeToken(_ token: String) async throws(CoordinatorError) { _ = try await perform(.revokeToken(token)) }

    /// Revokes the key of a worker for good: closes its links at once and tells every member. With `releaseName` another key may
    /// take the name.
    public func revoke(worker: String, releaseName: Bool = false) async throws(CoordinatorError) {
        _ = try await perform(.revoke(worker: worker, releaseName: releaseName))
    }

    /// Lets a worker finish what it has and sends it nothing new, until its process starts again. Outlives a restart of the
    /// coordinator.
    public func drain(worker: String) async throws(CoordinatorError) { _ = try await perform(.drain(worker: worker)) }

    private func perform(_ request: AdminRequest) async throws(CoordinatorError) -> AdminAnswer {
        let answer = await core.commands.answer(request)
        if case .failed(let error) = answer { throw error }
        return answer
    }
}

extension CoordinatorCore {
    /// The operator's commands on a node that runs.
    var commands: AdminCommands {
        AdminCommands(
            membership: membership, addresses: coordinators.withLock { $0 },
            revoked: { node in
                self.enqueue(.close(node, .revoked))
                self.update { $0.leave(node) }
                self.enqueue(.revoked(node))
            },
            drain: { worker async throws(CoordinatorError) in try await self.drain(worker) })
    }

    /// The operator's word holds from now on, across a restart too. False for an unknown worker.
    private func drain(_ worker: String) async throws(CoordinatorError) -> Bool {
        let node = registry.withLock { $0.resolve(worker, now: .now())?.nodeID }
        var isKnown = false
        update { isKnown = $0.drain(worker) }
        guard isKnown else { return false }
        if let node { enqueue(.notify(node, Notice(.drain, text: "the operator drains this worker"))) }
        do throws(StoreError) { try await membership.store.transaction([], [storedDrain(worker)]) } catch {
            throw .failed("\(worker) is drained, but only until this coordinator restarts: \(error).")
        }
        return true
    }
}

extension Int64 {
    /// The wall clock in microseconds since 1970.
    static func wallMicroseconds() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) }
}
