import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Wire

/// The connections to one upstream that live on one event loop. Confined to that loop.
///
/// A call takes the connection that was given back last, or a new one; nothing waits for a place, because the number of calls
/// is limited where they are admitted.
final class UpstreamPool {
    private let url: UpstreamURL
    private let tls: NIOSSLContext?
    private let loop: any EventLoop
    private let address: SocketAddress?
    /// Idle connections, the one given back last at the end.
    private var idle: [UpstreamConnection] = []
    private var sweep: RepeatedTask?

    init(_ url: UpstreamURL, tls: NIOSSLContext?, on loop: any EventLoop) {
        self.url = url
        self.tls = tls
        self.loop = loop
        address = try? SocketAddress(ipAddress: url.host, port: url.port)
    }

    /// An idle connection; `nil` if there is none.
    func take() -> UpstreamConnection? {
        let now = NIODeadline.now()
        while let connection = idle.popLast() {
            if connection.isOpen, connection.idleUntil > now { return connection }
            connection.close()
        }
        return nil
    }

    /// Makes a new connection for `call`, which hears of it later.
    func connect(for call: UpstreamCall) {
        let bound = NIOLoopBound((pool: self, attempt: UpstreamAttempt(call)), eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(Limits.httpConnectTimeout))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: .init(low: Limits.httpUnwritten / 2, high: Limits.httpUnwritten))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try bound.value.pool.setUp(channel, bound.value.attempt) }
            }
        let connected = address.map { bootstrap.connect(to: $0) } ?? bootstrap.connect(host: url.host, port: url.port)
        let text = url.text
        connected.whenFailure { error in bound.value.attempt.fail(Self.reason(error, text)) }
    }

    private func setUp(_ channel: any Channel, _ attempt: UpstreamAttempt) throws {
        let pipeline = channel.pipeline.syncOperations
        if let tls {
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: address == nil ? url.host : nil))
        }
        var encoding = HTTPRequestEncoder.Configuration()
        encoding.automaticallySetFramingHeaders = false
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = Limits.headSize
        limits.maxHeaderListSize = Limits.headSize
        limits.maxHeaderFieldCount = Limits.httpHeaderFields
        try pipeline.addHandler(HTTPRequestEncoder(configuration: encoding))
        try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder(limitConfiguration: limits)))
        try pipeline.addHandler(UpstreamConnection(pool: self, isSecure: tls != nil, attempt: attempt))
    }

    private static func reason(_ error: any Error, _ url: String) -> String {
        switch error {
        case let error as IOError where error.errnoCode == ECONNREFUSED: "\(url) refuses connections"
        case is ChannelError: "\(url) does not answer"
        case let error as NIOConnectionError:
            error.connectionErrors.isEmpty ? "the name in \(url) has no address" : "\(url) cannot be reached"
        default: "\(url) cannot be reached (\(error))"
        }
    }

    func giveBack(_ connection: UpstreamConnection) {
        guard idle.count < Limits.httpIdleUpstream else { return connection.close() }
        idle.append(connection)
        guard sweep == nil else { return }
        let bound = NIOLoopBound(self, eventLoop: loop)
        sweep = loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in bound.value.closeExpired() }
    }

    /// A connection has ended by itself.
    func forget(_ connection: UpstreamConnection) { idle.removeAll { $0 === connection } }

    private func closeExpired() {
        let now = NIODeadline.now()
        for connection in idle where connection.idleUntil <= now { connection.close() }
        idle.removeAll { $0.idleUntil <= now }
        guard idle.isEmpty else { return }
        sweep?.cancel()
        sweep = nil
    }
}
