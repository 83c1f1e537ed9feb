import NIOCore
import NIOHTTP1
import Transport
import Wire

/// A request on its way through the front to a caller, and the answer on its way back: both bodies as streams, byte for byte,
/// each no faster than its reader.
///
/// The client's body is read while the call takes it. The answer's bytes count as consumed when the socket has room again, so
/// that a slow client slows the service and not this process. A client that goes away cancels the call.
final class ForwardExchange: FrontExchange, CallReceiver {
    private weak var connection: FrontConnection?
    private let forward: Forward
    private let started = NIODeadline.now()
    private var stream: (any CallStream)?
    /// Parts of the body that came when the call took none: what one read of the socket gave at most.
    private var held = CircularBuffer<ByteBuffer>()
    private var requestIsWhole = false
    private var deadline: Scheduled<Void>?

    init(_ forward: Forward, connection: FrontConnection) {
        self.forward = forward
        self.connection = connection
    }

    /// Opens the call.
    func begin() {
        guard let loop = connection?.context?.eventLoop else { return }
        stream = forward.caller.open(forward.head, on: loop, receiver: self)
        guard forward.head.deadline > 0 else { return }
        let bound = NIOLoopBound(self, eventLoop: loop)
        deadline = loop.scheduleTask(in: .milliseconds(Int64(forward.head.deadline))) { bound.value.expired() }
    }

    // MARK: From the client

    var wantsBody: Bool { held.isEmpty && stream?.isWritable ?? true }

    func received(_ body: ByteBuffer) {
        if held.isEmpty, let stream, stream.isWritable { stream.write(body) } else { held.append(body) }
    }

    func receivedEnd() {
        requestIsWhole = true
        if held.isEmpty { stream?.finish() }
    }

    func written(_ count: Int) { stream?.consumed(count) }

    func clientGone() {
        connection = nil
        over()?.cancel(.cancelled, reason: "the client went away")  // CALL-3.1
    }

    // MARK: From the call

    func callReceived(head: Head) {
        guard let connection, stream != nil else { return }
        let length = head["content-length"].flatMap { UInt64($0) }
        connection.begin(status: AnswerFields.status(of: head), fields: AnswerFields(head, elapsed: .now() - started), length: length)
    }

    func callReceived(data: ByteBuffer) {
        guard stream != nil else { return }
        connection?.send(data)
    }

    func callReceivedEnd() {
        // A request that is still being sent has nobody left who reads it.
        let stream = over()
        if !requestIsWhole || !held.isEmpty { stream?.cancel() }
        connection?.end()
    }

    func callFailed(_ error: CallError) {
        guard stream != nil else { return }
        over()
        connection?.fail(answer(error))
    }

    func callBecameWritable() {
        while let stream, stream.isWritable, let part = held.popFirst() { stream.write(part) }
        guard held.isEmpty else { return }
        if requestIsWhole { stream?.finish() } else { connection?.wantBody() }
    }

    // MARK: Ends

    private func expired() {
        guard stream != nil else { return }
        over()?.cancel(.deadlineExceeded, reason: "")
        connection?.fail(answer(CallError(.deadlineExceeded, "no whole answer within \(forward.head.deadline) ms")))
    }

    private func answer(_ error: CallError) -> HTTPAnswer {
        var answer = forward.failure(error)
        answer.fields.append(("server-timing", AnswerFields.timing(.now() - started)))
        return answer
    }

    /// Nothing more is written to the call, and nothing more is heard from it.
    @discardableResult
    private func over() -> (any CallStream)? {
        deadline?.cancel()
        deadline = nil
        held.removeAll()
        return stream.take()
    }
}
