public import NIOCore
import Synchronization
public import Wire

/// A call in both directions for code that awaits: on the calling side the answer's head and body, on the serving side the
/// request's. Thread-safe; one task reads and one task writes at a time.
public final class AsyncCall: Sendable {
    /// The request's head, on the serving side; on the calling side the one that was sent.
    public let request: Head
    /// Who calls; `nil` on the calling side.
    public let peer: PeerInfo?
    let pipe = BodyPipe()
    private let loop: any EventLoop
    private let stream: NIOLoopBoundBox<(any CallStream)?>
    /// A piece that was written when there was no room.
    private let held: NIOLoopBoundBox<ByteBuffer?>

    init(_ request: Head, peer: PeerInfo?, on loop: any EventLoop) {
        self.request = request
        self.peer = peer
        self.loop = loop
        stream = .makeEmptyBox(eventLoop: loop)
        held = .makeEmptyBox(eventLoop: loop)
    }

    func attach(_ stream: any CallStream) {
        self.stream.value = stream
        pipe.setWritable(stream.isWritable)
    }

    // MARK: Reading

    /// The answer's head; waits for it.
    public func head() async throws(CallError) -> Head { try await cancellable { await self.pipe.head() }.get() }

    /// The next bytes of the body, `nil` at its clean end. Taking them gives their credit back.
    public func next() async throws(CallError) -> ByteBuffer? {
        let bytes = try await cancellable { await self.pipe.next() }.get()
        if let count = bytes?.readableBytes { loop.run { [stream] in stream.value?.consumed(count) } }
        return bytes
    }

    /// The body as a sequence that ends with the body and throws where it breaks off.
    public var body: Body { Body(call: self) }

    /// The rest of the body in one piece; `tooLarge` beyond `limit` bytes.
    public func collect(limit: Int) async throws(CallError) -> ByteBuffer {
        var whole = ByteBuffer()
        while var bytes = try await next() {
            guard whole.readableBytes + bytes.readableBytes <= limit else {
                throw CallError(.tooLarge, "the body exceeds \(limit) bytes")
            }
            whole.writeBuffer(&bytes)
        }
        return whole
    }

    // MARK: Writing

    /// Sends the head of the answer. Serving side only, once.
    public func respond(_ head: Head) {
        loop.run { [stream] in (stream.value as? any ServerStream)?.respond(head) }
    }

    /// Sends bytes of the body; returns when there is room for more.
    public func write(_ bytes: ByteBuffer) async throws(CallError) {
        var rest = bytes
        repeat {
            guard let piece = rest.readSlice(length: min(rest.readableBytes, Limits.writePiece)) else { return }
            try await writePiece(piece)
        } while rest.readableBytes > 0
    }

    private func writePiece(_ bytes: ByteBuffer) async throws(CallError) {
        try await cancellable { await self.pipe.writable() }.get()
        // The loop may be another thread: whether there is room is not known before it has said so.
        pipe.setWritable(false)
        loop.run { self.put(bytes) }
    }

    /// On the loop: writes a piece, or keeps it until there is room.
    private func put(_ bytes: ByteBuffer) {
        guard let stream = stream.value else { return pipe.setWritable(true) }
        guard stream.isWritable else {
            held.value = bytes
            return
        }
        stream.write(bytes)
        pipe.setWritable(stream.isWritable)
    }

    fileprivate func becameWritable() {
        guard let bytes = held.value else { return pipe.setWritable(true) }
        held.value = nil
        put(bytes)
    }

    /// Ends this direction.
    public func finish() { loop.run { self.end() } }

    /// On the loop: what is kept goes out before the end.
    func end() {
        if let bytes = held.value { stream.value?.write(bytes) }
        held.value = nil
        stream.value?.finish()
    }

    /// Ends both directions.
    public func cancel(_ error: CallError = CallError(.cancelled)) {
        pipe.ended(.failure(error))
        loop.run { [stream] in
            if let link = stream.value as? LinkStream { link.cancel(error) } else { stream.value?.cancel(error.code, reason: error.reason) }
        }
    }

    private func cancellable<T: Sendable>(
        _ body: @Sendable () async -> Result<T, CallError>
    ) async -> Result<T, CallError> {
        await withTaskCancellationHandler {
            await body()
        } onCancel: {
            self.cancel(CallError(.cancelled, "the task was cancelled"))
        }
    }

    /// Drops the stream when the call is over on this side.
    func release(_ body: @escaping @Sendable (any CallStream) -> Void) {
        loop.run { [stream] in
            if let stream = stream.value { body(stream) }
            stream.value = nil
        }
    }

    /// What arrives on a call, piece by piece.
    public struct Body: AsyncSequence, Sendable {
        let call: AsyncCall

        public func makeAsyncIterator() -> Iterator { Iterator(call: call) }

        public struct Iterator: AsyncIteratorProtocol {
            let call: AsyncCall

            public func next(isolation actor: isolated (any Actor)? = #isolation) async throws(CallError) -> ByteBuffer? {
                try await call.next()
            }
        }
    }
}

extension Caller {
    /// Opens a call whose body and answer are streams.
    ///
    /// `body` is given the call; when it returns or throws, or its task is cancelled, the call is over and what is still open of
    /// it is cancelled. `timeout` covers the whole call.
    public func streaming<R: Sendable>(
        _ head: Head, timeout: Duration = Limits.defaultDeadline, on loop: (any EventLoop)? = nil,
        body: @Sendable (AsyncCall) async throws -> R
    ) async throws -> R {
        var head = head
        head.deadline = max(1, min(timeout, Limits.maximumDeadline).wholeMilliseconds)
        let loop = loop ?? preferredLoop
        let call = AsyncCall(head, peer: nil, on: loop)
        loop.run { [head] in call.attach(self.open(head, on: loop, receiver: PipeReceiver(call))) }
        defer { call.cancel() }
        return try await body(call)
    }
}

/// Puts what a stream says into the pipe of a call.
final class PipeReceiver: CallReceiver {
    private let call: AsyncCall
    private var pipe: BodyPipe { call.pipe }

    init(_ call: AsyncCall) { self.call = call }

    func callReceived(head: Head) { pipe.received(head) }
    func callReceived(data: ByteBuffer) { pipe.received(data) }
    func callReceivedEnd() { pipe.ended(.success(())) }
    func callFailed(_ error: CallError) { pipe.ended(.failure(error)) }
    func callBecameWritable() { call.becameWritable() }
}
