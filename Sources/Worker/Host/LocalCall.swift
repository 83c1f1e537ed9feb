import NIOCore
import Transport
import Wire

/// A call to a service of this worker: waits for its place, then passes everything between caller and upstream. Reports
/// the load on the answer's head. Confined to its loop.
final class LocalCall: CallStream, CallReceiver {
    /// A call as the gate keeps it while it waits.
    typealias Bound = BoundCall

    let eventLoop: any EventLoop
    private let service: LocalService
    private var receiver: (any CallReceiver)?
    private var head: Head
    private let arrivedAt = Instant.now()
    private var state = State.new
    private var requestHasEnded = false
    private var answerHasEnded = false

    private enum State {
        case new
        case waiting(ServiceGate<Bound>.Ticket, HeldRequest)
        /// At the upstream; `since` is `nil` once the place was given back.
        case running(any CallStream, since: Instant?)
        case over
    }

    init(_ head: Head, service: LocalService, on loop: any EventLoop, receiver: any CallReceiver) {
        self.head = head
        self.service = service
        self.receiver = receiver
        eventLoop = loop
    }

    /// Asks for a place. Once, before anything else.
    func arrive() {
        switch service.arrived(BoundCall(self)) {
        case .start: run(HeldRequest())
        case .wait(let ticket): state = .waiting(ticket, HeldRequest())
        case .refuse(let milliseconds):  // CALL-5.5
            let error = CallError(
                .overloaded, "the queue of \(service.definition.name) at \(service.worker) is full", retryAfterMilliseconds: milliseconds)
            eventLoop.assumeIsolated().execute { self.end(error) }
        }
    }

    /// The place is there. If nobody waits for it any more it goes on to the next one.
    fileprivate func placeIsFree() {
        guard case .waiting(_, let held) = state else { return service.completed(after: nil) }
        run(held)
        receiver?.callBecameWritable()
    }

    private func run(_ held: HeldRequest) {
        let now = Instant.now()
        if head.deadline > 0 {
            let left = Duration.milliseconds(Int64(head.deadline)) - (now - arrivedAt)
            head.deadline = max(1, left.wholeMilliseconds)  // CALL-2.1
        }
        let stream = service.definition.upstream.open(head, on: eventLoop, receiver: self)
        state = .running(stream, since: now)
        held.send(to: stream)
    }

    // MARK: CallStream

    var isWritable: Bool {
        guard case .running(let stream, _) = state else { return false }
        return stream.isWritable
    }

    func write(_ bytes: ByteBuffer) {
        switch state {
        case .running(let stream, _): stream.write(bytes)
        case .waiting(let ticket, var held):
            state = .over
            held.hold(bytes, limit: Limits.unsentPerStream)
            state = .waiting(ticket, held)
            if !held.isWhole { end(CallError(.busy.notProcessed, "the writer does not wait for room")) }
        case .new, .over: break
        }
    }

    func finish() {
        requestHasEnded = true
        switch state {
        case .running(let stream, _):
            stream.finish()
            if answerHasEnded { release() }
        case .waiting(let ticket, var held):
            held.isFinished = true
            state = .waiting(ticket, held)
        case .new, .over: break
        }
    }

    func consumed(_ count: Int) {
        if case .running(let stream, _) = state { stream.consumed(count) }
    }

    func cancel(_ code: ErrorCode, reason: String) {
        receiver = nil
        let before = state
        end(nil)
        if case .running(let stream, _) = before { stream.cancel(code, reason: reason) }  // CALL-3.2
    }

    // MARK: CallReceiver

    func callReceived(head: Head) {
        var head = head
        head.load = service.load
        head.servedBy = service.worker  // CALL-1.5
        receiver?.callReceived(head: head)
    }

    func callReceived(data: ByteBuffer) { receiver?.callReceived(data: data) }

    func callReceivedEnd() {
        giveBack(isMeasured: true)
        answerHasEnded = true
        let receiver = receiver
        if requestHasEnded { release() }
        receiver?.callReceivedEnd()
    }

    func callFailed(_ error: CallError) {
        if error.code.base == ErrorCode.unreachable.base { service.suspected() }
        end(error)
    }

    func callBecameWritable() { receiver?.callBecameWritable() }

    // MARK: The end

    /// Gives the place back once, with the time the service took if that says something.
    private func giveBack(isMeasured: Bool) {
        guard case .running(let stream, let since?) = state else { return }
        state = .running(stream, since: nil)
        service.completed(after: isMeasured ? .now() - since : nil)
    }

    private func end(_ error: CallError?) {
        giveBack(isMeasured: false)
        if case .waiting(let ticket, _) = state { _ = service.abandoned(ticket) }
        let receiver = receiver
        release()
        if let error { receiver?.callFailed(error) }
    }

    /// Nothing more is said in either direction: the streams and this call let go of each other.
    private func release() {
        state = .over
        receiver = nil
    }
}

/// A waiting call that any thread may hold and wake.
struct BoundCall: Sendable {
    private let call: NIOLoopBound<LocalCall>

    init(_ call: LocalCall) { self.call = NIOLoopBound(call, eventLoop: call.eventLoop) }

    /// Starts it on its loop, never inside the caller's turn.
    func start() {
        let call = call
        call.eventLoop.execute { call.value.placeIsFree() }
    }
}
