import NIOCore
import Synchronization
import Transport
import Wire

/// A caller whose other side is the test.
final class StubCaller: Caller {
    private let calls = Mutex<[NIOLoopBound<StubCall>]>([])
    private let onOpen: @Sendable (StubCall) -> Void

    /// - Parameter onOpen: called on the loop, after `open` has returned.
    init(onOpen: @escaping @Sendable (StubCall) -> Void = { _ in }) { self.onOpen = onOpen }

    func open(_ head: Head, on loop: any EventLoop, receiver: any CallReceiver) -> any CallStream {
        let call = StubCall(head, loop, receiver)
        let bound = NIOLoopBound(call, eventLoop: loop)
        calls.withLock { $0.append(bound) }
        let onOpen = onOpen
        loop.execute { onOpen(bound.value) }
        return call
    }

    var count: Int { calls.withLock { $0.count } }

    /// Does something with the call of that number, on its loop, once it has been opened.
    func call<Value: Sendable>(_ index: Int = 0, _ body: @escaping @Sendable (StubCall) -> Value) async throws -> Value {
        while calls.withLock({ $0.count }) <= index { try await Task.sleep(for: .milliseconds(2)) }
        let bound = calls.withLock { $0[index] }
        return try await bound.eventLoop.submit { body(bound.value) }.get()
    }

    /// Waits until `condition` holds for the call of that number.
    func wait(_ index: Int = 0, until condition: @escaping @Sendable (StubCall) -> Bool) async throws {
        while try await !call(index, condition) { try await Task.sleep(for: .milliseconds(2)) }
    }
}

/// One call that a `StubCaller` was given. Confined to its loop.
final class StubCall: CallStream {
    let head: Head
    let eventLoop: any EventLoop
    private(set) var receiver: (any CallReceiver)?
    var isWritable = true
    private(set) var body = ByteBuffer()
    private(set) var writes = 0
    private(set) var isFinished = false
    private(set) var consumed = 0
    private(set) var cancelled: ErrorCode?

    init(_ head: Head, _ loop: any EventLoop, _ receiver: any CallReceiver) {
        self.head = head
        eventLoop = loop
        self.receiver = receiver
    }

    func write(_ bytes: ByteBuffer) {
        body.writeImmutableBuffer(bytes)
        writes += 1
    }
    func finish() { isFinished = true }
    func consumed(_ count: Int) { consumed += count }
    func cancel(_ code: ErrorCode, reason: String) {
        cancelled = code
        receiver = nil
    }

    func takeBody() -> Int {
        defer { body.clear() }
        return body.readableBytes
    }

    func becomeWritable() {
        isWritable = true
        receiver?.callBecameWritable()
    }

    func respond(status: UInt16 = 200, fields: [(String, String)] = [], servedBy: String = "") {
        var head = Head()
        head.status = status
        head.fields = fields.map { Head.Field($0.0, $0.1) }
        head.servedBy = servedBy
        receiver?.callReceived(head: head)
    }

    func send(_ text: String) { receiver?.callReceived(data: ByteBuffer(string: text)) }
    func send(_ bytes: ByteBuffer) { receiver?.callReceived(data: bytes) }

    func end() {
        let receiver = receiver
        self.receiver = nil
        receiver?.callReceivedEnd()
    }

    func fail(_ error: CallError) {
        let receiver = receiver
        self.receiver = nil
        receiver?.callFailed(error)
    }
}
