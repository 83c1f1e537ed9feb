import NIOCore
import Synchronization
import Wire

/// Takes what arrives on a loop to a task, and gives credit back as the task takes it. What waits is bounded by the stream's
/// window. Thread-safe.
final class BodyPipe: Sendable {
    fileprivate struct State {
        var chunks: [ByteBuffer] = []
        var first = 0
        var outcome: Result<Void, CallError>?
        var reader: CheckedContinuation<Result<ByteBuffer?, CallError>, Never>?
        var head: Head?
        var headWaiter: CheckedContinuation<Result<Head, CallError>, Never>?
        var isWritable = false
        var writer: CheckedContinuation<Result<Void, CallError>, Never>?
    }

    private let state = Mutex(State())

    // MARK: From the loop

    func received(_ head: Head) {
        let waiter = state.withLock { state in
            state.head = head
            return take(&state.headWaiter)
        }
        waiter?.resume(returning: .success(head))
    }

    func received(_ bytes: ByteBuffer) {
        let reader = state.withLock { state in
            if state.reader == nil { state.chunks.append(bytes) }
            return take(&state.reader)
        }
        reader?.resume(returning: .success(bytes))
    }

    func ended(_ outcome: Result<Void, CallError>) {
        let (reader, head, writer) = state.withLock { state in
            if case .failure = state.outcome { return (nil, nil, nil) as Waiters }
            state.outcome = outcome
            guard case .failure = outcome else { return (take(&state.reader), nil, nil) }
            return (take(&state.reader), take(&state.headWaiter), take(&state.writer))
        }
        reader?.resume(returning: outcome.map { nil })
        if case .failure(let error) = outcome {
            head?.resume(returning: .failure(error))
            writer?.resume(returning: .failure(error))
        }
    }

    private typealias Waiters = (
        CheckedContinuation<Result<ByteBuffer?, CallError>, Never>?, CheckedContinuation<Result<Head, CallError>, Never>?,
        CheckedContinuation<Result<Void, CallError>, Never>?
    )

    func setWritable(_ isWritable: Bool) {
        let writer = state.withLock { state in
            state.isWritable = isWritable
            return isWritable ? take(&state.writer) : nil
        }
        writer?.resume(returning: .success(()))
    }

    // MARK: From the task

    /// The head of the answer.
    func head() async -> Result<Head, CallError> {
        await withCheckedContinuation { continuation in
            let ready: Result<Head, CallError>? = state.withLock { state in
                if let head = state.head { return .success(head) }
                if case .failure(let error) = state.outcome { return .failure(error) }  // FRAME-2.4
                state.headWaiter = continuation
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }

    /// The next bytes, or `nil` at the clean end of the body.
    func next() async -> Result<ByteBuffer?, CallError> {
        await withCheckedContinuation { continuation in
            let ready: Result<ByteBuffer?, CallError>? = state.withLock { state in
                if case .failure(let error) = state.outcome { return .failure(error) }
                if let bytes = state.popFirst() { return .success(bytes) }
                if state.outcome != nil { return .success(nil) }
                state.reader = continuation
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }

    /// Returns when more may be written.
    func writable() async -> Result<Void, CallError> {
        await withCheckedContinuation { continuation in
            let ready: Result<Void, CallError>? = state.withLock { state in
                if case .failure(let error) = state.outcome { return .failure(error) }
                if state.isWritable { return .success(()) }
                state.writer = continuation
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }
}

extension BodyPipe.State {
    mutating func popFirst() -> ByteBuffer? {
        guard first < chunks.count else { return nil }
        defer {
            first += 1
            if first == chunks.count {
                chunks.removeAll(keepingCapacity: true)
                first = 0
            }
        }
        return chunks[first]
    }
}

/// Moves a value out of an optional.
private func take<T>(_ value: inout T?) -> T? {
    defer { value = nil }
    return value
}
