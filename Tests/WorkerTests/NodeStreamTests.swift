import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing
import Transport
import Wire
import Worker

/// Deadlines, cancellation and backpressure through the router.
@Suite struct NodeStreamTests {
    /// Runs `body` on an event loop.
    func onLoop<T: Sendable>(_ body: @escaping @Sendable (any EventLoop) -> T) async throws -> T {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        return try await loop.submit { body(loop) }.get()
    }

    /// Hears everything and keeps it; consumes nothing by itself.
    final class Recorder: CallReceiver {
        var head: Head?
        var bytes = 0
        var ended = false
        var error: CallError?
        var becameWritable = 0
        func callReceived(head: Head) { self.head = head }
        func callReceived(data: ByteBuffer) { bytes += data.readableBytes }
        func callReceivedEnd() { ended = true }
        func callFailed(_ error: CallError) { self.error = error }
        func callBecameWritable() { becameWritable += 1 }
    }

    /// A call and its recorder, as any thread may hold them.
    final class Probe: Sendable {
        let loop: any EventLoop
        private let recorder: NIOLoopBound<Recorder>
        private let stream: NIOLoopBound<any CallStream>

        init(_ node: WorkerNode, _ head: Head, on loop: any EventLoop) {
            self.loop = loop
            let recorder = Recorder()
            self.recorder = NIOLoopBound(recorder, eventLoop: loop)
            stream = NIOLoopBound(node.open(head, on: loop, receiver: recorder), eventLoop: loop)
        }

        func read<T: Sendable>(_ body: @escaping @Sendable (Recorder) -> T) async throws -> T {
            let recorder = recorder
            return try await loop.submit { body(recorder.value) }.get()
        }

        func act<T: Sendable>(_ body: @escaping @Sendable (any CallStream) -> T) async throws -> T {
            let stream = stream
            return try await loop.submit { body(stream.value) }.get()
        }

        /// Waits until `condition` holds; the test's own time limit ends a wait that never does.
        func until(_ condition: @escaping @Sendable (Recorder) -> Bool) async throws {
            while try await !read(condition) { try await Task.sleep(for: .milliseconds(2)) }
        }
    }

    @Test(.timeLimit(.minutes(1))) func aNamedDeadlineCoversTheWholeCall() async throws {
        let member = FakeCallee(.hang)
        let (node, _) = try await NodeRoutingTests.node(members: ["there": member])
        var head = NodeRoutingTests.head()
        head.deadline = 2_000
        let sent = head
        let probe = try await onLoop { Probe(node, sent, on: $0) }
        try await probe.until { $0.error != nil }
        #expect(try await probe.read { $0.error?.code } == .deadlineExceeded)
        #expect(member.seen.withLock { $0.cancelled } == [.deadlineExceeded])
        #expect(member.seen.withLock { $0.heads.allSatisfy { $0.deadline > 0 && $0.deadline <= 2_000 } })
        #expect(node.statistics().failedRequests == 1)
        await node.shutdown()
    }

    // CALL-2.1
    @Test(.timeLimit(.minutes(1))) func theTimeThatACallWaitedIsTakenOffItsDeadline() async throws {
        let member = FakeCallee(.echo)
        let (node, coordinator) = try await NodeRoutingTests.node(members: ["there": member])
        coordinator.state.withLock { $0.delay = .milliseconds(200) }
        var head = NodeRoutingTests.head()
        head.deadline = 30_000
        let sent = head
        _ = try await onLoop { Probe(node, sent, on: $0) }
        while member.calls == 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(member.seen.withLock { $0.heads.allSatisfy { $0.deadline > 0 && $0.deadline <= 29_800 } })
        await node.shutdown()
    }

    @Test(.timeLimit(.minutes(1))) func withoutADeadlineOnlyTheHeadMustCome() async throws {
        let (hang, echo) = (FakeCallee(.hang), FakeCallee(.echo))
        let (slow, _) = try await NodeRoutingTests.node(members: ["there": hang], answerTimeout: .milliseconds(100))
        let late = try await onLoop { Probe(slow, NodeRoutingTests.head(), on: $0) }
        try await late.until { $0.error?.code == .deadlineExceeded }
        let (fine, _) = try await NodeRoutingTests.node(members: ["there": echo], answerTimeout: .seconds(2))
        let long = try await onLoop { Probe(fine, NodeRoutingTests.head(), on: $0) }
        try await long.until { $0.head != nil || $0.error != nil }
        try await Task.sleep(for: .milliseconds(2_500))
        try await long.act { $0.finish() }
        try await long.until { $0.ended || $0.error != nil }
        #expect(try await long.read { $0.error } == nil)
        await slow.shutdown()
        await fine.shutdown()
    }

    @Test(.timeLimit(.minutes(1))) func aDeadlineEndsAWaitForALookup() async throws {
        let (node, coordinator) = try await NodeRoutingTests.node(members: ["there": FakeCallee(.echo)])
        coordinator.state.withLock { $0.delay = .seconds(1) }
        var head = NodeRoutingTests.head()
        head.deadline = 50
        let sent = head
        let probe = try await onLoop { Probe(node, sent, on: $0) }
        try await probe.until { $0.error?.code == .deadlineExceeded }
        await node.shutdown()
    }

    // CALL-3.2
    @Test(.timeLimit(.minutes(1)), arguments: [true, false]) func cancellationReachesWhoeverServes(locally: Bool) async throws {
        let callee = FakeCallee(.hang)
        let (node, _) = try await NodeRoutingTests.node(
            hosted: locally ? ["echo": callee] : [:], members: locally ? [:] : ["there": callee])
        let probe = try await onLoop { Probe(node, NodeRoutingTests.head(), on: $0) }
        while callee.calls == 0 { try await Task.sleep(for: .milliseconds(2)) }
        try await probe.act { $0.cancel(.cancelled, reason: "gone") }
        #expect(callee.seen.withLock { $0.cancelled } == [.cancelled])
        #expect(try await probe.read { $0.error } == nil, "who cancels hears nothing more")
        #expect(node.load(of: "echo")?.inFlight ?? 0 == 0)
        await node.shutdown()
    }

    @Test(.timeLimit(.minutes(1))) func aBodyThatComesBeforeTheRouteWaits() async throws {
        let member = FakeCallee(.echo)
        let (node, coordinator) = try await NodeRoutingTests.node(members: ["there": member])
        coordinator.state.withLock { $0.delay = .milliseconds(200) }
        let probe = try await onLoop { Probe(node, NodeRoutingTests.head(), on: $0) }
        let before = try await probe.act { stream in
            for part in ["one ", "two ", "three"] { stream.write(ByteBuffer(string: part)) }
            return stream.isWritable
        }
        #expect(!before)
        try await probe.until { $0.becameWritable > 0 && $0.bytes == 13 }
        #expect(try await probe.act { $0.isWritable })
        try await probe.act { $0.finish() }
        try await probe.until { $0.ended }
        #expect(member.seen.withLock { $0.bytes } == 13)
        await node.shutdown()
    }

    @Test(.timeLimit(.minutes(1))) func aWriterThatDoesNotWaitIsCutOff() async throws {
        let (node, coordinator) = try await NodeRoutingTests.node(members: ["there": FakeCallee(.echo)])
        coordinator.state.withLock { $0.delay = .milliseconds(500) }
        let probe = try await onLoop { Probe(node, NodeRoutingTests.head(), on: $0) }
        try await probe.act { stream in
            for _ in 0..<5 { stream.write(ByteBuffer(repeating: 7, count: Limits.unsentPerStream / 4)) }
        }
        try await probe.until { $0.error?.code.base == ErrorCode.busy.base }
        await node.shutdown()
    }

    @Test(.timeLimit(.minutes(1)), arguments: [true, false]) func backpressurePassesThrough(locally: Bool) async throws {
        let callee = FakeCallee(.echo)
        let (node, _) = try await NodeRoutingTests.node(
            hosted: locally ? ["echo": callee] : [:], members: locally ? [:] : ["there": callee])
        let probe = try await onLoop { Probe(node, NodeRoutingTests.head(), on: $0) }
        try await probe.until { $0.head != nil }
        try await probe.act { $0.write(ByteBuffer(repeating: 7, count: 64 << 10)) }
        try await probe.until { $0.bytes == 64 << 10 }
        #expect(try await !probe.act { $0.isWritable }, "nothing was consumed")
        #expect(callee.seen.withLock { $0.consumed } == 0)
        let writable = try await probe.read { $0.becameWritable }
        try await probe.act { $0.consumed(64 << 10) }
        try await probe.until { $0.becameWritable > writable }
        #expect(try await probe.act { $0.isWritable })
        try await probe.act { $0.finish() }
        try await probe.until { $0.ended }
        await node.shutdown()
    }

    // MARK: Handlers

    func handlerNode(_ handler: ServiceHandler) async throws -> WorkerNode {
        let node = try WorkerNode(
            configuration: WorkerConfiguration(name: "here"), services: [HostedService("echo", handler: handler)], forwarder: nil,
            coordinator: nil, group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
        try await node.start()
        return node
    }

    @Test(.timeLimit(.minutes(1))) func handlersServe() async throws {
        let node = try await handlerNode(.inline { _, body, _ in (Head(), body) })
        let answer = try await node.unary(NodeRoutingTests.head(), body: ByteBuffer(string: "hello"))
        #expect(String(buffer: answer.body) == "hello")
        #expect(answer.head.status == 200 && answer.head.servedBy == "here")
        #expect(node.load(of: "echo")?.inFlight == 0)
        await node.shutdown()
    }

    @Test(.timeLimit(.minutes(1))) func handlersFail() async throws {
        let node = try await handlerNode(.inline { _, _, _ throws(CallError) in throw CallError(.conflict, "no") })
        await #expect(throws: CallError(.conflict, "no")) { try await node.unary(NodeRoutingTests.head()) }
        await node.shutdown()
    }

    @Test(.timeLimit(.minutes(1))) func handlersStreamWithinTheirWindow() async throws {
        let node = try await handlerNode(
            .async { call in
                call.respond(Head())
                while let bytes = try await call.next() { try await call.write(bytes) }
                call.finish()
            })
        let part = ByteBuffer(repeating: 7, count: 100_000)
        let received = try await node.streaming(NodeRoutingTests.head(), timeout: .seconds(50)) { call in
            async let sent: Void = {
                for _ in 0..<50 { try await call.write(part) }
                call.finish()
            }()
            var count = 0
            while let bytes = try await call.next() { count += bytes.readableBytes }
            try await sent
            return count
        }
        #expect(received == 5_000_000)
        #expect(node.load(of: "echo")?.inFlight == 0)
        await node.shutdown()
    }
}
