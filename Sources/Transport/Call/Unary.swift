public import NIOCore
public import Wire

extension Caller {
    /// One request, one answer, both held whole.
    ///
    /// - Parameters:
    ///   - limit: bytes of the answer beyond which the call fails with `tooLarge`.
    ///   - timeout: the deadline, carried to the other side; at most `Limits.maximumDeadline`.
    /// - Throws: `CallError`; `cancelled` if the task was cancelled, which cancels the call.
    public func unary(
        _ head: Head, body: ByteBuffer = ByteBuffer(), limit: Int = Limits.message, timeout: Duration = Limits.defaultDeadline,
        on loop: (any EventLoop)? = nil
    ) async throws(CallError) -> (head: Head, body: ByteBuffer) {
        var head = head
        head.deadline = max(1, min(timeout, Limits.maximumDeadline).wholeMilliseconds)
        let loop = loop ?? preferredLoop
        let call = UnaryCall(on: loop)
        let result: Result<(head: Head, body: ByteBuffer), CallError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.run { [head] in
                    let receiver = UnaryReceiver(limit: limit, deadline: timeout, on: loop) { continuation.resume(returning: $0) }
                    call.start(receiver)
                    let stream = self.open(head, on: loop, receiver: receiver)
                    receiver.attach(stream)
                    stream.finish(with: body)
                }
            }
        } onCancel: {
            call.cancel()
        }
        return try result.get()
    }

    /// The same, called from inside the loop: `done` is called once, on `loop`, after this returns.
    public func unary(
        _ head: Head, body: ByteBuffer, limit: Int = Limits.message, timeout: Duration, on loop: any EventLoop,
        done: @escaping (Result<(head: Head, body: ByteBuffer), CallError>) -> Void
    ) {
        var head = head
        head.deadline = max(1, min(timeout, Limits.maximumDeadline).wholeMilliseconds)
        let receiver = UnaryReceiver(limit: limit, deadline: nil, on: loop, done: done)
        let stream = open(head, on: loop, receiver: receiver)
        receiver.attach(stream)
        stream.finish(with: body)
    }
}

/// Lets a task's cancellation find its call, whichever is there first.
private final class UnaryCall: Sendable {
    private let loop: any EventLoop
    private let state: NIOLoopBoundBox<(receiver: UnaryReceiver?, isCancelled: Bool)>

    init(on loop: any EventLoop) {
        self.loop = loop
        state = .makeBoxSendingValue((nil, false), eventLoop: loop)
    }

    func start(_ receiver: UnaryReceiver) {
        state.value.receiver = receiver
        if state.value.isCancelled { loop.assumeIsolated().execute { receiver.cancel() } }
    }

    func cancel() {
        loop.run { [state] in
            state.value.isCancelled = true
            state.value.receiver?.cancel()
        }
    }
}

/// Collects one answer. Confined to the loop of its stream.
final class UnaryReceiver: CallReceiver {
    private let limit: Int
    private var done: ((Result<(head: Head, body: ByteBuffer), CallError>) -> Void)?
    private var head = Head()
    private var body = ByteBuffer()
    private var stream: (any CallStream)?
    private var timeout: Scheduled<Void>?

    /// With a `deadline` the receiver watches it itself, for callers whose stream may never reach a link.
    init(
        limit: Int, deadline: Duration?, on loop: any EventLoop,
        done: @escaping (Result<(head: Head, body: ByteBuffer), CallError>) -> Void
    ) {
        self.limit = limit
        self.done = done
        guard let deadline else { return }
        timeout = loop.assumeIsolated().scheduleTask(in: TimeAmount(deadline)) { [weak self] in
            self?.end(CallError(.deadlineExceeded, "no answer within \(deadline)"))  // CALL-2.4
        }
    }

    func attach(_ stream: any CallStream) { if done != nil { self.stream = stream } }

    func cancel() { end(CallError(.cancelled, "the task was cancelled")) }  // CALL-3.1

    private func end(_ error: CallError) {
        stream?.cancel(error.code, reason: "")
        finish(.failure(error))
    }

    func callReceived(head: Head) { self.head = head }

    func callReceived(data: ByteBuffer) {
        guard body.readableBytes + data.readableBytes <= limit else {
            return end(CallError(.tooLarge, "the answer exceeds \(limit) bytes"))
        }
        if body.readableBytes == 0 { body = data } else { body.writeImmutableBuffer(data) }
        stream?.consumed(data.readableBytes)
    }

    func callReceivedEnd() { finish(.success((head: head, body: body))) }

    func callFailed(_ error: CallError) { finish(.failure(error)) }

    func callBecameWritable() {}

    private func finish(_ result: Result<(head: Head, body: ByteBuffer), CallError>) {
        timeout?.cancel()
        stream = nil
        guard let done else { return }
        self.done = nil
        done(result)
    }
}
