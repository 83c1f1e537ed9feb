public import NIOCore
public import NIOHTTP1
public import Transport
public import Wire

/// The requests that the front answers on the connection's event loop, without a task: forwarding, and answers that
/// are encoded already. Everything else goes to the responder.
public protocol HotRoutes: Sendable {
    /// Called on the connection's loop with each request that authentication and the cross-origin check let through.
    /// Must not block. `nil` hands the request to the responder.
    func route(_ request: FrontRequest) -> HotRoute?
}

/// What to do with a request that is served on the loop.
public enum HotRoute: Sendable {
    /// This is the whole answer. The request's body is read and dropped.
    case answer(HTTPAnswer)
    /// The request goes to a caller, both bodies as streams.
    case forward(Forward)
}

/// A request on its way to a service.
public struct Forward: Sendable {
    public var caller: any Caller
    /// What `ForwardedHead` made of the request.
    public var head: Head
    /// The answer for a call that failed before its head. After the head only breaking the connection is left.
    public var failure: @Sendable (CallError) -> HTTPAnswer

    public init(_ head: Head, to caller: any Caller, failure: @escaping @Sendable (CallError) -> HTTPAnswer = HTTPAnswer.failure) {
        self.caller = caller
        self.head = head
        self.failure = failure
    }
}

/// The head of a request as routes see it.
public struct FrontRequest: Sendable {
    public let method: HTTPMethod
    /// Path as it came, still percent-encoded, without query; begins with "/".
    public let path: Substring
    /// What follows the "?", as it came; `nil` without one.
    public let query: Substring?
    public let headers: HTTPHeaders
    /// Where the client connects from.
    public let remote: SocketAddress?
    /// Whether the request came over TLS.
    public let isSecure: Bool
    /// Whether the Authorization field opened the front, so that it is nobody else's business.
    var authorizationIsOurs = false

    public init(method: HTTPMethod, target: String, headers: HTTPHeaders, remote: SocketAddress? = nil, isSecure: Bool = false) {
        self.method = method
        self.headers = headers
        self.remote = remote
        self.isSecure = isSecure
        let origin = Self.originForm(target)
        if let mark = origin.utf8.firstIndex(of: UInt8(ascii: "?")) {
            path = origin[..<mark]
            query = origin[origin.index(after: mark)...]
        } else {
            path = origin
            query = nil
        }
    }

    /// Drops scheme and authority of an absolute-form target (RFC 9112, 3.2.2); anything that does not begin with "/" then
    /// becomes "/".
    private static func originForm(_ target: String) -> Substring {
        if target.utf8.first == UInt8(ascii: "/") { return target[...] }
        guard let colon = target.utf8.firstIndex(of: UInt8(ascii: ":")) else { return "/" }
        let authority = target[target.index(after: colon)...].drop { $0 == "/" }
        guard let slash = authority.utf8.firstIndex(of: UInt8(ascii: "/")) else { return "/" }
        return authority[slash...]
    }
}
