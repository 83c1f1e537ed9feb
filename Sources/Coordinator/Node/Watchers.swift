import NIOCore
import Synchronization
import Transport
import Wire

/// The watch streams that are open.
final class Watchers: Sendable {
    private struct State {
        var watchers: [UInt64: Watcher] = [:]
        var next: UInt64 = 0
    }

    private let state = Mutex(State())

    /// How many there are.
    var count: Int { state.withLock { $0.watchers.count } }

    /// Tells all that the registry has changed.
    func wake() { for watcher in state.withLock({ Array($0.watchers.values) }) { watcher.wake() } }

    func add(_ watcher: Watcher) -> UInt64 {
        state.withLock { state in
            state.next += 1
            state.watchers[state.next] = watcher
            return state.next
        }
    }

    func remove(_ id: UInt64) { state.withLock { $0.watchers[id] = nil } }
}

/// Reaches a watch stream from any thread. Many wakes between two reads are one.
final class Watcher: Sendable {
    private let loop: any EventLoop
    private let serving: NIOLoopBound<WatchServing>
    private let isAwake = Atomic(false)

    init(_ serving: WatchServing, on loop: any EventLoop) {
        self.loop = loop
        self.serving = NIOLoopBound(serving, eventLoop: loop)
    }

    /// After this the stream reads what is new, on its loop, and rests for a moment, so that a burst of changes is read in a few
    /// pieces.
    func wake() {
        guard !isAwake.exchange(true, ordering: .acquiringAndReleasing) else { return }
        loop.scheduleTask(in: Self.rest) { [self] in
            isAwake.store(false, ordering: .releasing)
            serving.value.pump()
        }
    }

    private static let rest: TimeAmount = .milliseconds(10)
}

/// One watch stream: takes the request, then writes what the registry has for its cursor whenever there is room. A slow watcher
/// costs its cursor and nothing else; one that is so late that changes are forgotten is reset.
final class WatchServing: CallReceiver {
    private let core: CoordinatorCore
    private let stream: any ServerStream
    private var request: [UInt8] = []
    private var cursor: WatchCursor?
    private var id: UInt64?
    private var hasEnded = false

    init(_ core: CoordinatorCore, stream: any ServerStream) {
        self.core = core
        self.stream = stream
    }

    func callReceived(head: Head) {}

    func callReceived(data: ByteBuffer) {
        guard cursor == nil, !hasEnded else { return }
        request.append(contentsOf: data.readableBytesView)
        stream.consumed(data.readableBytes)
        if request.count > Limits.record { end(CallError(.tooLarge, "the request of a watch")) }
    }

    func callReceivedEnd() {
        guard cursor == nil, !hasEnded else { return }
        do throws(WireError) {
            let watch = try WatchRequest(request)
            request = []
            cursor = core.registry.withLock { WatchCursor(filter: Set(watch.services), from: $0.revision) }
        } catch { return end(CallError(.badRequest, "the request of a watch: \(error)")) }
        id = core.watchers.add(Watcher(self, on: stream.eventLoop))
        var head = Head()
        head.status = 200
        stream.respond(head)
        pump()
    }

    func callFailed(_ error: CallError) { leave() }
    func callBecameWritable() { pump() }

    /// Writes what there is, as long as there is room.
    func pump() {
        guard !hasEnded, var cursor else { return }
        defer { self.cursor = cursor }
        while stream.isWritable, !hasEnded {
            do throws(WireError) {
                let step = try core.registry.withLock { (registry) throws(WireError) in
                    try registry.read(&cursor, budget: Self.piece, now: .now())
                }
                switch step {
                case .messages(let bytes) where bytes.isEmpty: return
                case .messages(let bytes): stream.write(ByteBuffer(bytes: bytes))
                case .lagging: return end(CallError(.overloaded, "this watcher is too slow: begin again"))  // MSG-6.7
                }
            } catch { return end(CallError(.internalError, "a record cannot be encoded: \(error)")) }
        }
    }

    private func end(_ error: CallError) {
        stream.fail(error)
        leave()
    }

    private func leave() {
        hasEnded = true
        if let id { core.watchers.remove(id) }
        id = nil
    }

    /// Bytes that are read from the registry at once: the time for which it is locked.
    private static let piece = 32 << 10
}
