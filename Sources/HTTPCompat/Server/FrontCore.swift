import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Wire

/// What all connections of a front share.
final class FrontCore: Sendable {
    let door: FrontGuard
    let hot: (any HotRoutes)?
    let respond: @Sendable (Request, FrontContext) async throws -> Response
    let logger: Logger
    let isSecure: Bool
    let metrics: FrontMetrics

    init(
        door: FrontGuard, hot: (any HotRoutes)?, isSecure: Bool, metrics: FrontMetrics, logger: Logger,
        respond: @escaping @Sendable (Request, FrontContext) async throws -> Response
    ) {
        self.door = door
        self.hot = hot
        self.isSecure = isSecure
        self.metrics = metrics
        self.logger = logger
        self.respond = respond
    }

    /// A request that HTTP itself forbids: what to answer instead of routing it. The connection is closed behind the answer
    /// where its framing is in doubt.
    static func refuse(_ head: HTTPRequestHead) -> HTTPAnswer? {
        if head.uri.utf8.count > Limits.httpTarget { return .detail("The request target is too long.", status: 414) }
        let hosts = head.headers["host"].count
        if hosts > 1 || (hosts == 0 && head.version == .http1_1) { return .detail("A request needs one Host field.", status: 400) }
        let codings = head.headers["transfer-encoding"]
        if !codings.isEmpty {
            if head.version != .http1_1 { return .detail("HTTP/1.0 has no Transfer-Encoding.", status: 400) }
            guard codings.count == 1, codings[0].lowercased() == "chunked" else {
                return .detail("The only transfer coding understood is chunked.", status: 501)
            }
        }
        if let expectation = head.headers.first(name: "expect"), expectation.lowercased() != "100-continue" {
            return .detail("The only expectation understood is 100-continue.", status: 417)
        }
        if head.method.rawValue.utf8.count > Limits.verb { return .detail("The method is too long.", status: 501) }
        if head.method == .CONNECT || head.method == .TRACE { return .detail("Method Not Allowed", status: 405) }
        return nil
    }

    /// The answer to bytes that are no request; `nil` where the client ended in the middle and nobody waits.
    static func answer(toParser error: HTTPParserError) -> HTTPAnswer? {
        switch error {
        case .invalidEOFState, .closedConnection: nil
        case .headerOverflow: .detail("The header block exceeds \(Limits.httpHeaderBlock) bytes or its fields their number.", status: 431)
        default: .detail("The request is not HTTP/1.1: \(error).", status: 400)
        }
    }
}
