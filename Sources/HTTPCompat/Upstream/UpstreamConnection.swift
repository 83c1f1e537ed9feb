import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOTLS
import Wire

/// What a connection to an upstream tells the call that uses it.
protocol UpstreamConnectionUser: AnyObject {
    /// Whether more of the answer should be read.
    var wantsData: Bool { get }
    func connectionReceived(_ head: HTTPResponseHead)
    func connectionReceived(_ body: ByteBuffer)
    func connectionReceivedEnd()
    func connectionBecameWritable()
    /// The connection is no more, and the answer not whole.
    func connectionFailed(_ reason: String)
}

/// One connection to an upstream: in the pool, or in use by one call. Confined to its loop.
final class UpstreamConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = Never
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    private var context: ChannelHandlerContext?
    private weak var pool: UpstreamPool?
    private var user: (any UpstreamConnectionUser)?
    private var heldRead = false
    private var failure = "the upstream closed the connection"
    private var lastedRequests = 0
    /// Whether the link below is up: at once, or after the TLS handshake.
    private(set) var isReady: Bool
    /// When the upstream is expected to close the connection if it stays idle.
    private(set) var idleUntil = NIODeadline.distantFuture
    private var idleTime = TimeAmount(Limits.httpIdleUpstreamTimeout)
    private let attempt: UpstreamAttempt

    /// - Parameter attempt: told when requests can be sent, or that they never can.
    init(pool: UpstreamPool, isSecure: Bool, attempt: UpstreamAttempt) {
        self.pool = pool
        isReady = !isSecure
        self.attempt = attempt
    }

    var isOpen: Bool { context?.channel.isActive ?? false }
    var isWritable: Bool { context?.channel.isWritable ?? false }
    /// Whether it carried a request before the current one.
    var isReused: Bool { lastedRequests > 1 }

    // MARK: For the call

    func begin(_ user: any UpstreamConnectionUser) {
        self.user = user
        lastedRequests += 1
    }

    func send(_ part: HTTPClientRequestPart) { context?.write(wrapOutboundOut(part), promise: nil) }

    func flush() { context?.flush() }

    func resumeReading() {
        guard heldRead, user?.wantsData ?? true else { return }
        heldRead = false
        context?.read()
    }

    /// The call is over. Gives the connection back, or closes it.
    func end(isUsable: Bool) {
        user = nil
        guard isUsable, isOpen, let pool else { return close() }
        idleUntil = .now() + idleTime
        resumeReading()
        pool.giveBack(self)
    }

    func close() {
        user = nil
        context?.close(promise: nil)
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        if isReady { attempt.succeed(self) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event, !isReady {
            isReady = true
            attempt.succeed(self)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func read(context: ChannelHandlerContext) {
        if user?.wantsData ?? true { context.read() } else { heldRead = true }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let user else { return close() }
        switch unwrapInboundIn(data) {
        case .head(let head):
            noteIdleTime(head)
            user.connectionReceived(head)
        case .body(let bytes): user.connectionReceived(bytes)
        case .end: user.connectionReceivedEnd()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { user?.connectionBecameWritable() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure =
            switch error {
            case HTTPParserError.headerOverflow: "the header block of the answer is too large"
            case HTTPParserError.invalidEOFState, HTTPParserError.closedConnection: "the upstream broke off its answer"
            case let error as HTTPParserError: "the upstream's answer is not HTTP (\(error))"
            case let error as IOError where error.errnoCode == ECONNRESET || error.errnoCode == EPIPE: "the upstream cut the connection"
            default: "the connection to the upstream failed (\(error))"
            }
        fail()
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        pool?.forget(self)
        fail()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    private func fail() {
        attempt.fail(failure)
        let user = user
        self.user = nil
        user?.connectionFailed(failure)
    }

    /// `Keep-Alive: timeout=N` says how long the upstream keeps an idle connection; a second less is safe.
    private func noteIdleTime(_ head: HTTPResponseHead) {
        guard let value = head.headers.first(name: "keep-alive"), let range = value.firstRange(of: "timeout="),
            let seconds = Int64(value[range.upperBound...].prefix { $0.isASCII && $0.isNumber })
        else { return }
        idleTime = .seconds(max(0, min(seconds - 1, 60)))
    }
}

/// The wait of one call for a new connection. Answered once, whoever is first: more than one address may be tried.
final class UpstreamAttempt {
    private var call: UpstreamCall?

    init(_ call: UpstreamCall) { self.call = call }

    func succeed(_ connection: UpstreamConnection) { call.take()?.connected(connection) }
    func fail(_ reason: String) { call.take()?.unconnected(reason) }
}
