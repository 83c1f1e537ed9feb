import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Wire

/// What carries the bytes of a link: a connection, or a circuit.
protocol Carrier: AnyObject {
    /// Sends bytes. To one that is closed already, nothing.
    func send(_ bytes: [UInt8])

    /// Ends the own direction: the target reads the end.
    func finish()

    func close()

    /// The bytes that have come, once there are any; `closed` when there are none and none will come.
    func read(until deadline: ContinuousClock.Instant) async -> Connection.Arrival
}

extension Carrier {
    /// Sends pieces apart from each other, so that the target reads them one by one.
    func send(pieces: [[UInt8]], pause: Duration = .milliseconds(3)) async throws {
        for (index, piece) in pieces.enumerated() {
            if index > 0 { try await Task.sleep(for: pause) }
            send(piece)
        }
    }
}

/// One TCP connection of the runner: bytes out, bytes in, and how it ended. Thread-safe; one reader at a time.
final class Connection: Carrier, Sendable {
    /// What came until a deadline.
    enum Arrival: Sendable {
        case bytes([UInt8])
        case closed
        case nothing
    }

    private struct State {
        var bytes: [UInt8] = []
        var isClosed = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    let channel: any Channel
    private let state: Mutex<State>

    private init(_ channel: any Channel) {
        self.channel = channel
        state = Mutex(State())
    }

    /// A target that sends without end is not read beyond this many bytes.
    private static let unread = 32 << 20

    // MARK: Opening

    /// Dials `endpoint`. Throws what the socket throws.
    static func dial(_ endpoint: Endpoint, _ group: any EventLoopGroup) async throws -> Connection {
        try await ClientBootstrap(group: group)
            .connectTimeout(TimeAmount(Limits.dialTimeout))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .connect(host: endpoint.host, port: Int(endpoint.port)) { channel in
                channel.eventLoop.makeCompletedFuture { try adopt(channel) }
            }
    }

    /// Why a connection did not come about, for people.
    static func reason(_ error: any Error) -> String {
        switch (error as? NIOConnectionError)?.connectionErrors.first?.error ?? error {
        case let error as IOError: String(cString: strerror(error.errnoCode)).lowercased()
        case let error as NIOConnectionError: "the name \(error.host) has no address"
        case ChannelError.connectTimeout: "no answer within \(Limits.dialTimeout)"
        case let error: "\(error)"
        }
    }

    /// Takes a channel over: from now on its bytes come here. On the channel's loop.
    static func adopt(_ channel: any Channel) throws -> Connection {
        let connection = Connection(channel)
        try channel.pipeline.syncOperations.addHandler(Inbox(connection))
        return connection
    }

    // MARK: Sending

    func send(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    func finish() { channel.close(mode: .output, promise: nil) }

    func close() { channel.close(promise: nil) }

    /// Whether anything is read from the socket: a slow peer does not.
    func setReading(_ isReading: Bool) { channel.setOption(.autoRead, value: isReading).whenFailure { _ in } }

    // MARK: Receiving

    func read(until deadline: ContinuousClock.Instant) async -> Arrival {
        while true {
            // Before anything else: a target that sends without end must not outlast the run.
            guard !Task.isCancelled else { return .nothing }
            let arrival: Arrival? = state.withLock { state in
                if !state.bytes.isEmpty {
                    defer { state.bytes = [] }
                    return .bytes(state.bytes)
                }
                return state.isClosed ? .closed : nil
            }
            if let arrival { return arrival }
            let left = deadline - .now
            guard left > .zero else { return .nothing }
            await wait(left)
        }
    }

    /// The first bytes that come, which stay here: `count` of them, or fewer where no more come until `deadline`.
    func beginning(_ count: Int, until deadline: ContinuousClock.Instant) async -> (bytes: [UInt8], isClosed: Bool) {
        while true {
            let seen = state.withLock { (bytes: Array($0.bytes.prefix(count)), isClosed: $0.isClosed) }
            guard seen.bytes.count < count, !seen.isClosed, deadline > .now, !Task.isCancelled else { return seen }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    private func wait(_ left: Duration) async {
        let timer = channel.eventLoop.scheduleTask(in: TimeAmount(left)) { self.wake() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    guard state.bytes.isEmpty, !state.isClosed, !Task.isCancelled else { return true }
                    state.waiter = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            wake()
        }
        timer.cancel()
    }

    private func wake() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    private func received(_ buffer: ByteBuffer) {
        let isTooMuch = state.withLock { state in
            state.bytes.append(contentsOf: buffer.readableBytesView)
            return state.bytes.count > Self.unread
        }
        if isTooMuch { close() }
        wake()
    }

    private func ended() {
        state.withLock { $0.isClosed = true }
        wake()
    }

    private final class Inbox: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let connection: Connection

        init(_ connection: Connection) { self.connection = connection }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { connection.received(unwrapInboundIn(data)) }
        func channelInactive(context: ChannelHandlerContext) { connection.ended() }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

extension TimeAmount {
    init(_ duration: Duration) { self = .nanoseconds(Int64(clamping: duration.wholeNanoseconds)) }
}
