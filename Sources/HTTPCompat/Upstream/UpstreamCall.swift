import NIOCore
import NIOHTTP1
import Transport
import Wire

/// One request to an upstream. Confined to its loop.
///
/// What the caller writes is gathered until the end of the loop's tick. A body that is whole by then gets a length, whatever
/// comes later streams: some small servers understand only the former.
final class UpstreamCall: CallStream {
    let eventLoop: any EventLoop
    private let pool: UpstreamPool
    private let request: UpstreamRequest
    private var receiver: (any CallReceiver)?
    private var connection: UpstreamConnection?
    private var turn = UpstreamTurn()
    /// Parts of the body that are not yet handed to a connection; all parts, as long as the request may have to be repeated.
    private var body = CircularBuffer<ByteBuffer>()
    private var bodyBytes = 0
    private var bodyIsWhole = false
    private var sendIsScheduled = false
    private var wasUnwritable = false
    /// What came before the receiver was ready for it: at most what the channel reads at the end of its input.
    private var held = CircularBuffer<ByteBuffer>()
    private var heldEnd = false
    private var deadline: Scheduled<Void>?

    init(_ request: UpstreamRequest, deadline: UInt32, pool: UpstreamPool, on loop: any EventLoop, receiver: any CallReceiver) {
        self.request = request
        self.pool = pool
        self.receiver = receiver
        eventLoop = loop
        guard deadline > 0 else { return }
        let bound = NIOLoopBound(self, eventLoop: loop)
        self.deadline = loop.scheduleTask(in: .milliseconds(Int64(deadline))) { bound.value.expired() }
    }

    /// Takes a connection or asks for one. Called once, and again for a repetition.
    func start() {
        if let connection = pool.take() { return use(connection) }
        pool.connect(for: self)
    }

    /// The connection that was asked for is there.
    func connected(_ connection: UpstreamConnection) {
        guard receiver != nil else { return connection.end(isUsable: true) }
        use(connection)
        if wasUnwritable, isWritable { becameWritable() }
    }

    /// The connection that was asked for cannot be made.
    func unconnected(_ reason: String) { fail(CallError(.unreachable, reason)) }

    private func use(_ connection: UpstreamConnection) {
        self.connection = connection
        connection.begin(self)
        scheduleSend()
    }

    // MARK: CallStream

    var isWritable: Bool {
        let takesMore = bodyBytes < Limits.httpUnwritten && (connection?.isWritable ?? true)
        if !takesMore { wasUnwritable = true }
        return takesMore
    }

    func write(_ bytes: ByteBuffer) {
        guard receiver != nil, !bodyIsWhole, bytes.readableBytes > 0 else { return }
        body.append(bytes)
        bodyBytes += bytes.readableBytes
        scheduleSend()
    }

    func finish() {
        guard receiver != nil, !bodyIsWhole else { return }
        bodyIsWhole = true
        scheduleSend()
    }

    func consumed(_ count: Int) {
        turn.consumed(count)
        deliverHeld()
        connection?.resumeReading()
    }

    func cancel(_ code: ErrorCode, reason: String) { over(isUsable: !turn.headIsSent) }

    // MARK: Sending

    private func scheduleSend() {
        guard !sendIsScheduled, connection != nil else { return }
        sendIsScheduled = true
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.execute { bound.value.sendNow() }
    }

    private func sendNow() {
        sendIsScheduled = false
        guard let connection, !turn.requestIsWhole else { return }
        if !turn.headIsSent {
            let framing = bodyIsWhole ? request.framing(whole: bodyBytes) : request.streamedFraming
            turn.headSent(framing)
            connection.send(.head(request.head(framing)))
        }
        for part in body {
            guard turn.bodySent(part.readableBytes) else { return bodyDisagrees() }
            connection.send(.body(.byteBuffer(part)))
        }
        forgetSent()
        if bodyIsWhole {
            guard turn.requestEnded() else { return bodyDisagrees() }
            connection.send(.end(nil))
        }
        connection.flush()
        if wasUnwritable, isWritable { becameWritable() }
    }

    /// Keeps the body while it may be needed again: whole, and not answered.
    private func forgetSent() {
        if bodyIsWhole, canRepeat { return }
        body.removeAll(keepingCapacity: true)
        bodyBytes = 0
    }

    private func bodyDisagrees() {  // HTTP-2.4
        fail(CallError(.badRequest, "the body is not as long as its head says"))
    }

    private func becameWritable() {
        wasUnwritable = false
        receiver?.callBecameWritable()
    }

    /// Whether sending the request a second time does no harm and is possible.
    private var canRepeat: Bool { request.isIdempotent && !turn.answerHasBegun }

    // MARK: Receiving

    private func deliverHeld() {
        while turn.receiverTakesMore, let part = held.popFirst() { deliver(part) }
        if held.isEmpty, heldEnd { answerEnded() }
    }

    private func deliver(_ part: ByteBuffer) {
        turn.delivered(part.readableBytes)
        receiver?.callReceived(data: part)
    }

    private func answerEnded() {
        heldEnd = false
        turn.answerEnded()
        let receiver = receiver
        over(isUsable: turn.leavesConnectionUsable)
        receiver?.callReceivedEnd()
    }

    // MARK: Ends

    private func expired() {
        fail(CallError(.deadlineExceeded, "the service did not answer in time"))
    }

    private func fail(_ error: CallError) {
        let receiver = receiver
        over(isUsable: false)
        receiver?.callFailed(error)
    }

    /// Nothing is sent or told any more.
    private func over(isUsable: Bool) {
        receiver = nil
        deadline?.cancel()
        deadline = nil
        body.removeAll()
        held.removeAll()
        heldEnd = false
        let connection = connection
        self.connection = nil
        connection?.end(isUsable: isUsable)
    }
}

extension UpstreamCall: UpstreamConnectionUser {
    var wantsData: Bool { held.isEmpty && turn.receiverTakesMore }

    func connectionReceived(_ head: HTTPResponseHead) {
        guard let status = UInt16(exactly: head.status.code), (200...999).contains(status) else {
            return fail(CallError(.upstreamFailed, "the upstream answered with the status \(head.status.code)"))
        }
        turn.answerBegan(keepsAlive: head.isKeepAlive)
        var answer = Head()
        answer.status = status
        let named = ConnectionTokens(head.headers)
        answer.fields.reserveCapacity(head.headers.count)
        for (name, value) in head.headers {
            let name = FieldText.lowercased(name)
            if HopByHop.contains(name) || named.contains(name) || name.utf8.starts(with: "wiremesh-".utf8) { continue }
            answer.fields.append(Head.Field(name, value))
        }
        guard ForwardedHead.fits(answer) else {
            return fail(CallError(.upstreamFailed, "the header block of the upstream's answer is too large"))
        }
        receiver?.callReceived(head: answer)
    }

    func connectionReceived(_ part: ByteBuffer) {
        if held.isEmpty, turn.receiverTakesMore { deliver(part) } else { held.append(part) }
    }

    func connectionReceivedEnd() {
        if held.isEmpty { answerEnded() } else { heldEnd = true }
    }

    func connectionBecameWritable() {
        if wasUnwritable, isWritable { becameWritable() }
    }

    func connectionFailed(_ reason: String) {
        guard !heldEnd else { return }
        let isReused = connection?.isReused ?? false
        connection = nil
        switch turn.failed(isReused: isReused, canRepeat: canRepeat && bodyIsWhole) {
        case .retry:
            turn = UpstreamTurn()
            start()
        case .unreachable: fail(CallError(.unreachable, reason))  // HTTP-3.1
        case .broken: fail(CallError(.upstreamFailed, reason))
        }
    }
}
