import Logging
import Synchronization
import Transport
import Wire

/// The coordinator's machines, each under its lock, and the queue of what they ask for. Calls none of its own: whoever runs the
/// node does the work.
final class CoordinatorCore: Sendable {
    let configuration: CoordinatorConfiguration
    let registry: Mutex<Registry>
    let membership: Membership
    let watchers = Watchers()
    let logger: Logger
    /// What is to be done outside of the locks.
    let work: AsyncStream<Work>
    private let queue: AsyncStream<Work>.Continuation
    /// Dial backs to be made: a queue of their own, since they wait for strangers.
    let probes: AsyncStream<ProbeRequest>
    private let probeQueue: AsyncStream<ProbeRequest>.Continuation
    private let unstored = Mutex(Unstored())
    /// One write of registrations at a time, so that the last one finds what those before could not write.
    let storing = AsyncLimit(1)
    /// Where members are told to find coordinators; set when the node listens.
    let coordinators = Mutex<[Endpoint]>([])
    /// This coordinator's place in the DHT, while it has one.
    let dht = Mutex<DHTService?>(nil)
    /// Whether links end because this node ends: that says nothing about workers.
    let isClosing = Atomic(false)

    /// Work for whoever runs the node.
    enum Work: Sendable {
        /// Some registrations are to be written: see `takeUnstored`.
        case store
        case close(NodeID, ErrorCode)
        case notify(NodeID, Notice)
        /// A revocation that every member is to hear of.
        case revoked(NodeID)
        case noteRun(IdentityKey, bootEpoch: UInt64)
    }

    /// Names whose stored form is out of date.
    struct Unstored: Sendable {
        var workers: Set<String> = []
        var services: Set<String> = []
        var drains: Set<String> = []

        var isEmpty: Bool { workers.isEmpty && services.isEmpty && drains.isEmpty }
    }

    init(_ configuration: CoordinatorConfiguration, membership: Membership, revision: UInt64, logger: Logger) {
        self.configuration = configuration
        self.membership = membership
        self.logger = logger
        let timing = Liveness.Timing(suspectAfter: configuration.heartbeatTimeout, removeAfter: configuration.workerTimeout)
        registry = Mutex(Registry(catalogue: configuration.catalogue, httpTiming: timing, revision: revision))
        (work, queue) = AsyncStream.makeStream()
        (probes, probeQueue) = AsyncStream.makeStream()
    }

    /// Does `body` with the registry and passes on what it asks for.
    func withRegistry<R: Sendable>(_ body: (inout Registry) throws(CallError) -> R) throws(CallError) -> R {
        var todo = Registry.Todo()
        defer { perform(todo) }
        return try registry.withLock { (registry) throws(CallError) in
            defer { todo = registry.takeTodo() }
            return try body(&registry)
        }
    }

    /// The same for what cannot fail.
    func update(_ body: (inout Registry) -> Void) {
        let todo = registry.withLock { registry in
            body(&registry)
            return registry.takeTodo()
        }
        perform(todo)
    }

    func enqueue(_ item: Work) { queue.yield(item) }

    /// No work comes any more.
    func finishWork() {
        queue.finish()
        probeQueue.finish()
    }

    /// Names to write now; they are not given twice.
    func takeUnstored() -> Unstored {
        unstored.withLock { unstored in
            defer { unstored = Unstored() }
            return unstored
        }
    }

    /// Puts names back whose writing has failed, without asking for another attempt.
    func putBack(_ names: Unstored) {
        unstored.withLock { unstored in
            unstored.workers.formUnion(names.workers)
            unstored.services.formUnion(names.services)
            unstored.drains.formUnion(names.drains)
        }
    }

    /// What is to be written of the drain of a worker.
    func storedDrain(_ name: String) -> StoreWrite {
        let key = StoredWorker.drainKey(name)
        return registry.withLock { $0.drained[name] }.map { .put(key, Array("\($0)".utf8)) } ?? .delete(key)
    }

    private func perform(_ todo: Registry.Todo) {
        for probe in todo.probes { probeQueue.yield(probe) }
        if !todo.dirty.isEmpty || !todo.learned.isEmpty || !todo.drains.isEmpty {
            let wasEmpty = unstored.withLock { unstored in
                defer {
                    unstored.workers.formUnion(todo.dirty)
                    unstored.services.formUnion(todo.learned)
                    unstored.drains.formUnion(todo.drains)
                }
                return unstored.isEmpty
            }
            if wasEmpty { enqueue(.store) }
        }
        if todo.hasNews { watchers.wake() }
    }
}

// MARK: - Workers over HTTP

extension CoordinatorCore {
    func registerHTTP(_ registration: HTTPRegistration) throws(CallError) -> HTTPRegistered {
        guard configuration.allowHTTPWorkers else {
            throw CallError(.permissionDenied, "This coordinator takes no workers over HTTP: start it with --allow-http-workers.")
        }
        let name = registration.workerID
        guard membership.machine.withLock({ $0.names[name] == nil }), !name.hasPrefix(Authority.namePrefix) else {
            throw CallError(.nameTaken, "The name \(name) belongs to a member with a certificate: choose another WORKER_ID.")
        }
        return try withRegistry { (registry) throws(CallError) in
            try registry.register(registration, now: .now(), wall: .wallMicroseconds())
        }
    }

    func heartbeatHTTP(_ beat: HTTPHeartbeat) throws(CallError) {
        try withRegistry { (registry) throws(CallError) in try registry.heartbeat(beat, now: .now()) }
    }

    func unregisterHTTP(_ workerID: String) throws(CallError) {
        try withRegistry { (registry) throws(CallError) in try registry.unregister(workerID) }
    }

    func recordHealth(worker: String, service: String, healthy: Bool) throws(CallError) {
        try withRegistry { (registry) throws(CallError) in
            try registry.recordHealth(worker: worker, service: service, healthy: healthy)
        }
    }
}
