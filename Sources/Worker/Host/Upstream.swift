public import Transport

/// A service that runs beside this worker, such as an HTTP server on loopback. HTTP lives in another module, which
/// implements this protocol.
///
/// `open` gets the head as the service shall see it: `verb`, `path`, `fields`, and in `deadline` the time that is left.
/// It fails with a NOT_PROCESSED code (`unreachable`) exactly when no byte of the request reached the service.
public protocol Upstream: Caller {
    /// Asks the service whether it works. Never throws: a failure is an answer. Returns within `timeout`.
    func probe(timeout: Duration) async -> UpstreamHealth
}

/// What a probe of an upstream found.
public struct UpstreamHealth: Hashable, Sendable {
    public var isHealthy: Bool
    /// From the start of the probe to its answer, or to the point where it was given up.
    public var latency: Duration
    /// One sentence for people when it is not healthy; `nil` when it is.
    public var detail: String?

    public init(isHealthy: Bool, latency: Duration, detail: String? = nil) {
        self.isHealthy = isHealthy
        self.latency = latency
        self.detail = detail
    }
}
