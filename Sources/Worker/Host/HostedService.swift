public import Transport
public import Wire

/// A service that this worker offers to the mesh.
public struct HostedService: Sendable {
    /// Letters, digits, "-", "_", "."; at most `Limits.name` bytes.
    public var name: String
    /// What answers.
    public var upstream: any Upstream
    /// How many requests the service gets at once.
    public var limit: Int
    /// How many more wait for a place; the next one is answered *overloaded*.
    public var queue: Int
    /// Whether bodies may be compressed on links.
    public var compress: Bool

    /// A service that an upstream answers.
    public init(
        _ name: String, upstream: any Upstream, limit: Int = Limits.serviceLimit, queue: Int = Limits.serviceQueue, compress: Bool = true
    ) {
        self.name = name
        self.upstream = upstream
        self.limit = limit
        self.queue = queue
        self.compress = compress
    }

    /// A service that a handler of this program answers. It is always healthy.
    public init(
        _ name: String, handler: ServiceHandler, limit: Int = Limits.serviceLimit, queue: Int = Limits.serviceQueue, compress: Bool = true
    ) {
        self.init(name, upstream: HandlerUpstream(handler), limit: limit, queue: queue, compress: compress)
    }
}
