import Logging
import NIOCore
import NIOHTTP1
import Wire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// One client's connection: takes parsed requests in turn, hands each to its exchange and writes the answer.
///
/// The shell around `FrontTurn`. Requests that a client sends ahead wait here; reading stops while the current exchange wants
/// nothing more, so what a client can pile up is bounded. That the client is gone is noticed all the same, because the
/// channel reports the end of its input whether or not it is being read.
final class FrontConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = Never
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    let core: FrontCore
    let loop: FrontLoop
    private(set) var context: ChannelHandlerContext?
    var turn: FrontTurn?
    var exchange: (any FrontExchange)?
    /// Fields that the current answer carries because of its request's Origin.
    var cors: [(name: String, value: String)] = []
    /// Parts of requests that wait for their turn, and how many heads are among them.
    private var waiting = CircularBuffer<HTTPServerRequestPart>()
    private var waitingHeads = 0
    private var phase = Phase.open
    private var isDelivering = false
    private var inputIsClosed = false
    /// What the parser could not read; answered when the requests before it are.
    private var parserError: HTTPParserError?
    /// The end of the connection would look like the end of the answer, which is not whole.
    var resetsAtClose = false
    private var expires = NIODeadline.distantFuture
    private var heldRead = false
    /// A part of a request has come and `channelReadComplete` has not.
    private(set) var isReading = false
    /// Bytes of a head have come that is not whole.
    private var headHasBegun = false
    /// What is counted of the current request.
    var measure = Measure(started: .distantPast)
    // The writing half, in FrontConnection+Answer.
    var output = FrontOutput()

    struct Measure {
        var started: NIODeadline
        /// 499 until there is an answer: what is counted when the client goes away first.
        var status = 499
        var received = 0
        var sent = 0
    }

    private enum Phase {
        case open
        /// The last answer is being written; the connection closes behind it.
        case closing
        /// Everything is written; what still comes is dropped until the client has seen the end.
        case lingering
    }

    init(core: FrontCore, loop: FrontLoop) {
        self.core = core
        self.loop = loop
    }

    var isOpen: Bool { context != nil && phase == .open }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self, on: context.eventLoop)
        expires = .now() + TimeAmount(Limits.httpHeadTimeout)
    }

    func handlerRemoved(context: ChannelHandlerContext) { ended() }

    func channelInactive(context: ChannelHandlerContext) { ended() }

    /// The connection is no more. Called once or twice.
    private func ended() {
        guard context != nil else { return }
        context = nil
        core.metrics.closed()
        loop.remove(self)
        waiting.removeAll()
        dropExchange()
        turn = nil
    }

    /// The current request is over, one way or another.
    func measured() {
        core.metrics.requests.ended(status: measure.status, after: .nanoseconds((NIODeadline.now() - measure.started).nanoseconds))
        core.metrics.requests.moved(received: measure.received, sent: measure.sent)
    }

    /// Tells the exchange that nobody waits for its answer.
    private func dropExchange() {
        guard let exchange else { return }
        self.exchange = nil
        if turn?.answerIsWhole == false { core.metrics.clientGone() }
        measured()
        exchange.clientGone()
    }

    /// Closes now, whatever is going on.
    func cut() {
        dropExchange()
        turn = nil
        context?.close(promise: nil)
    }

    /// Closes as soon as nothing is in progress.
    func drain() {
        turn?.closeAfterwards()
        if turn == nil, phase == .open { close() }
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isOpen else { return }
        let part = unwrapInboundIn(data)
        isReading = true
        if turn?.requestIsWhole ?? false || !waiting.isEmpty {
            wait(part)
        } else {
            isDelivering = true
            deliver(part)
            isDelivering = false
            advance()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Bytes have come, yet no head: from now on the rest of it has to hurry.
        if !isReading, !headHasBegun, turn == nil, phase == .open {
            headHasBegun = true
            expires = .now() + TimeAmount(Limits.httpHeadTimeout)
        }
        isReading = false
        flush()
    }

    /// Called by the channel before each read.
    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { heldRead = true }
    }

    private var mayRead: Bool {
        guard phase == .open else { return phase == .lingering }
        guard let turn else { return waiting.isEmpty }
        return !turn.requestIsWhole && waiting.isEmpty && (exchange?.wantsBody ?? true)
    }

    /// Goes on reading if that was held back and is wanted again.
    func resumeReading() {
        guard heldRead, mayRead else { return }
        heldRead = false
        context?.read()
    }

    private func wait(_ part: HTTPServerRequestPart) {
        if case .head = part { waitingHeads += 1 }
        guard waitingHeads <= Limits.httpPipelined else {
            core.logger.debug("a client sent too many requests ahead")
            return cut()
        }
        waiting.append(part)
    }

    /// Hands on what waits, as far as it goes. A loop and not a recursion: answers may come at once.
    func advance() {
        guard !isDelivering else { return }
        isDelivering = true
        defer { isDelivering = false }
        while phase == .open, let context {
            endTurn()
            if turn?.requestIsWhole ?? false || (turn == nil && !context.channel.isWritable) { break }
            guard let part = waiting.popFirst() else { break }
            if case .head = part { waitingHeads -= 1 }
            deliver(part)
        }
        guard phase == .open, turn == nil, waiting.isEmpty else { return resumeReading() }
        if let parserError {
            refuse(parserError)
        } else if inputIsClosed || loop.isDraining {
            close()
        } else {
            resumeReading()
        }
    }

    private func deliver(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head):
            begin(head)
        case .body(let bytes):
            expires = .now() + TimeAmount(Limits.httpStalled)
            measure.received += bytes.readableBytes
            guard turn?.answerIsWhole ?? true else { return exchange?.received(bytes) ?? () }
            if turn?.unwantedBody(bytes.readableBytes) == .close { close() }
        case .end:
            turn?.requestEnded()
            if turn?.answerIsWhole == false { exchange?.receivedEnd() }
        }
    }

    /// Makes room for the next request where this one is done. Behind the last one nobody waits for the rest of its body.
    private func endTurn() {
        guard let turn, turn.isOver || turn.answerIsWhole && !turn.keepsAlive else { return }
        if exchange != nil { measured() }
        exchange = nil
        cors = []
        guard turn.keepsAlive else { return close() }
        self.turn = nil
        expires = .now() + TimeAmount(Limits.httpIdle)
    }

    // MARK: Requests

    private func begin(_ head: HTTPRequestHead) {
        let expects = head.headers.contains(name: "expect")
        var turn = FrontTurn(
            isHead: head.method == .HEAD, speaks11: head.version == .http1_1, keepsAlive: head.isKeepAlive, awaitsContinue: expects)
        // Behind an upgrade the parser reads no further request.
        if loop.isDraining || head.method == .CONNECT || head.headers.contains(name: "upgrade") { turn.closeAfterwards() }
        self.turn = turn
        headHasBegun = false
        expires = .now() + TimeAmount(Limits.httpStalled)
        measure = Measure(started: .now())
        core.metrics.requests.began()
        if let refusal = FrontCore.refuse(head) {
            self.turn?.closeAfterwards()
            exchange = DiscardedBody()
            return answer(refusal)
        }
        var request = FrontRequest(
            method: head.method, target: head.uri, headers: head.headers, remote: context?.channel.remoteAddress, isSecure: core.isSecure)
        switch core.door.judge(request) {
        case .refuse(let refusal):
            exchange = DiscardedBody()
            answer(refusal)
        case .pass(let fields):
            cors = fields
            request.authorizationIsOurs = core.door.ownsAuthorization(of: request)
            serve(request, head)
        }
    }

    private func serve(_ request: FrontRequest, _ head: HTTPRequestHead) {
        switch core.hot?.route(request) {
        case .answer(let whole):
            exchange = DiscardedBody()
            answer(whole)
        case .forward(let forward):
            let exchange = ForwardExchange(forward, connection: self)
            self.exchange = exchange
            exchange.begin()
        case nil:
            let exchange = CollectedExchange(request, head: head, connection: self)
            self.exchange = exchange
            exchange.begin()
        }
        wantBody()
    }

    /// The exchange takes more of the body: tells a client that waits for this, and goes on reading.
    func wantBody() {
        guard exchange?.wantsBody ?? false else { return }
        if turn?.bodyIsWanted() ?? false { writeInterim() }
        resumeReading()
    }

    // MARK: Endings

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        inputIsClosed = true
        guard phase == .open else { return context.close(promise: nil) }
        guard turn != nil else { return waiting.isEmpty ? close() : () }
        switch turn?.inputClosed() {
        case .probe: writeInterim()
        case .gone: cut()
        case .closeBehind, nil: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, phase == .open else {
            core.logger.debug("connection failed: \(error)")
            return cut()
        }
        if turn?.requestIsWhole ?? false {
            parserError = error
        } else {
            refuse(error)
        }
    }

    /// Answers bytes that are no request and closes.
    private func refuse(_ error: HTTPParserError) {
        parserError = nil
        guard turn?.answerIsAwaited ?? true, let refusal = FrontCore.answer(toParser: error) else { return cut() }
        dropExchange()
        if turn == nil { turn = FrontTurn(isHead: false, speaks11: true, keepsAlive: false, awaitsContinue: false) }
        turn?.closeAfterwards()
        answer(refusal)
        close()
    }

    /// Closes behind what has been written. A client that still sends gets time to read the answer first: a plain close would
    /// reset the connection, and with it the answer.
    func close() {
        guard phase == .open, let context else { return }
        let clientMaySend = !(turn?.requestIsWhole ?? true) || !waiting.isEmpty
        turn = nil
        phase = .closing
        waiting.removeAll()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        expires = .now() + TimeAmount(Limits.httpStalled)
        flushLast(context).assumeIsolated().whenComplete { _ in bound.value.flushedLast(lingers: clientMaySend) }
    }

    private func flushedLast(lingers: Bool) {
        guard let context else { return }
        phase = .lingering
        expires = .now() + TimeAmount(Limits.httpLinger)
        if resetsAtClose {
            _ = (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        }
        if lingers, !core.isSecure, !inputIsClosed {
            context.close(mode: .output, promise: nil)
            heldRead = false
            context.read()
        } else {
            context.close(promise: nil)
        }
    }

    /// Called once a second.
    func sweep(_ now: NIODeadline) {
        guard now >= expires, let context else { return }
        guard phase == .open else { return cut() }
        guard let turn else {
            return headHasBegun ? refuseSlowHead() : close()
        }
        let awaitsClient = !turn.requestIsWhole && mayRead || !context.channel.isWritable
        guard awaitsClient else {
            expires = now + TimeAmount(Limits.httpStalled)
            return
        }
        core.logger.debug("a client neither sends nor reads")
        cut()
    }

    private func refuseSlowHead() {
        turn = FrontTurn(isHead: false, speaks11: true, keepsAlive: false, awaitsContinue: false)
        answer(.detail("The request's head took too long.", status: 408))
        close()
    }

    /// Bytes of the answer went out: the client is alive.
    func progressed() { expires = .now() + TimeAmount(Limits.httpStalled) }
}
