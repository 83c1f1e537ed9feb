import NIOCore
import Wire

/// One stream of a link, as its owner sees it. Confined to the link's event loop.
///
/// A caller's stream may exist before its link does, or before the peer allows another one: what is written meanwhile
/// waits here and nothing is reported as writable.
final class LinkStream: ServerStream {
    private enum State {
        /// No stream of the link yet.
        case waiting(Head, body: [ByteBuffer], finished: Bool)
        case open(Link, StreamRef)
        case done
    }

    let eventLoop: any EventLoop
    private var state: State
    private var receiver: (any CallReceiver)?
    /// When the call was made: what is left of its deadline is sent.
    private let started: Instant
    private var localEnded = false
    private var remoteEnded = false
    /// While it is more than 0 the stream keeps its slot although it has ended: a handler is still at work on it.
    private var holds = 0

    /// A call that waits for its link.
    init(calling head: Head, receiver: any CallReceiver, on loop: any EventLoop) {
        eventLoop = loop
        state = .waiting(head, body: [], finished: false)
        self.receiver = receiver
        started = .now()
    }

    /// A call that the peer made. `attach` gives it its receiver.
    init(accepted ref: StreamRef, on link: Link, ended: Bool) {
        eventLoop = link.eventLoop
        state = .open(link, ref)
        started = .now()
        remoteEnded = ended
    }

    func attach(_ receiver: any CallReceiver) {
        if case .done = state { return }
        self.receiver = receiver
    }

    // MARK: CallStream

    var isWritable: Bool {
        guard case .open(let link, let ref) = state else { return false }
        return link.isWritable(ref)
    }

    func respond(_ head: Head) {
        guard case .open(let link, let ref) = state, !localEnded else { return }
        link.respond(ref, head)
    }

    func write(_ bytes: ByteBuffer) { write(bytes, end: false) }

    func finish() { write(ByteBuffer(), end: true) }

    func finish(with bytes: ByteBuffer) { write(bytes, end: true) }

    private func write(_ bytes: ByteBuffer, end: Bool) {
        guard !localEnded else { return }
        localEnded = end
        switch state {
        case .waiting(let head, var body, _):
            state = .done
            if bytes.readableBytes > 0 { body.append(bytes) }
            state = .waiting(head, body: body, finished: end)
        case .open(let link, let ref):
            link.send(ref, bytes, end: end)
            releaseIfOver()
        case .done: break
        }
    }

    func consumed(_ count: Int) {
        guard case .open(let link, let ref) = state else { return }
        link.consumed(ref, count)
    }

    func cancel(_ code: ErrorCode, reason: String) { cancel(CallError(code, reason)) }

    /// Ends the call with everything that `error` says.
    func cancel(_ error: CallError) {
        receiver = nil
        localEnded = true
        remoteEnded = true
        guard case .open(let link, let ref) = state else {
            state = .done
            return
        }
        link.reset(ref, error)
        releaseIfOver()
    }

    // MARK: Holding

    /// Keeps the slot while a handler works, also beyond the end of the stream.
    func hold() { holds += 1 }

    func unhold() {
        holds -= 1
        releaseIfOver()
    }

    private func releaseIfOver() {
        guard localEnded, remoteEnded, holds == 0, case .open(let link, let ref) = state else { return }
        state = .done
        receiver = nil
        link.release(ref)
    }

    // MARK: What the link says

    /// Starts a waiting call on `link`. `false` while the peer allows no further stream.
    func start(on link: Link) -> Bool {
        guard case .waiting(var head, let body, let finished) = state else { return true }
        var left: Duration?
        if head.deadline > 0 {
            let remaining = Duration.milliseconds(Int64(head.deadline)) - (Instant.now() - started)
            guard remaining >= .milliseconds(1) else {
                failLater(CallError(.deadlineExceeded.notProcessed, "no link before the deadline"))
                return true
            }
            head.deadline = remaining.wholeMilliseconds
            left = remaining
        }
        let endsWithHead = finished && body.isEmpty
        switch link.open(head, deadline: left, end: endsWithHead) {
        case .failure(let error):
            failLater(error)
        case .success(nil):
            return false
        case .success(let ref?):
            state = .open(link, ref)
            link.register(self, ref)
            for (index, bytes) in body.enumerated() { link.send(ref, bytes, end: finished && index == body.count - 1) }
            if !finished { eventLoop.assumeIsolated().execute { [weak self] in self?.becameWritable() } }
        }
        return true
    }

    func received(head: Head, end: Bool) {
        receiver?.callReceived(head: head)
        if end { receivedEnd() }
    }

    func received(_ bytes: ByteBuffer, end: Bool) {
        if bytes.readableBytes > 0 { receiver?.callReceived(data: bytes) }
        if end { receivedEnd() }
    }

    func receivedEnd() {
        guard !remoteEnded else { return }
        remoteEnded = true
        receiver?.callReceivedEnd()
        releaseIfOver()
    }

    func becameWritable() { receiver?.callBecameWritable() }

    /// The stream is over: reset by the peer, expired, or its link is gone.
    func fail(_ error: CallError) {
        let receiver = receiver
        self.receiver = nil
        localEnded = true
        remoteEnded = true
        receiver?.callFailed(error)
        if case .waiting = state { state = .done }
        releaseIfOver()
    }

    /// For a call that ends while it is being made: its receiver hears of it after `open` has returned.
    func failLater(_ error: CallError) { eventLoop.assumeIsolated().execute { self.fail(error) } }

    /// The link is gone: there is nothing left to release.
    func linkClosed(_ error: CallError) {
        state = .done
        fail(error)
    }
}
