import NIOCore
import NIOPosix
import Synchronization
import Wire

/// Accepts connections and hands them out one by one.
final class Listener: Sendable {
    private struct State {
        var accepted: [Connection] = []
        var waiter: CheckedContinuation<Void, Never>?
    }

    let endpoint: Endpoint
    private let channel: any Channel
    private let state: Queue

    private final class Queue: Sendable {
        let state = Mutex(State())

        func append(_ connection: Connection) {
            let waiter = state.withLock { state in
                state.accepted.append(connection)
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }

        func wake() {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
    }

    private init(_ channel: any Channel, _ endpoint: Endpoint, _ state: Queue) {
        self.channel = channel
        self.endpoint = endpoint
        self.state = state
    }

    /// Listens at `endpoint`; port 0 picks one.
    static func open(_ endpoint: Endpoint, _ group: any EventLoopGroup) async throws -> Listener {
        let queue = Queue()
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { queue.append(try Connection.adopt(channel)) }
            }
            .bind(host: endpoint.host, port: Int(endpoint.port)).get()
        let port = UInt16(clamping: channel.localAddress?.port ?? 0)
        return Listener(channel, Endpoint(host: endpoint.host, port: port), queue)
    }

    /// The next connection that somebody opens; `nil` where nobody does.
    func next(within limit: Duration) async -> Connection? {
        guard await isDialled(within: limit) else { return nil }
        return state.state.withLock { $0.accepted.isEmpty ? nil : $0.accepted.removeFirst() }
    }

    /// Closes the connections that nobody has asked for.
    func dropAccepted() {
        let dropped = state.state.withLock { state in
            defer { state.accepted = [] }
            return state.accepted
        }
        for connection in dropped { connection.close() }
    }

    /// The connection that `next` will give, where there is one already.
    var first: Connection? { state.state.withLock { $0.accepted.first } }

    /// Whether `next` has a connection to give, at once or within `limit`. For one reader at a time.
    func isDialled(within limit: Duration) async -> Bool {
        let deadline = ContinuousClock.now + limit
        while true {
            guard !Task.isCancelled else { return false }
            if state.state.withLock({ !$0.accepted.isEmpty }) { return true }
            let left = deadline - .now
            guard left > .zero else { return false }
            let timer = channel.eventLoop.scheduleTask(in: TimeAmount(left)) { [state] in state.wake() }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isReady = state.state.withLock { state in
                        guard state.accepted.isEmpty, !Task.isCancelled else { return true }
                        state.waiter = continuation
                        return false
                    }
                    if isReady { continuation.resume() }
                }
            } onCancel: { [state] in
                state.wake()
            }
            timer.cancel()
        }
    }

    deinit { channel.close(promise: nil) }

    /// The address is free again when it returns.
    func close() async { try? await channel.close() }
}
