import NIOCore
import NIOHTTP1

/// Decides who may talk to the front before any route sees a request. A value without I/O.
///
/// Three doors. *Tokens*, where there are some: every request carries one, as `Authorization: Bearer` or as `Wiremesh-Token`
/// (for services that want an Authorization of their own). *Host*, on loopback: a page whose name was rebound to 127.0.0.1
/// still sends its own name, so only names of this machine pass. *Origin*: a browser says where a request comes from, and
/// one that changes something must come from the front itself or from an allowed origin. Programs send neither Origin nor
/// Sec-Fetch-Site and never notice.
package struct FrontGuard: Sendable {
    private let tokens: BearerTokens?
    private let checksHost: Bool
    private let allowedHosts: Set<String>
    private let allowedOrigins: Set<String>
    private let allowsEveryOrigin: Bool

    /// - Parameter isLoopback: whether only this machine can reach the front.
    package init(configuration: FrontConfiguration, tokens: BearerTokens?, isLoopback: Bool) {
        self.tokens = tokens
        checksHost = isLoopback && tokens == nil
        allowedHosts = Set(configuration.allowedHosts.map { $0.lowercased() })
        allowedOrigins = Set(configuration.allowedOrigins)
        allowsEveryOrigin = configuration.allowedOrigins.contains("*")
    }

    /// Whether the Authorization field of a request that came without `Wiremesh-Token` holds a token of this front.
    func ownsAuthorization(of request: FrontRequest) -> Bool { tokens != nil && !request.headers.contains(name: "wiremesh-token") }

    /// What to do with a request.
    package enum Verdict {
        /// Let it through. `cors` are the fields that its answer carries.
        case pass(cors: [(name: String, value: String)])
        case refuse(HTTPAnswer)
    }

    package func judge(_ request: FrontRequest) -> Verdict {
        if let refusal = refuseHost(request) { return .refuse(refusal) }
        let origin = request.headers.first(name: "origin")
        if let origin, request.method == .OPTIONS, request.headers.contains(name: "access-control-request-method"), hasCORS {
            return .refuse(preflight(origin, request))
        }
        if let tokens, !Self.isProbe(request), !tokens.accept(request.headers) { return .refuse(Self.unauthorized) }
        if let refusal = refuseOrigin(request, origin) { return .refuse(refusal) }
        return .pass(cors: origin.map { corsFields($0) } ?? [])
    }

    /// Orchestrators ask these without a token; the answers say nothing but yes or no.
    private static func isProbe(_ request: FrontRequest) -> Bool {
        request.method == .GET && (request.path == "/healthz" || request.path == "/readyz")
    }

    private static let unauthorized: HTTPAnswer = {
        var answer = HTTPAnswer.detail("A bearer token is needed: send Authorization: Bearer TOKEN.", status: 401)
        answer.fields.append(("www-authenticate", "Bearer"))
        return answer
    }()

    // MARK: Host

    private func refuseHost(_ request: FrontRequest) -> HTTPAnswer? {
        guard checksHost, let host = request.headers.first(name: "host") else { return nil }
        let name = Self.hostName(host)
        if Self.isLocalName(name) || allowedHosts.contains(name) { return nil }
        return .detail(
            "This server answers on loopback only, and \(host) is not one of its names: use http://127.0.0.1, or advertise the name.",
            status: 421)
    }

    /// The Host without its port, in lower case.
    private static func hostName(_ host: String) -> String {
        if host.first == "[" { return String(host.dropFirst().prefix { $0 != "]" }) }
        return String(host.prefix { $0 != ":" }).lowercased()
    }

    /// Loopback names, and addresses: a rebound name is never an address.
    private static func isLocalName(_ name: String) -> Bool {
        name.isEmpty || name == "localhost" || name.hasSuffix(".localhost")
            || (try? SocketAddress(ipAddress: name, port: 0)) != nil
    }

    // MARK: Origin

    private var hasCORS: Bool { allowsEveryOrigin || !allowedOrigins.isEmpty }

    private func isAllowed(_ origin: String) -> Bool { allowsEveryOrigin || allowedOrigins.contains(origin) }

    private func refuseOrigin(_ request: FrontRequest, _ origin: String?) -> HTTPAnswer? {
        switch request.method {
        case .GET, .HEAD, .OPTIONS: return nil
        default: break
        }
        if let origin {
            if isAllowed(origin) || Self.isSame(origin, request) { return nil }
        } else {
            guard let site = request.headers.first(name: "sec-fetch-site"), site != "same-origin", site != "none" else { return nil }
        }
        return .detail("Pages of another origin may not do this: add the origin to ALLOWED_ORIGINS.", status: 403)
    }

    /// Whether a page of this front sent the request.
    private static func isSame(_ origin: String, _ request: FrontRequest) -> Bool {
        guard let host = request.headers.first(name: "host") else { return false }
        return origin == (request.isSecure ? "https://" : "http://") + host
    }

    private func corsFields(_ origin: String) -> [(name: String, value: String)] {
        guard isAllowed(origin) else { return hasCORS ? [("vary", "Origin")] : [] }
        let exposed = ("access-control-expose-headers", "Wiremesh-Worker, Wiremesh-Route, Server-Timing, Retry-After")
        if allowsEveryOrigin { return [("access-control-allow-origin", "*"), exposed] }
        return [
            ("access-control-allow-origin", origin), ("access-control-allow-credentials", "true"), ("vary", "Origin"), exposed,
        ]
    }

    private func preflight(_ origin: String, _ request: FrontRequest) -> HTTPAnswer {
        guard isAllowed(origin) else { return .detail("Disallowed CORS origin", status: 400) }
        var answer = HTTPAnswer(contentType: "text/plain; charset=utf-8", body: ByteBuffer(string: "OK"))
        answer.fields = corsFields(origin)
        answer.fields.append(("access-control-allow-methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"))
        answer.fields.append(("access-control-max-age", "600"))
        if let wanted = request.headers.first(name: "access-control-request-headers") {
            answer.fields.append(("access-control-allow-headers", wanted))
        }
        return answer
    }
}
