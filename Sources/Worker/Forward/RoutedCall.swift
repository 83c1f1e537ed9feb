import NIOCore
import Transport
import Wire

/// One call on its way through the router: finds who serves it, passes everything between the caller and the chosen one,
/// and tries another one where `RetryRule` permits. Confined to its loop.
///
/// This is the only layer that repeats anything.
final class RoutedCall: CallStream, CallReceiver {
    let eventLoop: any EventLoop
    private let router: Router
    private let key: RouteKey
    /// As it came from the caller.
    private let head: Head
    private let began = Instant.now()
    /// When the last of the request came from the caller.
    private var lastWritten = Instant.now()
    private var receiver: (any CallReceiver)?
    private var state = State.resolving
    /// The request's body as far as it is held: for the route, then for a retry.
    private var held = HeldRequest()
    private var sends = 0
    private var tried: [String] = []
    /// Whether the tiers behind the DHT were asked for it.
    private var wentFurther = false
    private var answered = false
    private var answerHasEnded = false
    private var timer: Scheduled<Void>?

    private enum State {
        case resolving
        case sent(Attempt)
        case over
    }

    /// The call as it was sent to one worker.
    private struct Attempt {
        var stream: any CallStream
        var route: Route
        var worker: String
        /// `nil` for this worker itself.
        var choice: Balancer.Choice?
        var sentAt: Instant
        /// Whether the balancer knows that it is over.
        var isAccounted = false

        /// The way that it took: whether a relay passes a link on is known with the answer.
        var taken: Route {
            switch route {
            case .direct, .relay: stream.isRelayed ? .relay : .direct
            case .local, .http: route
            }
        }
    }

    init(_ head: Head, router: Router, on loop: any EventLoop, receiver: any CallReceiver) {
        self.head = head
        self.router = router
        self.receiver = receiver
        eventLoop = loop
        key = RouteKey(service: head.service, worker: head.worker)
    }

    /// Begins. Once, before anything else; tells the receiver nothing before it returns.
    func start() {
        startTimer()
        guard !head.service.isEmpty else { return failLater(CallError(.badRequest, "the call names no service")) }
        if let local = router.host.service(head.service), mayServe(local) { return send(to: local) }
        leave()
    }

    // MARK: Finding a worker

    private func mayServe(_ local: LocalService) -> Bool {
        if head.worker == router.host.name { return true }
        return head.worker.isEmpty && local.refusal == nil
    }

    /// The call must be served elsewhere.
    private func leave() {
        guard head.hops > 0 else {  // CALL-4.2
            router.countFailed()
            return failLater(ownRefusal ?? CallError(.hopsExhausted, "the call may not be forwarded any further"))
        }
        switch router.route(key, waiter: BoundRoute(self)) {
        case .use(let choice, _): send(to: choice)
        case .lookUp, .wait: state = .resolving
        case .refuse(let error): failLater(refined(error))
        }
    }

    /// The lookup has ended.
    fileprivate func resolved(_ refusal: CallError?) {
        guard case .resolving = state else {
            // The caller went away meanwhile, or its time was over; a refusal was counted with the lookup.
            if refusal == nil { router.countFailed() }
            return
        }
        if let refusal { return end(refined(refusal)) }
        guard let choice = router.choose(key) else {
            router.countFailed()
            return end(CallError(.unavailable, "no healthy worker offers \(key.service)"))
        }
        send(to: choice)
        if isWritable { receiver?.callBecameWritable() }
    }

    /// A service that is hosted here and not elsewhere fails for the reason that it has here.
    private func refined(_ error: CallError) -> CallError {
        error.code.base == ErrorCode.badRequest.base ? error : ownRefusal ?? error
    }

    private var ownRefusal: CallError? {
        head.worker.isEmpty ? router.host.service(head.service)?.refusal : nil
    }

    // MARK: Sending

    private func send(to local: LocalService) {
        send(through: local, route: .local, worker: router.host.name, choice: nil)
    }

    private func send(to choice: Balancer.Choice) {
        guard let caller = router.caller(to: choice.member) else {
            router.ended(key, choice)
            router.countFailed()
            return failLater(CallError(.unavailable, "\(choice.member.name) cannot be reached from here"))
        }
        send(through: caller, route: choice.member.route, worker: choice.member.name, choice: choice)
    }

    private func send(through caller: any Caller, route: Route, worker: String, choice: Balancer.Choice?) {
        let now = Instant.now()
        var onward = head
        if route != .local { onward.hops -= 1 }  // CALL-4.1
        if head.deadline > 0 {
            let left = Duration.milliseconds(Int64(head.deadline)) - (now - began)
            onward.deadline = max(1, left.wholeMilliseconds)  // CALL-2.1
        }
        sends += 1
        let stream = caller.open(onward, on: eventLoop, receiver: self)
        if choice?.member.forbidsCompression(of: head.service) == true { stream.forbidCompression() }  // LZ4-3.1
        state = .sent(Attempt(stream: stream, route: route, worker: worker, choice: choice, sentAt: now))
        let body = held
        held.shrink(to: Limits.replayBuffer)
        body.send(to: stream)
    }

    // MARK: CallStream

    var isWritable: Bool {
        guard case .sent(let attempt) = state else { return false }
        return attempt.stream.isWritable
    }

    func write(_ bytes: ByteBuffer) {
        lastWritten = .now()
        switch state {
        case .resolving:
            held.hold(bytes, limit: Limits.unsentPerStream)
            guard !held.isWhole else { return }
            router.countFailed()
            end(CallError(.busy.notProcessed, "the writer does not wait for room"))
        case .sent(let attempt):
            held.hold(bytes, limit: Limits.replayBuffer)
            attempt.stream.write(bytes)
        case .over: break
        }
    }

    func finish() {
        lastWritten = .now()
        held.isFinished = true
        guard case .sent(let attempt) = state else { return }
        attempt.stream.finish()
        if answerHasEnded { release() }
    }

    func consumed(_ count: Int) {
        if case .sent(let attempt) = state { attempt.stream.consumed(count) }
    }

    func cancel(_ code: ErrorCode, reason: String) {
        receiver = nil
        abandon(CallError(code, reason), isCallersWish: true)
    }

    // MARK: CallReceiver

    func callReceived(head: Head) {
        guard case .sent(let attempt) = state else { return }
        answered = true
        held.giveUp()
        if self.head.deadline == 0 { stopTimer() }
        router.answered(key, attempt.choice, after: .now() - attempt.sentAt, head)
        var head = head
        if head.servedBy.isEmpty { head.servedBy = attempt.worker }
        head.fields.removeAll { $0.name == Route.field }
        head.fields.append(Head.Field(Route.field, attempt.taken.rawValue))
        receiver?.callReceived(head: head)
    }

    func callReceived(data: ByteBuffer) { receiver?.callReceived(data: data) }

    func callReceivedEnd() {
        stopTimer()
        account()
        answerHasEnded = true
        let receiver = receiver
        if held.isFinished { release() }
        receiver?.callReceivedEnd()
    }

    func callBecameWritable() { receiver?.callBecameWritable() }

    func callFailed(_ error: CallError) {
        guard case .sent(let attempt) = state else { return }
        if let choice = attempt.choice, !attempt.isAccounted { router.failed(key, choice, error) }
        account()
        if RetryRule.permits(error.code, head: head, sends: sends, answered: answered, isHeld: held.isWhole), retry(attempt) { return }
        if !answered { router.countFailed() }
        end(error)
    }

    /// Sends the call once more, elsewhere. False where that cannot be.
    private func retry(_ failed: Attempt) -> Bool {
        tried.append(failed.worker)
        guard failed.choice != nil else {
            // This worker itself could not: from here on it is a call like any other that leaves.
            guard head.worker.isEmpty, head.hops > 0, router.takeRetry() else { return false }
            leave()
            return true
        }
        guard let choice = router.chooseAgain(key, excluding: tried) else { return goFurther(failed) }
        send(to: choice)
        return true
    }

    /// Asks those who know more than the DHT, once.
    private func goFurther(_ failed: Attempt) -> Bool {
        guard !wentFurther else { return false }
        wentFurther = true
        switch router.routeFurther(key, sentAt: failed.sentAt, waiter: BoundRoute(self)) {
        case .use(let choice, _): send(to: choice)
        case .lookUp, .wait: state = .resolving
        case .refuse, nil: return false
        }
        return true
    }

    // MARK: The end

    /// Tells the balancer once that the attempt is over.
    private func account() {
        guard case .sent(var attempt) = state, !attempt.isAccounted else { return }
        if let choice = attempt.choice { router.ended(key, choice) }
        attempt.isAccounted = true
        state = .sent(attempt)
    }

    private func end(_ error: CallError) {
        stopTimer()
        let receiver = receiver
        release()
        receiver?.callFailed(error)
    }

    /// Nothing more is said in either direction: the streams and this call let go of each other.
    private func release() {
        state = .over
        held.giveUp()
        receiver = nil
    }

    /// For an error that is known before `start` has returned; the call is over already, its receiver hears it later.
    private func failLater(_ error: CallError) { eventLoop.assumeIsolated().execute { self.end(error) } }

    /// Ends what is under way: the caller's wish, or its time is over.
    private func abandon(_ error: CallError, isCallersWish: Bool) {
        stopTimer()
        if case .sent(let attempt) = state {
            if let choice = attempt.choice, !answered, !isCallersWish { router.failed(key, choice, error) }
            if !answered, isCallersWish { router.abandoned(attempt.choice) }
            account()
            attempt.stream.cancel(error.code, reason: error.reason)
        }
        end(error)
    }

    // MARK: Time

    /// A named deadline covers the whole call; without one the answer's head must come in time once the request has been sent.
    private func startTimer() {
        schedule(in: head.deadline > 0 ? Duration.milliseconds(Int64(head.deadline)) : router.answerTimeout)
    }

    private func schedule(in time: Duration) {
        timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount.nanoseconds(Int64(clamping: time.wholeNanoseconds))) { [weak self] in
            self?.expire()
        }
    }

    private func expire() {
        var time = Duration.milliseconds(Int64(head.deadline))
        if head.deadline == 0 {
            time = router.answerTimeout
            let left = time - (.now() - lastWritten)
            if left > .zero { return schedule(in: left) }
        }
        if case .sent = state, !answered { router.countFailed() }
        abandon(CallError(.deadlineExceeded, "no whole answer within \(time.wholeMilliseconds) ms"), isCallersWish: false)
    }

    private func stopTimer() {
        timer?.cancel()
        timer = nil
    }
}

/// A call that waits for a lookup, as any thread may hold it.
struct BoundRoute: Sendable {
    private let call: NIOLoopBound<RoutedCall>

    init(_ call: RoutedCall) { self.call = NIOLoopBound(call, eventLoop: call.eventLoop) }

    /// Tells the call on its loop that the lookup has ended.
    func resolved(_ refusal: CallError?) {
        let call = call
        call.eventLoop.execute { call.value.resolved(refusal) }
    }
}
