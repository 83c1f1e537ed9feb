import NIOCore
import Synchronization
import Transport
import Wire
import Worker

/// An upstream or a member as a script: what it does with each call, and what it has seen.
final class FakeCallee: Upstream, Sendable {
    enum Behaviour: Sendable {
        /// Answers 200 at once and sends the body back as it comes; credit passes through.
        case echo
        /// Answers with this status and no body.
        case status(UInt16)
        /// Fails before any answer.
        case fail(CallError)
        /// Answers, sends some bytes, and breaks off.
        case breakOff
        /// Never answers.
        case hang
    }

    struct Seen: Sendable {
        var heads: [Head] = []
        var bytes = 0
        var cancelled: [ErrorCode] = []
        var consumed = 0
        /// Calls whose bodies must not be compressed.
        var uncompressed = 0
    }

    let behaviour: Mutex<Behaviour>
    let isHealthy: Mutex<Bool>
    let seen = Mutex(Seen())

    init(_ behaviour: Behaviour, isHealthy: Bool = true) {
        self.behaviour = Mutex(behaviour)
        self.isHealthy = Mutex(isHealthy)
    }

    var calls: Int { seen.withLock { $0.heads.count } }

    func probe(timeout: Duration) async -> UpstreamHealth {
        let isHealthy = isHealthy.withLock { $0 }
        return UpstreamHealth(isHealthy: isHealthy, latency: .zero, detail: isHealthy ? nil : "connection refused")
    }

    func open(_ head: Head, on loop: any EventLoop, receiver: any CallReceiver) -> any CallStream {
        seen.withLock { $0.heads.append(head) }
        let call = FakeCall(self, behaviour.withLock { $0 }, on: loop, receiver: receiver)
        call.begin()
        return call
    }
}

/// A call at a `FakeCallee`.
final class FakeCall: CallStream {
    let eventLoop: any EventLoop
    private let callee: FakeCallee
    private let behaviour: FakeCallee.Behaviour
    private var receiver: (any CallReceiver)?
    private var unconsumed = 0
    private var wasFull = false

    init(_ callee: FakeCallee, _ behaviour: FakeCallee.Behaviour, on loop: any EventLoop, receiver: any CallReceiver) {
        self.callee = callee
        self.behaviour = behaviour
        self.receiver = receiver
        eventLoop = loop
    }

    func begin() {
        eventLoop.assumeIsolated().execute { self.act() }
    }

    private func act() {
        var head = Head()
        head.status = 200
        switch behaviour {
        case .echo: receiver?.callReceived(head: head)
        case .hang: break
        case .fail(let error): fail(error)
        case .status(let status):
            head.status = status
            receiver?.callReceived(head: head)
            receiver?.callReceivedEnd()
        case .breakOff:
            receiver?.callReceived(head: head)
            receiver?.callReceived(data: ByteBuffer(string: "half an"))
            fail(CallError(.upstreamFailed, "it died"))
        }
    }

    private func fail(_ error: CallError) {
        let receiver = receiver
        self.receiver = nil
        receiver?.callFailed(error)
    }

    private var echoes: Bool { if case .echo = behaviour { true } else { false } }

    var isWritable: Bool { unconsumed < 64 << 10 }

    func write(_ bytes: ByteBuffer) {
        callee.seen.withLock { $0.bytes += bytes.readableBytes }
        guard echoes else { return }
        unconsumed += bytes.readableBytes
        wasFull = wasFull || !isWritable
        eventLoop.assumeIsolated().execute { self.receiver?.callReceived(data: bytes) }
    }

    func forbidCompression() { callee.seen.withLock { $0.uncompressed += 1 } }

    func finish() {
        if echoes { eventLoop.assumeIsolated().execute { self.receiver?.callReceivedEnd() } }
    }

    func consumed(_ count: Int) {
        callee.seen.withLock { $0.consumed += count }
        unconsumed -= count
        guard wasFull, isWritable else { return }
        wasFull = false
        receiver?.callBecameWritable()
    }

    func cancel(_ code: ErrorCode, reason: String) {
        receiver = nil
        callee.seen.withLock { $0.cancelled.append(code) }
    }
}

/// Members over HTTP by their URL.
struct FakeForwarder: HTTPForwarder {
    let members: [String: FakeCallee]

    func caller(to tunnelURL: String) -> any Caller { members[tunnelURL] ?? FakeCallee(.fail(CallError(.unreachable, "no such host"))) }
}

/// A coordinator over HTTP that knows some workers.
final class FakeCoordinator: CoordinatorOverHTTP, Sendable {
    struct State: Sendable {
        var workers: [WorkerRecord] = []
        var known = true
        var failure: CallError?
        var delay: Duration = .zero
        var lookups = 0
        var members: [HTTPMember] = []
        var beats: [HTTPBeat] = []
        var left: [String] = []
    }

    let state = Mutex(State())

    init(_ workers: [WorkerRecord] = []) { state.withLock { $0.workers = workers } }

    func list(timeout: Duration) async throws(CallError) -> [ServiceSummary] { [] }

    func discover(_ service: String, timeout: Duration) async throws(CallError) -> DiscoverAnswer {
        let state = state.withLock { state in
            state.lookups += 1
            return state
        }
        try? await Task.sleep(for: state.delay)
        if let failure = state.failure { throw failure }
        let workers = state.workers.filter { $0.services.contains { $0.name == service } }
        return DiscoverAnswer(revision: 1, known: state.known, total: UInt32(workers.count), workers: workers)
    }

    func register(_ member: HTTPMember, timeout: Duration) async throws(CallError) -> [String] {
        state.withLock { $0.members.append(member) }
        return member.services.map(\.name)
    }

    func heartbeat(_ beat: HTTPBeat, timeout: Duration) async throws(CallError) { state.withLock { $0.beats.append(beat) } }

    func unregister(_ worker: String, timeout: Duration) async throws(CallError) { state.withLock { $0.left.append(worker) } }
}
