import NIOCore
import NIOPosix
import Synchronization
import Wire

/// Passes bytes between a listener and an endpoint. Once it is told to, it takes what the endpoint sends a little at a time, or
/// not at all; what goes to the endpoint passes as before.
final class DribblingRelay: Sendable {
    private let listener: any Channel
    private let connections: Connections
    let endpoint: Endpoint

    private final class Connections: Sendable { let far = Mutex<[any Channel]>([]) }

    init(to target: Endpoint) async throws {
        let connections = Connections()
        self.connections = connections
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { near in
                ClientBootstrap(group: near.eventLoop)
                    .channelOption(.socketOption(.so_rcvbuf), value: 16 << 10)
                    .channelInitializer { far in
                        far.eventLoop.makeCompletedFuture { try far.pipeline.syncOperations.addHandler(Pass(to: near)) }
                    }
                    .connect(host: target.host, port: Int(target.port))
                    .flatMapThrowing { far in
                        try near.pipeline.syncOperations.addHandler(Pass(to: far))
                        connections.far.withLock { $0.append(far) }
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        endpoint = Endpoint(host: "127.0.0.1", port: UInt16(listener.localAddress?.port ?? 0))
    }

    /// - Parameter interval: the time between two reads of so many bytes; `nil` reads none.
    func dribble(_ bytes: Int = 1, each interval: Duration?) {
        for channel in connections.far.withLock({ $0 }) {
            _ = channel.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: bytes))
            _ = channel.setOption(.maxMessagesPerRead, value: 1)
            _ = channel.setOption(.autoRead, value: false)
            guard let interval else { continue }
            channel.eventLoop.scheduleRepeatedTask(
                initialDelay: .nanoseconds(0), delay: .nanoseconds(Int64(interval / .nanoseconds(1)))
            ) { task in
                if channel.isActive { channel.read() } else { task.cancel() }
            }
        }
    }

    func close() async throws { try await listener.close() }

    private final class Pass: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let other: any Channel

        init(to other: any Channel) { self.other = other }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { other.writeAndFlush(unwrapInboundIn(data), promise: nil) }
        func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
    }
}
