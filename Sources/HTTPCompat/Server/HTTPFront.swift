public import Hummingbird
public import Logging
public import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Wire

/// The HTTP server of a coordinator or worker: HTTP/1.1, over TLS where it is configured.
///
/// Requests that `HotRoutes` takes are served on the connection's event loop, without a task. All others are read whole (up
/// to `Limits.httpCollectedBody`) and go to a Hummingbird responder.
public final class HTTPFront: Sendable {
    private let configuration: FrontConfiguration
    private let group: any EventLoopGroup
    private let makeCore: @Sendable (FrontGuard) -> FrontCore
    /// What the front counts, for `/metrics`.
    package let metrics: FrontMetrics
    private let logger: Logger
    private let running = Mutex<Running?>(nil)

    /// - Parameters:
    ///   - group: the loops that connections live on. Calls of hot routes stay on the loop of their connection.
    ///   - hot: what is served on the loop; `nil` for nothing.
    ///   - responder: what serves the rest, such as `router.buildResponder()`. An error that it throws becomes a 500.
    public init(
        group: any EventLoopGroup, configuration: FrontConfiguration, hot: (any HotRoutes)?, responder: some HTTPResponder<FrontContext>,
        logger: Logger
    ) {
        self.group = group
        self.configuration = configuration
        self.logger = logger
        let metrics = FrontMetrics()
        self.metrics = metrics
        (hot as? any ScrapedRoutes)?.metrics.add { metrics.write(to: &$0) }
        let isSecure = configuration.certificate != nil
        makeCore = { door in
            FrontCore(door: door, hot: hot, isSecure: isSecure, metrics: metrics, logger: logger) {
                try await responder.respond(to: $0, context: $1)
            }
        }
    }

    private struct Running {
        var server: any Channel
        var loops: [NIOLoopBound<FrontLoop>]
    }

    /// Checks the configuration, binds and serves from then on.
    ///
    /// - Returns: the address that is bound: the port is another one than configured where that was 0, or busy and movable.
    /// - Throws: `FrontError`; nothing is left behind.
    public func start() async throws(FrontError) -> SocketAddress {
        let means = try await FrontMeans(configuration)
        if !means.missing.isEmpty {
            let lack = means.missing.joined(separator: " and without ")
            logger.warning(
                "HTTP on \(configuration.host) is open to other machines without \(lack): everyone who reaches it can use this mesh")
        }
        let core = makeCore(FrontGuard(configuration: configuration, tokens: means.tokens, isLoopback: means.isLoopback))
        let loops = await frontLoops()
        let server = try await bind(core, loops, means.tls)
        guard let address = server.localAddress else {
            throw .cannotListen(host: configuration.host, port: configuration.port, reason: "it closed at once")
        }
        running.withLock { $0 = Running(server: server, loops: Array(loops.values)) }
        return address
    }

    /// Checks a configuration without binding: files, and whether it may be reached from other machines.
    public static func check(_ configuration: FrontConfiguration) async throws(FrontError) { _ = try await FrontMeans(configuration) }

    /// Stops to listen, lets requests in progress end for at most `Limits.httpDrain`, then cuts what is left.
    public func shutdown() async {
        guard let running = running.withLock({ taken in taken.take() }) else { return }
        try? await running.server.close().get()
        for loop in running.loops { loop.eventLoop.execute { loop.value.drain() } }
        let deadline = ContinuousClock.now + Limits.httpDrain
        while metrics.connections > 0, ContinuousClock.now < deadline {
            do { try await Task.sleep(for: .milliseconds(20)) } catch { break }
        }
        for loop in running.loops { try? await loop.eventLoop.submit { loop.value.cut() }.get() }
    }

    /// Looks after the time limits as if it were `now`: for tests of limits that are too long to wait for.
    package func sweep(at now: NIODeadline) async {
        for loop in running.withLock({ $0?.loops ?? [] }) { try? await loop.eventLoop.submit { loop.value.sweep(at: now) }.get() }
    }

    // MARK: Starting

    private func frontLoops() async -> [ObjectIdentifier: NIOLoopBound<FrontLoop>] {
        var loops: [ObjectIdentifier: NIOLoopBound<FrontLoop>] = [:]
        for loop in group.makeIterator() {
            loops[ObjectIdentifier(loop)] = try? await loop.submit { NIOLoopBound(FrontLoop(), eventLoop: loop) }.get()
        }
        return loops
    }

    private func bind(
        _ core: FrontCore, _ loops: [ObjectIdentifier: NIOLoopBound<FrontLoop>], _ tls: FrontTLS?
    ) async throws(FrontError) -> any Channel {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: Limits.httpUnwritten / 2, high: Limits.httpUnwritten))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try Self.set(up: channel, core, loops, tls) }
            }
        var port = configuration.port
        let last = configuration.movesToFreePort && port != 0 ? min(port + 100, 65_535) : port
        while true {
            do {
                return try await bootstrap.bind(host: configuration.host, port: port).get()
            } catch let error as IOError where error.errnoCode == EADDRINUSE {
                guard port < last else { throw .portTaken(host: configuration.host, port: configuration.port) }
                port += 1
            } catch {
                throw .cannotListen(host: configuration.host, port: port, reason: "\(error)")
            }
        }
    }

    private static func set(
        up channel: any Channel, _ core: FrontCore, _ loops: [ObjectIdentifier: NIOLoopBound<FrontLoop>], _ tls: FrontTLS?
    ) throws {
        guard core.metrics.opened() else { throw ChannelError.operationUnsupported }
        guard let loop = loops[ObjectIdentifier(channel.eventLoop)]?.value, !loop.isDraining else {
            core.metrics.closed()
            throw ChannelError.alreadyClosed
        }
        let pipeline = channel.pipeline.syncOperations
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = Limits.httpHeaderBlock
        limits.maxHeaderListSize = Limits.httpHeaderBlock
        limits.maxHeaderFieldCount = Limits.httpHeaderFields
        if let tls { try pipeline.addHandler(tls.handler()) }
        try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)))
        try pipeline.addHandler(FrontConnection(core: core, loop: loop))
    }
}
