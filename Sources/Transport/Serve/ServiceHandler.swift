public import NIOCore
public import Wire

/// What answers the calls of one service or method. Three kinds, by what the work needs.
public enum ServiceHandler: Sendable {
    /// A request and an answer, both whole.
    public typealias Unary = @Sendable (_ head: Head, _ body: ByteBuffer, _ peer: PeerInfo) throws(CallError) -> (Head, ByteBuffer)

    /// Runs on the link's event loop: for work of microseconds. The fastest kind; blocking it blocks every call of the loop.
    case inline(limit: Int = Limits.message, Unary)
    /// A task per call, started at once on the loop: for work that awaits, and for streams in either direction. An error thrown
    /// after the head was sent resets the stream.
    case async(@Sendable (AsyncCall) async throws -> Void)
    /// Runs on the queue's threads: for work that blocks or computes. A full queue answers `overloaded`.
    case offloaded(OffloadQueue, limit: Int = Limits.message, Unary)
    /// Runs on the link's event loop with the stream itself: for forwarding.
    case raw(@Sendable (_ head: Head, _ peer: PeerInfo, _ stream: any ServerStream) -> any CallReceiver)

    /// Starts serving one call. On the stream's loop.
    public func accept(_ head: Head, from peer: PeerInfo, stream: any ServerStream) -> any CallReceiver {
        switch self {
        case .inline(let limit, let body):
            return CollectingReceiver(limit: limit, stream: stream) { request in
                stream.answer(Result { () throws(CallError) in try body(head, request, peer) })
            }
        case .offloaded(let queue, let limit, let body):
            return CollectingReceiver(limit: limit, stream: stream) { request in
                queue.run(for: stream) { () throws(CallError) in try body(head, request, peer) }
            }
        case .async(let body): return AsyncServing.start(head, peer, stream, body)
        case .raw(let body): return body(head, peer, stream)
        }
    }
}

extension ServerStream {
    /// Sends a whole answer, or why there is none.
    func answer(_ result: Result<(Head, ByteBuffer), CallError>) {
        switch result {
        case .success((var head, let body)):
            if head.status == 0 { head.status = 200 }  // CALL-1.4, MSG-1.1
            respond(head)
            finish(with: body)
        case .failure(let error): fail(error)
        }
    }

    /// Ends the call with everything that `error` says, as far as the stream can carry it.
    public func fail(_ error: CallError) {  // CALL-1.6
        if let link = self as? LinkStream { link.cancel(error) } else { cancel(error.code, reason: error.reason) }
    }
}

/// Collects a request's body, up to a limit, and hands it on whole.
final class CollectingReceiver: CallReceiver {
    private let limit: Int
    private let stream: any ServerStream
    private var body = ByteBuffer()
    private var done: ((ByteBuffer) -> Void)?

    init(limit: Int, stream: any ServerStream, done: @escaping (ByteBuffer) -> Void) {
        self.limit = limit
        self.stream = stream
        self.done = done
    }

    func callReceived(head: Head) {}

    func callReceived(data: ByteBuffer) {
        guard done != nil else { return }
        guard body.readableBytes + data.readableBytes <= limit else {
            done = nil
            return stream.fail(CallError(.tooLarge, "the request exceeds \(limit) bytes"))  // MSG-1.4
        }
        if body.readableBytes == 0 { body = data } else { body.writeImmutableBuffer(data) }
        stream.consumed(data.readableBytes)
    }

    func callReceivedEnd() {
        guard let done else { return }
        self.done = nil
        done(body)
    }

    func callFailed(_ error: CallError) { done = nil }
    func callBecameWritable() {}
}

/// Runs an async handler: the stream keeps its slot until the handler has returned, so that a reset frees nothing early.
enum AsyncServing {
    static func start(
        _ head: Head, _ peer: PeerInfo, _ stream: any ServerStream, _ body: @escaping @Sendable (AsyncCall) async throws -> Void
    ) -> any CallReceiver {
        let call = AsyncCall(head, peer: peer, on: stream.eventLoop)
        call.attach(stream)
        (stream as? LinkStream)?.hold()
        let task = Task.immediate {
            let outcome: Result<Void, CallError>
            do {
                try await body(call)
                outcome = .success(())
            } catch let error as CallError {
                outcome = .failure(error)
            } catch is CancellationError {
                outcome = .failure(CallError(.cancelled))
            } catch {
                outcome = .failure(CallError(.internalError, "the handler failed"))
            }
            call.release { stream in
                switch outcome {
                case .success:
                    call.end()
                    (stream as? LinkStream)?.stopReading()
                case .failure(let error): (stream as? any ServerStream)?.fail(error)
                }
                (stream as? LinkStream)?.unhold()
            }
        }
        return ServingReceiver(call, task)
    }
}

/// Feeds an async handler, and cancels its task when the call is over.
private final class ServingReceiver: CallReceiver {
    private let pipe: PipeReceiver
    private let task: Task<Void, Never>

    init(_ call: AsyncCall, _ task: Task<Void, Never>) {
        pipe = PipeReceiver(call)
        self.task = task
    }

    func callReceived(head: Head) {}
    func callReceived(data: ByteBuffer) { pipe.callReceived(data: data) }
    func callReceivedEnd() { pipe.callReceivedEnd() }
    func callBecameWritable() { pipe.callBecameWritable() }
    func callFailed(_ error: CallError) {
        pipe.callFailed(error)
        task.cancel()
    }
}
