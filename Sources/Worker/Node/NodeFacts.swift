import Synchronization
import Wire

/// What a worker says of itself, as far as it is known by now. Thread-safe.
final class NodeFacts: Sendable {
    private struct State {
        var capabilities: [String: CapabilityValue]
        var tunnelURL: String?
        var listening: Endpoint?
    }

    private let configuration: WorkerConfiguration
    private let state: Mutex<State>

    init(_ configuration: WorkerConfiguration) {
        self.configuration = configuration
        state = Mutex(State(capabilities: configuration.capabilities))
    }

    var capabilities: [String: CapabilityValue] { state.withLock { $0.capabilities } }
    var listening: Endpoint? { state.withLock { $0.listening } }

    /// What the operator said is stronger than what was detected.
    func add(detected: [String: CapabilityValue]) {
        state.withLock { $0.capabilities.merge(detected) { said, _ in said } }
    }

    func setTunnelURL(_ url: String?) { state.withLock { $0.tunnelURL = url } }

    func setListening(_ endpoint: Endpoint) { state.withLock { $0.listening = endpoint } }

    /// What is registered over the wire.
    func registration(_ host: ServiceHost, boot: BootEpoch) -> Registration {
        let state = state.withLock { $0 }
        var registration = Registration(bootEpoch: boot.rawValue)
        registration.advertised = configuration.advertised
        registration.listenPort = state.listening?.port ?? 0
        registration.tunnelURL = state.tunnelURL
        registration.region = configuration.region
        registration.zone = configuration.zone
        registration.capabilities = state.capabilities
        registration.services = host.records
        registration.circuits = true  // RELAY-1.2
        return registration
    }

    /// What is registered over HTTP; `nil` until the URL is known.
    func member(_ host: ServiceHost) -> HTTPMember? {
        let state = state.withLock { $0 }
        return state.tunnelURL.map {
            HTTPMember(
                worker: host.name, tunnelURL: $0, region: configuration.region, capabilities: state.capabilities, services: host.records)
        }
    }
}
