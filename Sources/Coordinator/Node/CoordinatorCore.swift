import Synchronization
import Transport
import Wire

/// The coordinator's machines, each under its lock.
final class CoordinatorCore: Sendable {
    let configuration: CoordinatorConfiguration
    let registry: Mutex<Registry>

    init(_ configuration: CoordinatorConfiguration) {
        self.configuration = configuration
        let timing = Liveness.Timing(suspectAfter: configuration.heartbeatTimeout, removeAfter: configuration.workerTimeout)
        registry = Mutex(Registry(catalogue: configuration.catalogue, httpTiming: timing, revision: 0))
    }

    // MARK: Workers over HTTP

    func registerHTTP(_ registration: HTTPRegistration) throws(CallError) -> HTTPRegistered {
        guard configuration.allowHTTPWorkers else {
            throw CallError(.permissionDenied, "This coordinator takes no workers over HTTP: start it with --allow-http-workers.")
        }
        return try registry.withLock { (registry) throws(CallError) in
            try registry.register(registration, now: .now(), wall: .wallMicroseconds())
        }
    }

    func heartbeatHTTP(_ beat: HTTPHeartbeat) throws(CallError) {
        try registry.withLock { (registry) throws(CallError) in try registry.heartbeat(beat, now: .now()) }
    }

    func unregisterHTTP(_ workerID: String) throws(CallError) {
        try registry.withLock { (registry) throws(CallError) in try registry.unregister(workerID) }
    }

    func recordHealth(worker: String, service: String, healthy: Bool) throws(CallError) {
        try registry.withLock { (registry) throws(CallError) in
            try registry.recordHealth(worker: worker, service: service, healthy: healthy)
        }
    }
}
