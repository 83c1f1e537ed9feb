public import Transport
public import Wire

/// What an operator says about a worker. Everything has a default except the name.
public struct WorkerConfiguration: Sendable {
    /// The name it asks for at enrolment; the certified one counts afterwards.
    public var name: String
    /// The folder that holds its identity; `nil` for an HTTP-only worker, which has none.
    public var dataFolder: String?
    /// The join token of a first start; ignored where the folder holds an identity already.
    public var joinToken: String?
    public var listenHost = "0.0.0.0"
    /// 0 picks a free port.
    public var listenPort = 7701
    /// Whether another free port may stand in when `listenPort` is taken.
    public var mayMovePort = true
    /// Where others shall dial it; empty means the address that the coordinator sees, with the port it listens on.
    public var advertised: [Endpoint] = []
    public var region: String?
    public var zone: String?
    /// Added to what is detected, and stronger.
    public var capabilities: [String: CapabilityValue] = [:]
    /// Time between two heartbeats of an HTTP-only worker. What deployed clients do; a coordinator forgets after twenty of these.
    public var heartbeatInterval: Duration = .seconds(30)
    /// How long an answer's head may take, from the last byte of the request on, when the caller named no deadline. A named deadline
    /// covers the whole call instead.
    public var answerTimeout: Duration = .seconds(300)
    /// How long requests in progress may go on after a shutdown began.
    public var drainGrace: Duration = .seconds(10)

    /// Whether services are looked for, and published, in the DHT as well.
    public var usesDHT = true
    /// Where the keys of every link are written; only for debugging.
    public var keyLog: KeyLog?

    public init(name: String) { self.name = name }
}
