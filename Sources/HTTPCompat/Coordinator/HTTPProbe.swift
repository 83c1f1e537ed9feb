internal import Coordinator
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import Wire

/// Asks an address that a member named whether HTTP answers there: one GET on a connection of its own.
///
/// A redirect is an answer like any other and never followed, and the address is checked after the name was looked up
/// and before anything connects to it, so that a name cannot point the coordinator at its own host.
struct HTTPProbe: Sendable {
    let group: any EventLoopGroup

    /// What came back.
    struct Answer: Sendable {
        var status: Int
        /// The body's beginning, at most `Limits.probeBody` bytes.
        var body: ByteBuffer
        var latency: Duration
    }

    /// Why nothing came back: one sentence's worth for people, no full stop.
    struct Failure: Error, Hashable {
        var reason: String
    }

    /// - Parameters:
    ///   - path: appended to the base of `url`.
    ///   - origin: where the member's registration came from.
    ///   - timeout: for the look-up of the name, and again for the rest.
    func get(_ url: UpstreamURL, path: String, from origin: HostClass, timeout: Duration) async throws(Failure) -> Answer {
        let start = ContinuousClock.now
        do {
            let address = try await resolve(url, timeout: timeout)
            guard HostClass(address).mayBeAdvertised(bySomeoneAt: origin) else {
                throw Failure(reason: "\(url.host) is an address of the coordinator's own host or network segment")
            }
            let (status, body) = try await exchange(url, path: path, address: address, timeout: timeout)
            return Answer(status: status, body: body, latency: .now - start)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(reason: "\(url.authority) does not answer: \(error)")
        }
    }

    /// What kind of host `url` names: a name is looked up, and stays a name if it is not known here within a second.
    func hostClass(of url: UpstreamURL) async -> HostClass {
        guard url.hostClass == .name else { return url.hostClass }
        return (try? await resolve(url, timeout: .seconds(1))).map { HostClass($0) } ?? .name
    }

    /// Looks a name up on a thread that may block, for longer than anybody waits.
    private func resolve(_ url: UpstreamURL, timeout: Duration) async throws -> SocketAddress {
        if let numeric = try? SocketAddress(ipAddress: url.host, port: url.port) { return numeric }
        let loop = group.next()
        let found = loop.makePromise(of: SocketAddress.self)
        let timer = loop.scheduleTask(in: TimeAmount(timeout)) {
            found.fail(Failure(reason: "the name \(url.host) was not found within \(timeout.wholeMilliseconds) ms"))
        }
        let lookup = NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
            try SocketAddress.makeAddressResolvingHost(url.host, port: url.port)
        }
        lookup.flatMapErrorThrowing { _ in throw Failure(reason: "the name \(url.host) is not known here") }.cascade(to: found)
        defer { timer.cancel() }
        return try await found.futureResult.get()
    }

    private func exchange(
        _ url: UpstreamURL, path: String, address: SocketAddress, timeout: Duration
    ) async throws -> (Int, ByteBuffer) {
        let loop = group.next()
        let done = loop.makePromise(of: (Int, ByteBuffer).self)
        let connecting = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(timeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let sync = channel.pipeline.syncOperations
                    if url.isSecure { try sync.addHandler(tls(url)) }
                    try sync.addHTTPClientHandlers()
                    try sync.addHandler(ProbeHandler(url: url, path: path, done: done))
                }
            }
            .connect(to: address)
        connecting.whenFailure { done.fail($0) }
        let timer = loop.scheduleTask(in: TimeAmount(timeout)) {
            done.fail(Failure(reason: "\(url.authority) did not answer within \(timeout.wholeMilliseconds) ms"))
        }
        defer {
            timer.cancel()
            connecting.whenSuccess { $0.close(promise: nil) }
        }
        return try await done.futureResult.get()
    }

    private func tls(_ url: UpstreamURL) throws -> NIOSSLClientHandler {
        let isName = (try? SocketAddress(ipAddress: url.host, port: 0)) == nil
        let context = try NIOSSLContext(configuration: .makeClientConfiguration())
        return try NIOSSLClientHandler(context: context, serverHostname: isName ? url.host : nil)
    }
}

/// Sends one GET and gathers its answer.
private final class ProbeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let url: UpstreamURL
    private let path: String
    private let done: EventLoopPromise<(Int, ByteBuffer)>
    private var status = 0
    private var body = ByteBuffer()

    init(url: UpstreamURL, path: String, done: EventLoopPromise<(Int, ByteBuffer)>) {
        self.url = url
        self.path = path
        self.done = done
    }

    func channelActive(context: ChannelHandlerContext) {
        let headers: HTTPHeaders = ["host": url.authority, "user-agent": "wiremesh", "accept": "*/*", "connection": "close"]
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: url.base + path, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            status = Int(head.status.code)
        case .body(var bytes):
            if let part = bytes.readSlice(length: min(bytes.readableBytes, Limits.probeBody - body.readableBytes)) {
                body.writeImmutableBuffer(part)
            }
            // The status says what there is to know; nobody waits for the end of a body without one.
            if body.readableBytes == Limits.probeBody { done.succeed((status, body)) }
        case .end:
            done.succeed((status, body))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        done.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        done.fail(HTTPProbe.Failure(reason: "\(url.authority) closed the connection without a whole answer"))
        context.fireChannelInactive()
    }
}
