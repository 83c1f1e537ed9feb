import Logging
import NIOCore
import Wire

/// One NIO handler over the link machine: the whole of an authenticated link. Confined to its event loop.
///
/// Bytes are read, opened and answered; whatever that, and all calls of the same tick, have to say leaves in one write.
final class Link: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let peer: PeerInfo
    let id: LinkID
    let isInitiator: Bool
    let eventLoop: any EventLoop
    private let loop: NIOIsolatedEventLoop
    private let channel: any Channel
    private var context: ChannelHandlerContext?
    private let owner: any LinkOwner
    private let traffic: LinkTraffic
    private var machine: LinkMachine
    private var inbox = RecordInbox()
    /// The bytes of the last write.
    private var outbound = ByteBuffer()
    /// By slot of the machine.
    private var streams: [LinkStream?] = []
    /// Calls for which the peer allows no stream yet.
    private var waiting: [LinkStream] = []
    private var waitingHead = 0
    private var isReading = false
    private var flushScheduled = false
    private var tickScheduled = false
    private var isClosed = false
    private var keepAlive: Scheduled<Void>?
    private var lastReported: Instant
    private var lastSent: Instant
    /// When the peer was asked for a sign of life, if nothing was heard of it since.
    private var asked: Instant?
    private var pings: [UInt64: (Result<Duration, CallError>) -> Void] = [:]
    private var nextPing: UInt64 = 1

    init(
        _ peer: PeerInfo, id: LinkID, isInitiator: Bool, machine: consuming LinkMachine, channel: any Channel, owner: any LinkOwner
    ) {
        self.peer = peer
        self.id = id
        self.isInitiator = isInitiator
        self.channel = channel
        self.owner = owner
        traffic = owner.traffic
        eventLoop = channel.eventLoop
        loop = channel.eventLoop.assumeIsolated()
        self.machine = machine
        lastReported = .now()
        lastSent = lastReported
    }

    var streamCount: Int { machine.streamCount }

    /// Bytes that wait to be sent: in the streams, in records, in the channel.
    var heldOutbound: Int {
        let pending = try? channel.syncOptions?.getOption(.bufferedWritableBytes)
        return machine.unsent + machine.unflushed + (pending ?? 0)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        scheduleKeepAlive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosed else { return }
        isReading = true
        receive(unwrapInboundIn(data))
    }

    /// Bytes that came behind the handshake's last message.
    func receiveLeftover(_ bytes: [UInt8]) {
        if !bytes.isEmpty { receive(ByteBuffer(bytes: bytes)) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if channel.isWritable { flush() }
    }

    func channelInactive(context: ChannelHandlerContext) { closed(CallError(.linkLost, "the link to \(peer.name) was lost")) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { close(CallError(.linkLost, "\(error)")) }

    // MARK: Receiving

    /// Opens every whole record first and reads the frames afterwards.
    private func receive(_ bytes: ByteBuffer) {
        let now = Instant.now()
        traffic.add(received: bytes.readableBytes)
        do {
            try inbox.open(bytes, with: &machine, now: now)
            for range in inbox.records {
                try deliver(range, now)
                if isClosed { return }
            }
        } catch {
            return fail(error)
        }
        if machine.needsTick { scheduleTick() }
        if !isReading { scheduleFlush() }
    }

    private func deliver(_ range: Range<Int>, _ now: Instant) throws(WireError) {
        guard let record = inbox.plaintext.getSlice(at: range.lowerBound, length: range.count) else { return }
        while !isClosed, let event = try machine.nextEvent(in: record.readableBytesSpan, now: now) {
            handle(event, range.lowerBound)
            // A long batch is answered in parts, so that the peer works on the first answers while this side makes the last.
            if machine.unflushed >= Limits.earlyFlush { flush() }
        }
    }

    private func handle(_ event: LinkEvent, _ base: Int) {
        switch event {
        case .opened(let ref, let end): accept(ref, machine.head, end: end)
        case .answered(let ref, let end): stream(ref)?.received(head: machine.head, end: end)
        case .data(let ref, let range, let end): receive(ref, range.lowerBound + base..<range.upperBound + base, end: end)
        case .inflated(let ref, let bytes, let end): stream(ref)?.received(ByteBuffer(bytes: bytes), end: end)
        case .reset(let ref, let code, let retryAfter, let reason):
            stream(ref)?.fail(CallError(code, reason, retryAfterMilliseconds: retryAfter == 0 ? nil : retryAfter))
        case .stopped(let ref, _): stream(ref)?.stopped()
        case .writable(let ref): stream(ref)?.becameWritable()
        case .mayOpen: startWaiting()
        case .pong(let number): ponged(number)
        case .goAway(_, let code, let reason): goneAway(code, reason)
        }
    }

    private func receive(_ ref: StreamRef, _ range: Range<Int>, end: Bool) {
        guard let stream = stream(ref) else { return }
        stream.received(inbox.body(range, channel.allocator), end: end)
    }

    /// `nil` where the stream is gone, also if another has its place now.
    private func stream(_ ref: StreamRef) -> LinkStream? {
        let slot = Int(ref.slot)
        guard slot < streams.count, let stream = streams[slot], stream.ref == ref else { return nil }
        return stream
    }

    private func accept(_ ref: StreamRef, _ head: Head, end: Bool) {
        let stream = LinkStream(accepted: ref, on: self, ended: end)
        register(stream, ref)
        // Answers that nobody reads pile up here; work that would add to them is better done elsewhere.
        guard machine.unsent <= Limits.unsentAnswers, machine.unflushed <= Limits.unflushed else {
            return stream.cancel(.overloaded, reason: "unread")
        }
        let receiver = owner.accept(head, from: peer, stream: stream)
        stream.attach(receiver)
        if end { receiver.callReceivedEnd() }
    }

    // MARK: Sending, on behalf of the streams

    func register(_ stream: LinkStream, _ ref: StreamRef) {
        let slot = Int(ref.slot)
        while streams.count <= slot { streams.append(nil) }
        streams[slot] = stream
    }

    /// Makes `stream` a call on this link, now or when the peer allows it.
    func call(_ stream: LinkStream) {
        guard !isClosed else { return stream.failLater(farewell ?? CallError(.unreachable, "the link to \(peer.name) is closed")) }
        guard !machine.isUsedUp else { return stream.failLater(noMoreCalls) }
        if waitingHead < waiting.count || !stream.start(on: self) { waiting.append(stream) }
    }

    /// A call that can be made at once; `nil` where it has to wait.
    func call(_ head: Head, receiver: any CallReceiver) -> LinkStream? {
        guard !isClosed, waitingHead == waiting.count else { return nil }
        return LinkStream(calling: head, receiver: receiver, at: self)
    }

    private func startWaiting() {
        while waitingHead < waiting.count, waiting[waitingHead].start(on: self) { waitingHead += 1 }
        if waitingHead == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            waitingHead = 0
        }
    }

    func open(_ head: Head, deadline: Duration?, end: Bool) -> Result<StreamRef?, CallError> {
        do {
            let ref = try machine.open(head, deadline: deadline, end: end, compress: true, now: .now())
            if deadline != nil { scheduleTick() }
            scheduleFlush()
            if ref != nil, machine.isUsedUp { retire() }
            return .success(ref)
        } catch {
            return .failure(CallError(error.code, "the request's head does not fit: \(error)"))
        }
    }

    func isWritable(_ ref: StreamRef) -> Bool { !isClosed && machine.isWritable(ref) }

    func respond(_ ref: StreamRef, _ head: Head) {
        do {
            try machine.respond(ref, head, end: false, compress: true)
            scheduleFlush()
        } catch .oversized {
            stream(ref)?.cancel(.tooLarge, reason: "the answer's head does not fit")
        } catch {
            fail(error)
        }
    }

    func send(_ ref: StreamRef, _ bytes: ByteBuffer, end: Bool) {
        guard !isClosed else { return }
        guard bytes.readableBytes == 0 || machine.unsent(ref) < Limits.unsentPerStream else {
            reset(ref, CallError(.busy, "the sender's buffer is full"))
            return stream(ref)?.fail(CallError(.busy, "the writer does not wait for room")) ?? ()
        }
        act { machine throws(WireError) in try machine.send(ref, BufferChunk(buffer: bytes), end: end) }
    }

    func forbidCompression(_ ref: StreamRef) {
        if !isClosed { machine.forbidCompression(ref) }
    }

    func limitWindow(_ ref: StreamRef, to window: UInt64) {
        if !isClosed { machine.limitWindow(ref, to: window) }
    }

    /// Bytes of a stream that wait to be sent.
    func unsent(_ ref: StreamRef) -> Int { machine.unsent(ref) }

    func consumed(_ ref: StreamRef, _ count: Int) {
        act { machine throws(WireError) in try machine.consumed(ref, count, now: .now()) }
    }

    func reset(_ ref: StreamRef, _ error: CallError) {
        act { machine throws(WireError) in
            try machine.reset(ref, error.code, retryAfter: error.retryAfterMilliseconds ?? 0, reason: error.reason)
        }
    }

    func stop(_ ref: StreamRef, _ code: ErrorCode) {
        act { machine throws(WireError) in try machine.stop(ref, code) }
    }

    func release(_ ref: StreamRef) {
        let slot = Int(ref.slot)
        if slot < streams.count { streams[slot] = nil }
        act { machine throws(WireError) in try machine.release(ref) }
        if isDraining, machine.streamCount == 0 { finishDraining() }
    }

    private func act(_ body: (inout LinkMachine) throws(WireError) -> Void) {
        guard !isClosed else { return }
        do { try body(&machine) } catch { return fail(error) }
        scheduleFlush()
    }

    // MARK: Flushing

    private func scheduleFlush() {
        guard !isReading, !flushScheduled, !isClosed else { return }
        flushScheduled = true
        loop.execute {
            self.flushScheduled = false
            self.flush()
        }
    }

    private func flush() {
        guard !isClosed, channel.isWritable, machine.hasOutput else { return }
        // Free again once it is written, which is nearly always at once.
        outbound.clear()
        let now = Instant.now()
        let events: [LinkEvent]
        do {
            events = try machine.flush(now: now) { outbound.writeBytes($0) }
        } catch {
            return fail(error)
        }
        if outbound.readableBytes > 0 {
            lastSent = now
            traffic.add(sent: outbound.readableBytes)
            context?.writeAndFlush(wrapOutboundOut(outbound), promise: nil)
        }
        for event in events { handle(event, 0) }
        if machine.hasOutput { scheduleFlush() }
    }

    // MARK: Time

    private func scheduleTick() {
        guard !tickScheduled, !isClosed else { return }
        tickScheduled = true
        loop.scheduleTask(in: TimeAmount(LinkMachine.tickInterval)) { self.tick() }
    }

    private func tick() {
        tickScheduled = false
        guard !isClosed else { return }
        do {
            for event in try machine.tick(now: .now()) { handle(event, 0) }
        } catch {
            return fail(error)
        }
        if machine.needsTick { scheduleTick() }
        scheduleFlush()
    }

    private func scheduleKeepAlive(in wait: Duration = Limits.pingAfter) {
        let due = Instant.now() + wait
        keepAlive = loop.scheduleTask(in: TimeAmount(wait)) { self.checkAlive(due: due) }
    }

    /// Once a second: tells the owner that the link was heard, asks a silent peer, ends a dead one. A side that has nothing to send says
    /// that it is there, because what it hears may be all that is going on.
    private func checkAlive(due: Instant) {
        guard !isClosed else { return }
        let now = Instant.now()
        if let asked, machine.lastReceived > asked { self.asked = nil }
        // A loop that was held up has not read what came meanwhile: that is no silence of the peer's.
        let isLate = now - due >= Limits.pingAfter / 2
        let silence = now - machine.lastReceived
        if silence >= owner.silenceLimit, !isLate, let asked, now - asked >= Limits.pingAfter {  // FRAME-10.2
            return close(CallError(.linkLost, "\(peer.name) has not been heard for \(silence.wholeMilliseconds) ms"))
        }
        if machine.lastReceived > lastReported {
            lastReported = machine.lastReceived
            owner.heard(self, at: lastReported)
        }
        if silence >= Limits.pingAfter { trim() }
        if max(silence, now - lastSent) >= Limits.pingAfter / 2 {
            if silence >= Limits.pingAfter / 2, asked == nil { asked = now }
            act { machine throws(WireError) in try machine.ping(0) }  // FRAME-10.1
        }
        tick()
        let left = owner.silenceLimit - silence
        scheduleKeepAlive(in: left > .zero ? min(Limits.pingAfter, left) : Limits.pingAfter / 10)
    }

    /// An idle link keeps no buffers.
    private func trim() {
        inbox.trim()
        outbound = ByteBuffer()
        machine.trim()
        if streams.allSatisfy({ $0 == nil }) { streams = [] }
    }

    /// Measures the round trip to the peer and back through its machine.
    func ping(_ done: @escaping (Result<Duration, CallError>) -> Void) {
        guard !isClosed else { return done(.failure(farewell ?? CallError(.unreachable, "the link is closed"))) }
        let number = nextPing
        nextPing += 1
        let started = Instant.now()
        pings[number] = { done($0.map { _ in Instant.now() - started }) }
        act { machine throws(WireError) in try machine.ping(number) }
    }

    private func ponged(_ number: UInt64) { pings.removeValue(forKey: number)?(.success(.zero)) }

    // MARK: End

    private var isDraining = false
    /// What the peer's GOAWAY said: why the link will end.
    private var farewell: CallError?

    /// Takes no new call; closes when the last one is done.
    func drain(_ code: ErrorCode, reason: String) {
        act { machine throws(WireError) in try machine.drain(code, reason: reason) }
        isDraining = true
        if machine.streamCount == 0 { finishDraining() }
    }

    private func finishDraining() {  // FRAME-9.5
        loop.execute {
            self.flush()
            self.close(CallError(.draining, "the link was drained"))
        }
    }

    private func goneAway(_ code: ErrorCode, _ reason: String) {
        let error = CallError(code, reason)
        owner.goneAway(self, error)
        if code != .none { farewell = error }
        isDraining = true
        // Whoever asked whether the peer admits this node has the answer.
        let asked = pings.values
        pings.removeAll()
        for ping in asked { ping(.failure(CallError(code, reason))) }
        failWaiting()
        if machine.streamCount == 0 { finishDraining() }
    }

    /// The last stream id is in use: calls that are open go on, the next one goes over a new link.
    private func retire() {  // FRAME-9.6
        owner.usedUp(self)
        loop.execute {
            self.failWaiting()
            self.drain(.draining, reason: "the stream ids of the link are used up")
        }
    }

    private var noMoreCalls: CallError { CallError(.draining, "the link to \(peer.name) takes no more calls") }

    private func failWaiting() {
        for stream in waiting[waitingHead...] { stream.fail(noMoreCalls) }
        waiting.removeAll()
        waitingHead = 0
    }

    /// Says why in a GOAWAY and closes at once.
    func refuse(_ code: ErrorCode, reason: String) {  // HS-9.1
        act { machine throws(WireError) in try machine.drain(code, reason: reason) }
        flush()
        closeAfterFarewell(CallError(code, reason))
    }

    /// Ends the link here, and leaves the peer time to read why: closing at once, with bytes of it unread, would reset the
    /// connection and take the GOAWAY with it (RFC 1122, 4.2.2.13).
    private func closeAfterFarewell(_ error: CallError) {
        guard !isClosed else { return }
        closed(error)
        let channel = channel
        channel.close(mode: .output, promise: nil)  // HS-9.2
        loop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }

    /// What the peer sent cannot be: it is told the code, unless it could not be authenticated.
    private func fail(_ error: WireError) {
        if error != .authentication {  // REC-4.1, FRAME-8.1
            try? machine.drain(error.code, reason: error.description)
            isReading = false
            flush()
            return closeAfterFarewell(CallError(error.code, error.description))
        }
        close(CallError(.linkLost, "a record did not open"))
    }

    func close(_ error: CallError) {
        guard !isClosed else { return }
        closed(error)
        channel.close(promise: nil)
    }

    private func closed(_ error: CallError) {
        guard !isClosed else { return }
        isClosed = true
        keepAlive?.cancel()
        let error = farewell ?? error
        let open = streams.compactMap { $0 }
        let unopened = waiting[waitingHead...]
        streams.removeAll()
        waiting.removeAll()
        waitingHead = 0
        // What was under way may have had its effect, whatever the reason for the end: nobody may take it for safe to repeat.
        let lost = error.code.isNotProcessed ? CallError(.linkLost, error.description) : error  // FRAME-7.1, FRAME-8.2
        for stream in open { stream.linkClosed(lost) }  // CALL-3.3
        for stream in unopened { stream.linkClosed(CallError(.unreachable, error.description)) }
        for ping in pings.values { ping(.failure(error)) }
        pings.removeAll()
        owner.closed(self)
    }
}
