import NIOCore
import NIOPosix
import Synchronization
import Wire

/// Passes bytes between a listener and an endpoint until it is frozen; then the connections stay open and nothing passes.
final class FreezingRelay: Sendable {
    private let listener: any Channel
    private let frozen: Frozen
    let endpoint: Endpoint

    final class Frozen: Sendable { let value = Atomic<Bool>(false) }

    init(to target: Endpoint) async throws {
        let frozen = Frozen()
        self.frozen = frozen
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { near in
                ClientBootstrap(group: near.eventLoop)
                    .channelInitializer { far in
                        far.eventLoop.makeCompletedFuture {
                            try far.pipeline.syncOperations.addHandler(Pass(to: near, frozen))
                        }
                    }
                    .connect(host: target.host, port: Int(target.port))
                    .flatMapThrowing { far in try near.pipeline.syncOperations.addHandler(Pass(to: far, frozen)) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        endpoint = Endpoint(host: "127.0.0.1", port: UInt16(listener.localAddress?.port ?? 0))
    }

    func freeze() { frozen.value.store(true, ordering: .relaxed) }

    func close() async throws { try await listener.close() }

    private final class Pass: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let other: any Channel
        private let frozen: Frozen

        init(to other: any Channel, _ frozen: Frozen) {
            self.other = other
            self.frozen = frozen
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard !frozen.value.load(ordering: .relaxed) else { return }
            other.writeAndFlush(unwrapInboundIn(data), promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
    }
}
