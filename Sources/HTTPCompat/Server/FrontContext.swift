public import Hummingbird
public import Logging
public import NIOCore

/// The context of requests that go through a Hummingbird router. The front has read the whole body already
/// (`FrontLimits.collectedBody`), so `request.body.collect(upto:)` does not wait.
public struct FrontContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// Where the client connects from.
    public let remote: SocketAddress?
    /// Whether the request came over TLS.
    public let isSecure: Bool

    public init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        remote = source.remote
        isSecure = source.isSecure
    }

    /// What the front knows about a request besides its head and body.
    public struct Source: RequestContextSource {
        public let logger: Logger
        public let remote: SocketAddress?
        public let isSecure: Bool

        public init(logger: Logger, remote: SocketAddress?, isSecure: Bool) {
            self.logger = logger
            self.remote = remote
            self.isSecure = isSecure
        }
    }
}
