import NIOCore
import NIOPosix
import Synchronization
import Wire

/// Threads for handlers that block or compute, with a bounded queue before them.
public final class OffloadQueue: Sendable {
    private let pool: NIOThreadPool
    /// Calls that wait or run, at most.
    public let capacity: Int
    private let inUse = Atomic<Int>(0)

    /// Starts `threads` threads. More than `capacity` calls at once, waiting and running, are refused as overloaded.
    public init(threads: Int, capacity: Int) {
        pool = NIOThreadPool(numberOfThreads: max(1, threads))
        self.capacity = max(1, capacity)
        pool.start()
    }

    /// Ends the threads; calls that still wait are answered `draining`.
    public func shutdown() async { try? await pool.shutdownGracefully() }

    /// How many calls wait or run.
    public var count: Int { inUse.load(ordering: .relaxed) }

    /// Runs `body` on a thread and answers `stream` with what it gives.
    func run(for stream: any ServerStream, _ body: @escaping @Sendable () throws(CallError) -> (Head, ByteBuffer)) {
        guard inUse.wrappingAdd(1, ordering: .relaxed).oldValue < capacity else {
            inUse.wrappingSubtract(1, ordering: .relaxed)
            return stream.fail(CallError(.overloaded, "the queue is full", retryAfterMilliseconds: 1_000))
        }
        let loop = stream.eventLoop
        let bound = NIOLoopBound(stream, eventLoop: loop)
        pool.submit { [self] state in
            let result: Result<(Head, ByteBuffer), CallError> =
                switch state {
                case .active: Result { () throws(CallError) in try body() }
                case .cancelled: .failure(CallError(.draining, "this node is shutting down"))
                }
            inUse.wrappingSubtract(1, ordering: .relaxed)
            loop.execute { bound.value.answer(result) }
        }
    }
}
