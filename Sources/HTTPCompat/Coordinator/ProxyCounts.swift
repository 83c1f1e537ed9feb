internal import NIOCore
internal import Synchronization
internal import Transport
internal import Wire

/// What the coordinator's proxy has sent to each worker. Safe from every thread.
final class ProxyCounts: Sendable {
    private struct Worker {
        var inFlight = 0
        var completed: UInt64 = 0
    }

    private let workers = Mutex<[String: Worker]>([:])
    private let all = Counter()

    /// Requests that were sent to any worker.
    var total: UInt64 { all.value }

    /// Requests to `worker` that were answered whole.
    func completed(by worker: String) -> UInt64 { workers.withLock { $0[worker]?.completed ?? 0 } }

    /// What the worker reported last, and what was sent to it since and is not answered.
    func load(of worker: WorkerRecord) -> Double {
        let inFlight = workers.withLock { $0[worker.name]?.inFlight ?? 0 }
        return worker.load.fraction + Double(inFlight) / Double(worker.load.limit == 0 ? 64 : worker.load.limit)
    }

    /// Forgets workers that are gone and have nothing in flight.
    func keep(_ names: Set<String>) {
        workers.withLock { workers in workers = workers.filter { names.contains($0.key) || $0.value.inFlight > 0 } }
    }

    fileprivate func began(_ worker: String) {
        all.add()
        workers.withLock { $0[worker, default: Worker()].inFlight += 1 }
    }

    fileprivate func ended(_ worker: String, isWhole: Bool) {
        workers.withLock { workers in
            workers[worker, default: Worker()].inFlight -= 1
            if isWhole { workers[worker]?.completed += 1 }
        }
    }
}

/// A caller whose calls are counted.
struct CountedCaller: Caller {
    let base: any Caller
    let worker: String
    let counts: ProxyCounts
    /// Whether the service lets its bodies be compressed.
    let compresses: Bool

    func open(_ head: Head, on loop: any EventLoop, receiver: any CallReceiver) -> any CallStream {
        let call = CountedCall(worker: worker, counts: counts, receiver: receiver, on: loop)
        call.stream = base.open(head, on: loop, receiver: call)
        if !compresses { call.stream?.forbidCompression() }  // LZ4-3.1
        return call
    }
}

/// Hands everything through in both directions, and notes the end once.
private final class CountedCall: CallStream, CallReceiver {
    private let worker: String
    private let counts: ProxyCounts
    private let receiver: any CallReceiver
    let eventLoop: any EventLoop
    /// `nil` once the call has failed or was cancelled.
    fileprivate var stream: (any CallStream)?
    private var isOver = false

    init(worker: String, counts: ProxyCounts, receiver: any CallReceiver, on loop: any EventLoop) {
        self.worker = worker
        self.counts = counts
        self.receiver = receiver
        eventLoop = loop
        counts.began(worker)
    }

    deinit { end(isWhole: false) }

    private func end(isWhole: Bool) {
        guard !isOver else { return }
        isOver = true
        counts.ended(worker, isWhole: isWhole)
    }

    var isWritable: Bool { stream?.isWritable ?? false }
    func write(_ bytes: ByteBuffer) { stream?.write(bytes) }
    func finish() { stream?.finish() }
    func consumed(_ count: Int) { stream?.consumed(count) }

    func cancel(_ code: ErrorCode, reason: String) {
        end(isWhole: false)
        stream.take()?.cancel(code, reason: reason)
    }

    func callReceived(head: Head) { receiver.callReceived(head: head) }
    func callReceived(data: ByteBuffer) { receiver.callReceived(data: data) }

    func callReceivedEnd() {
        end(isWhole: true)
        receiver.callReceivedEnd()
    }

    func callFailed(_ error: CallError) {
        end(isWhole: false)
        stream = nil
        receiver.callFailed(error)
    }

    func callBecameWritable() { receiver.callBecameWritable() }
}
