import NIOCore
import Wire

/// One stream of a link, as its owner sees it. Confined to the link's event loop.
///
/// A caller's stream may exist before its link does, or before the peer allows another one: what is written meanwhile
/// waits here and nothing is reported as writable.
final class LinkStream: ServerStream {
    let eventLoop: any EventLoop
    /// The stream of the link, once there is one and until it is over.
    private var link: Link?
    private(set) var ref = StreamRef(slot: -1, id: 0)
    /// A call that has no stream yet.
    private var pending: PendingCall?
    private var receiver: (any CallReceiver)?
    private var localEnded = false
    private var remoteEnded = false
    /// The other side reads no further: what is still written is dropped, so nobody has to wait for room.
    private var isStopped = false
    private var mayCompress = true
    /// What the peer is granted at most, where that is less than usual.
    private var windowLimit: UInt64?
    /// Whether the link that it is a stream of is passed on by a relay.
    private(set) var isRelayed = false
    /// While it is more than 0 the stream keeps its slot although it has ended: a handler is still at work on it.
    private var holds = 0

    /// What a call has said before its stream exists.
    private final class PendingCall {
        var head: Head
        var body: [ByteBuffer] = []
        /// When the call was made: what is left of its deadline is sent.
        let started = Instant.now()

        init(_ head: Head) { self.head = head }
    }

    /// A call that waits for its link.
    init(calling head: Head, receiver: any CallReceiver, on loop: any EventLoop) {
        eventLoop = loop
        pending = PendingCall(head)
        self.receiver = receiver
    }

    /// A call that the peer made. `attach` gives it its receiver.
    init(accepted ref: StreamRef, on link: Link, ended: Bool) {
        eventLoop = link.eventLoop
        self.link = link
        self.ref = ref
        remoteEnded = ended
        isRelayed = link.peer.relay != nil
    }

    /// A call for which `link` has room at once; `nil` where it must wait or cannot be made. The head goes out as it is.
    init?(calling head: Head, receiver: any CallReceiver, at link: Link) {
        let left: Duration? = head.deadline > 0 ? .milliseconds(Int64(head.deadline)) : nil
        guard case .success(let ref?) = link.open(head, deadline: left, end: false) else { return nil }
        eventLoop = link.eventLoop
        self.link = link
        self.ref = ref
        self.receiver = receiver
        isRelayed = link.peer.relay != nil
        link.register(self, ref)
    }

    func attach(_ receiver: any CallReceiver) { if link != nil { self.receiver = receiver } }

    // MARK: CallStream

    var isWritable: Bool { isStopped || link?.isWritable(ref) ?? false }

    func respond(_ head: Head) {
        guard !localEnded else { return }
        var head = head
        if head.status == 0 { head.status = 200 }  // CALL-1.4
        link?.respond(ref, head)
    }

    func write(_ bytes: ByteBuffer) { write(bytes, end: false) }

    func finish() { write(ByteBuffer(), end: true) }

    func finish(with bytes: ByteBuffer) { write(bytes, end: true) }

    private func write(_ bytes: ByteBuffer, end: Bool) {
        guard !localEnded else { return }
        localEnded = end
        if let link {
            link.send(ref, bytes, end: end)
            releaseIfOver()
        } else if let pending, bytes.readableBytes > 0 {
            pending.body.append(bytes)
        }
    }

    func consumed(_ count: Int) { link?.consumed(ref, count) }

    /// Bytes that were written and not sent.
    var unsent: Int { link?.unsent(ref) ?? 0 }

    /// Grants the peer at most `window` bytes ahead of those that were consumed, however fast they are.
    func limitWindow(to window: UInt64) {
        windowLimit = window
        link?.limitWindow(ref, to: window)
    }

    func forbidCompression() {
        mayCompress = false
        link?.forbidCompression(ref)
    }

    func cancel(_ code: ErrorCode, reason: String) { cancel(CallError(code, reason)) }

    /// Ends the call with everything that `error` says.
    func cancel(_ error: CallError) {
        receiver = nil
        pending = nil
        localEnded = true
        remoteEnded = true
        link?.reset(ref, error)
        releaseIfOver()
    }

    /// Reads no further, and says so: what this side has to say goes on.
    func stopReading() {
        guard !remoteEnded, let link else { return }
        remoteEnded = true
        link.stop(ref, .none)  // FRAME-5.6
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
        guard localEnded, remoteEnded, holds == 0, let link else { return }
        self.link = nil
        receiver = nil
        link.release(ref)
    }

    // MARK: What the link says

    /// Starts a waiting call on `link`. `false` while the peer allows no further stream.
    func start(on link: Link) -> Bool {
        guard let pending else { return true }
        var head = pending.head
        var left: Duration?
        if head.deadline > 0 {
            let remaining = Duration.milliseconds(Int64(head.deadline)) - (Instant.now() - pending.started)
            guard remaining >= .milliseconds(1) else {
                failLater(CallError(.deadlineExceeded.notProcessed, "no link before the deadline"))
                return true
            }
            head.deadline = remaining.wholeMilliseconds  // CALL-2.1
            left = remaining
        }
        switch link.open(head, deadline: left, end: localEnded && pending.body.isEmpty) {
        case .failure(let error): failLater(error)
        case .success(nil): return false
        case .success(let ref?):
            self.ref = ref
            self.link = link
            self.pending = nil
            isRelayed = link.peer.relay != nil
            link.register(self, ref)
            if !mayCompress { link.forbidCompression(ref) }
            if let windowLimit { link.limitWindow(ref, to: windowLimit) }
            for (index, bytes) in pending.body.enumerated() {
                link.send(ref, bytes, end: localEnded && index == pending.body.count - 1)
            }
            if !localEnded { eventLoop.assumeIsolated().execute { [weak self] in self?.becameWritable() } }
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

    func stopped() {
        guard !localEnded else { return }
        localEnded = true
        isStopped = true
        becameWritable()
        releaseIfOver()
    }

    /// The stream is over: reset by the peer, expired, or its link is gone.
    func fail(_ error: CallError) {
        let receiver = receiver
        self.receiver = nil
        pending = nil
        localEnded = true
        remoteEnded = true
        receiver?.callFailed(error)
        releaseIfOver()
    }

    /// For a call that ends while it is being made: its receiver hears of it after `open` has returned.
    func failLater(_ error: CallError) {
        pending = nil
        eventLoop.assumeIsolated().execute { self.fail(error) }
    }

    /// The link is gone: there is nothing left to release.
    func linkClosed(_ error: CallError) {
        link = nil
        fail(error)
    }
}
