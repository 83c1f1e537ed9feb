import NIOCore
import NIOPosix
import Synchronization

/// A TCP client that sends what it is told, byte for byte, and keeps what comes.
final class RawClient: Sendable {
    private let channel: any Channel
    private let inbox: Inbox

    static func connect(to address: SocketAddress, reads: Bool = true) async throws -> RawClient {
        let inbox = Inbox()
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: reads)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Collector(inbox)) }
            }
            .connect(to: address).get()
        return RawClient(channel, inbox)
    }

    private init(_ channel: any Channel, _ inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }

    func send(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes) }

    /// Closes the sending side only.
    func finish() async throws { try await channel.close(mode: .output) }

    func close() async { try? await channel.close() }

    /// Reads once: for a client that does not read by itself.
    func readOnce() { channel.read() }

    func readOn() async throws { try await channel.setOption(.autoRead, value: true).get() }

    /// Everything received so far.
    var received: String { String(decoding: inbox.state.withLock { $0.bytes }, as: UTF8.self) }
    var receivedCount: Int { inbox.state.withLock { $0.bytes.count } }
    /// Whether the other side has cut the connection instead of closing it.
    var wasReset: Bool { inbox.state.withLock { $0.wasReset } }
    var isAtEnd: Bool { inbox.state.withLock { $0.ended } }

    /// Waits until `condition` holds for what was received, or the connection ended.
    func wait(until condition: (String) -> Bool) async throws -> String {
        while true {
            let (text, ended) = inbox.state.withLock { (String(decoding: $0.bytes, as: UTF8.self), $0.ended) }
            if condition(text) || ended { return text }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    func wait(for text: String) async throws -> String { try await wait { $0.contains(text) } }

    /// Waits for the end of the connection.
    func rest() async throws -> String { try await wait { _ in false } }

    /// Forgets what was received.
    func clear() { inbox.state.withLock { $0.bytes = [] } }

    private final class Inbox: Sendable {
        struct State {
            var bytes: [UInt8] = []
            var ended = false
            var wasReset = false
        }
        let state = Mutex(State())
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let inbox: Inbox
        init(_ inbox: Inbox) { self.inbox = inbox }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            inbox.state.withLock { $0.bytes += Array(bytes.readableBytesView) }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed = event { inbox.state.withLock { $0.ended = true } }
        }

        func channelInactive(context: ChannelHandlerContext) { inbox.state.withLock { $0.ended = true } }
        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            inbox.state.withLock { $0.wasReset = true }
            context.close(promise: nil)
        }
    }
}
