public import Transport
public import Wire

/// How a coordinator is to run.
public struct CoordinatorConfiguration: Sendable {
    /// The data folder; made at the first start.
    public var dataFolder: String
    /// Host to listen on for links.
    public var listenHost: String
    /// Port to listen on for links; 0 picks one.
    public var listenPort: UInt16
    /// Where members and joiners are told to dial; empty means the listening address, or the interfaces' where that is no address.
    public var advertised: [Endpoint]
    public var catalogue: Catalogue
    /// Whether workers without a key may register over HTTP.
    public var allowHTTPWorkers: Bool
    /// Silence after which an HTTP worker is no longer healthy.
    public var heartbeatTimeout: Duration
    /// Silence after which an HTTP worker is removed.
    public var workerTimeout: Duration
    /// What each member may have of this coordinator as a relay; `nil`: it passes no links on, and a worker that nobody can dial is
    /// *unreachable*.
    public var relay: RelayQuota?
    /// Whether it is a member of the DHT, and the one that workers begin with.
    public var usesDHT = true
    /// Where the keys of every link are written; only for debugging.
    public var keyLog: KeyLog?

    public init(dataFolder: String, listenHost: String = "0.0.0.0", listenPort: UInt16 = Self.defaultPort) {
        self.dataFolder = dataFolder
        self.listenHost = listenHost
        self.listenPort = listenPort
        advertised = []
        catalogue = .standard
        allowHTTPWorkers = false
        relay = RelayQuota()
        heartbeatTimeout = Self.defaultHeartbeatTimeout
        workerTimeout = Self.defaultWorkerTimeout
    }

    /// Takes `HEARTBEAT_TIMEOUT_SECONDS` and `WORKER_TIMEOUT_SECONDS` from `environment`. Throws a sentence for what is no
    /// positive number of seconds.
    public mutating func read(environment: [String: String]) throws(CoordinatorError) {
        if let text = environment["HEARTBEAT_TIMEOUT_SECONDS"] { heartbeatTimeout = try Self.seconds("HEARTBEAT_TIMEOUT_SECONDS", text) }
        if let text = environment["WORKER_TIMEOUT_SECONDS"] { workerTimeout = try Self.seconds("WORKER_TIMEOUT_SECONDS", text) }
        guard heartbeatTimeout <= workerTimeout else {
            throw .configuration("HEARTBEAT_TIMEOUT_SECONDS must not exceed WORKER_TIMEOUT_SECONDS.")
        }
    }

    private static func seconds(_ name: String, _ text: String) throws(CoordinatorError) -> Duration {
        guard let seconds = Double(text), seconds > 0, seconds < 1e9 else {
            throw .configuration("\(name) is \"\(text)\": give it a positive number of seconds.")
        }
        return .seconds(seconds)
    }

    /// The port for links where none is given.
    public static let defaultPort: UInt16 = 7_700
    private static let defaultHeartbeatTimeout: Duration = .seconds(300)
    private static let defaultWorkerTimeout: Duration = .seconds(600)
}
