import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Synchronization
import Wire

/// What all connections of a front share.
final class FrontCore: Sendable {
    let door: FrontGuard
    let hot: (any HotRoutes)?
    let respond: @Sendable (Request, FrontContext) async throws -> Response
    let logger: Logger
    let isSecure: Bool
    let statistics = FrontStatistics()

    init(
        door: FrontGuard, hot: (any HotRoutes)?, isSecure: Bool, logger: Logger,
        respond: @escaping @Sendable (Request, FrontContext) async throws -> Response
    ) {
        self.door = door
        self.hot = hot
        self.isSecure = isSecure
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
        if head.method == .CONNECT || head.method == .TRACE { return .detail("Method Not Allowed", status: 405) }
        return nil
    }

    /// The answer to bytes that are no request; `nil` where the client ended in the middle and nobody waits.
    static func answer(toParser error: HTTPParserError) -> HTTPAnswer? {
        switch error {
        case .invalidEOFState, .closedConnection: nil
        case .headerOverflow: .detail("The header block exceeds \(Limits.httpHeaderBlock) bytes or its fields their number.", status: 431)
        case .invalidVersion: .detail("The only version understood is HTTP/1.", status: 505)
        default: .detail("The request is not HTTP/1.1: \(error).", status: 400)
        }
    }
}

/// Counters of a front. Read from anywhere.
public final class FrontStatistics: Sendable {
    private let connectionsNow = Atomic<Int>(0)
    private let requestsNow = Atomic<Int>(0)
    private let accepted = Atomic<UInt64>(0)
    private let refused = Atomic<UInt64>(0)
    private let vanished = Atomic<UInt64>(0)
    private let informational = Atomic<UInt64>(0)
    private let success = Atomic<UInt64>(0)
    private let redirection = Atomic<UInt64>(0)
    private let clientError = Atomic<UInt64>(0)
    private let serverError = Atomic<UInt64>(0)

    /// Connections that are open.
    public var connections: Int { connectionsNow.load(ordering: .relaxed) }
    /// Requests in progress.
    public var inFlight: Int { requestsNow.load(ordering: .relaxed) }
    /// Connections since the start.
    public var connectionsAccepted: UInt64 { accepted.load(ordering: .relaxed) }
    /// Connections that were cut because there were too many.
    public var connectionsRefused: UInt64 { refused.load(ordering: .relaxed) }
    /// Requests whose client went away before the answer was whole.
    public var clientsGone: UInt64 { vanished.load(ordering: .relaxed) }
    /// Answers by the first digit of their status, 1...5; 0 for any other digit.
    public func answers(class digit: Int) -> UInt64 {
        switch digit {
        case 1: informational.load(ordering: .relaxed)
        case 2: success.load(ordering: .relaxed)
        case 3: redirection.load(ordering: .relaxed)
        case 4: clientError.load(ordering: .relaxed)
        case 5: serverError.load(ordering: .relaxed)
        default: 0
        }
    }

    /// Counts a new connection. Returns whether there is room for it; if not, it is not counted as open.
    func opened() -> Bool {
        accepted.wrappingAdd(1, ordering: .relaxed)
        if connectionsNow.wrappingAdd(1, ordering: .relaxed).newValue <= Limits.httpConnections { return true }
        connectionsNow.wrappingSubtract(1, ordering: .relaxed)
        refused.wrappingAdd(1, ordering: .relaxed)
        return false
    }

    func closed() { connectionsNow.wrappingSubtract(1, ordering: .relaxed) }
    func begins() { requestsNow.wrappingAdd(1, ordering: .relaxed) }
    func ends() { requestsNow.wrappingSubtract(1, ordering: .relaxed) }
    func clientGone() { vanished.wrappingAdd(1, ordering: .relaxed) }
    func answered(_ status: Int) {
        switch status / 100 {
        case 1: informational.wrappingAdd(1, ordering: .relaxed)
        case 2: success.wrappingAdd(1, ordering: .relaxed)
        case 3: redirection.wrappingAdd(1, ordering: .relaxed)
        case 4: clientError.wrappingAdd(1, ordering: .relaxed)
        default: serverError.wrappingAdd(1, ordering: .relaxed)
        }
    }
}
