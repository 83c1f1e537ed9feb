import Logging
import NIOCore
import Wire

/// What is on its way to the socket.
struct FrontOutput {
    /// Heads, chunk sizes and small bodies of this tick, in one buffer.
    var buffer = ByteBuffer()
    /// Bytes of bodies that their exchange does not yet know as written.
    var unacknowledged = 0
    var flushIsScheduled = false

    /// Bodies up to this size are copied into the buffer: cheaper than another element of the write.
    static let copied = 4_096
    /// Room for the usual head.
    static let firstCapacity = 1_024
}

/// The answering half of a connection. Writes are gathered and flushed once per tick of the loop, so that nothing that has
/// come from a service is held back and many small parts cost one system call.
extension FrontConnection {
    /// Whether the socket takes more.
    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// Sends a whole answer.
    func answer(_ whole: HTTPAnswer) {
        guard turn?.answerIsAwaited ?? false else { return }
        var fields = whole.fields
        if !whole.contentType.isEmpty { fields.append(("content-type", whole.contentType)) }
        begin(status: whole.status, fields: fields, length: UInt64(whole.body.readableBytes))
        send(whole.body)
        end()
    }

    /// Sends the head of an answer whose body follows with `send` and `end`.
    ///
    /// - Parameter length: of the body, if it is known.
    func begin(status: Int, fields: some Sequence<(name: String, value: String)>, length: UInt64?) {
        guard isOpen, turn?.answerIsAwaited ?? false else { return }
        if loop.isDraining { turn?.closeAfterwards() }
        guard let framing = turn?.answerBegins(status: status, length: length), let turn else { return }
        if output.buffer.capacity == 0 { output.buffer.reserveCapacity(FrontOutput.firstCapacity) }
        AnswerHead.write(
            status: status, fields: FieldsAndMore(fields, cors), framing: framing, length: length, keepsAlive: turn.keepsAlive,
            speaks11: turn.speaks11, date: loop.date(), into: &output.buffer)
        measure.status = status
        scheduleFlush()
    }

    /// Sends a part of the answer's body. The exchange hears of it through `written`.
    func send(_ bytes: ByteBuffer) {
        guard isOpen else { return }
        let count = bytes.readableBytes
        switch turn?.answerData(count) {
        case .plain:
            append(bytes)
        case .chunk:
            output.buffer.writeString(String(count, radix: 16))
            output.buffer.writeStaticString("\r\n")
            append(bytes)
            output.buffer.writeStaticString("\r\n")
        case .abort:
            core.logger.warning("an answer is longer than its head promised; its connection is broken off")
            return breakOff(reset: false)
        case .drop, nil:
            break
        }
        output.unacknowledged += count
        measure.sent += count
        scheduleFlush()
    }

    /// The answer is whole.
    func end() {
        guard isOpen else { return }
        switch turn?.answerEnded() {
        case .silent: break
        case .lastChunk: output.buffer.writeStaticString(AnswerHead.lastChunk)
        case .abort:
            core.logger.warning("an answer is shorter than its head promised; its connection is broken off")
            return breakOff(reset: false)
        case nil: return
        }
        output.unacknowledged = 0
        exchange = DiscardedBody()
        scheduleFlush()
        advance()
    }

    /// The answer cannot be completed: says so if nothing has been sent, breaks the connection if something has.
    func fail(_ answer: @autoclosure () -> HTTPAnswer) {
        guard isOpen else { return }
        switch turn?.failed() {
        case .answer: self.answer(answer())
        case .abort(let reset): breakOff(reset: reset)
        case nil: break
        }
    }

    /// Sends what there is and ends the connection in a way that cannot be taken for the end of the answer.
    private func breakOff(reset: Bool) {  // HTTP-4.4
        if exchange != nil { measured() }
        let exchange = exchange
        self.exchange = nil
        exchange?.clientGone()
        resetsAtClose = reset
        close()
    }

    /// Sends 100 (Continue).
    func writeInterim() {
        output.buffer.writeStaticString(AnswerHead.interim)
        scheduleFlush()
    }

    // MARK: The socket

    private func append(_ bytes: ByteBuffer) {
        if bytes.readableBytes <= FrontOutput.copied {
            output.buffer.writeImmutableBuffer(bytes)
        } else {
            spill()
            context?.write(wrapOutboundOut(bytes), promise: nil)
        }
    }

    private func spill() {
        guard output.buffer.readableBytes > 0 else { return }
        context?.write(wrapOutboundOut(output.buffer), promise: nil)
        output.buffer = ByteBuffer()
    }

    private func scheduleFlush() {
        guard !output.flushIsScheduled, let context else { return }
        output.flushIsScheduled = true
        if isReading { return }  // channelReadComplete flushes
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.execute { bound.value.flush() }
    }

    /// Writes everything out and tells the exchange what has gone.
    func flush() {
        guard output.flushIsScheduled, let context else { return }
        output.flushIsScheduled = false
        spill()
        context.flush()
        acknowledge()
    }

    /// Writes everything out; the future ends when it has gone.
    func flushLast(_ context: ChannelHandlerContext) -> EventLoopFuture<Void> {
        let promise = context.eventLoop.makePromise(of: Void.self)
        output.flushIsScheduled = false
        context.writeAndFlush(wrapOutboundOut(output.buffer), promise: promise)
        output.buffer = ByteBuffer()
        return promise.futureResult
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            progressed()
            acknowledge()
            advance()
        }
        context.fireChannelWritabilityChanged()
    }

    private func acknowledge() {
        guard output.unacknowledged > 0, isWritable else { return }
        let count = output.unacknowledged
        output.unacknowledged = 0
        exchange?.written(count)
    }
}

/// One sequence of fields after another, without a copy.
struct FieldsAndMore<Fields: Sequence<(name: String, value: String)>>: Sequence {
    private let fields: Fields
    private let more: [(name: String, value: String)]

    init(_ fields: Fields, _ more: [(name: String, value: String)]) {
        self.fields = fields
        self.more = more
    }

    func makeIterator() -> Iterator { Iterator(fields: fields.makeIterator(), more: more.makeIterator()) }

    struct Iterator: IteratorProtocol {
        var fields: Fields.Iterator
        var more: IndexingIterator<[(name: String, value: String)]>
        mutating func next() -> (name: String, value: String)? { fields.next() ?? more.next() }
    }
}
