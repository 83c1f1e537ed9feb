import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing
import Transport
import Wire
import Worker

/// A whole worker without an identity: calls enter, are served here or forwarded to members over (pretended) HTTP.
@Suite struct NodeRoutingTests {
    /// A worker with `hosted` services, whose coordinator knows `members`.
    static func node(
        hosted: [String: FakeCallee] = [:], members: [String: FakeCallee] = [:], limit: Int = 64, queue: Int = 0,
        answerTimeout: Duration = .seconds(10), workers: [WorkerRecord]? = nil
    ) async throws -> (WorkerNode, FakeCoordinator) {
        var configuration = WorkerConfiguration(name: "here")
        configuration.answerTimeout = answerTimeout
        let coordinator = FakeCoordinator(workers ?? members.keys.sorted().map { httpRecord($0) })
        let forwarder = FakeForwarder(members: Dictionary(uniqueKeysWithValues: members.map { ("http://\($0.key):8000", $0.value) }))
        let node = try WorkerNode(
            configuration: configuration, services: hosted.map { HostedService($0.key, upstream: $0.value, limit: limit, queue: queue) },
            forwarder: forwarder, coordinator: coordinator, group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
        try await node.start()
        return (node, coordinator)
    }

    static func head(_ service: String = "echo", verb: String = "POST", worker: String = "", hops: UInt8 = Limits.hops) -> Head {
        var head = Head()
        head.service = service
        head.verb = verb
        head.worker = worker
        head.hops = hops
        return head
    }

    func expectFailure(_ code: ErrorCode, _ node: WorkerNode, _ head: Head, body: String = "x") async -> CallError? {
        do {
            _ = try await node.unary(head, body: ByteBuffer(string: body), timeout: .seconds(10))
            Issue.record("the call succeeded")
            return nil
        } catch {
            #expect(error.code == code, "\(error)")
            return error
        }
    }

    // MARK: Where calls go

    @Test func ownServicesServeLocally() async throws {
        let upstream = FakeCallee(.echo)
        let (node, _) = try await Self.node(hosted: ["echo": upstream])
        let answer = try await node.unary(Self.head(), body: ByteBuffer(string: "hello"))
        #expect(String(buffer: answer.body) == "hello")
        #expect(answer.head.status == 200)
        #expect(answer.head.servedBy == "here")
        #expect(answer.head[Route.field] == "local")
        #expect(answer.head.load?.limit == 64)
        #expect(node.statistics().localRequests == 1)
        #expect(node.statistics().cacheMisses == 0)
        await node.shutdown()
    }

    // CALL-4.1
    @Test func othersServeWhatIsNotHere() async throws {
        let member = FakeCallee(.echo)
        let (node, coordinator) = try await Self.node(members: ["there": member])
        for _ in 0..<3 {
            let answer = try await node.unary(Self.head(), body: ByteBuffer(string: "hello"))
            #expect(String(buffer: answer.body) == "hello")
            #expect(answer.head.servedBy == "there")
            #expect(answer.head[Route.field] == "http")
        }
        #expect(member.seen.withLock { $0.heads.map(\.hops) } == [Limits.hops - 1, Limits.hops - 1, Limits.hops - 1])
        #expect(coordinator.state.withLock { $0.lookups } == 1)
        let statistics = node.statistics()
        #expect(statistics.forwardedRequests == 3)
        #expect(statistics.cacheMisses == 1 && statistics.httpLookups == 1 && statistics.cacheHits == 2)
        #expect(statistics.cacheSize == 1 && statistics.failedRequests == 0)
        await node.shutdown()
    }

    // LZ4-3.1
    @Test func aServiceThatForbidsCompressionGetsItsBodiesAsTheyAre() async throws {
        let member = FakeCallee(.echo)
        let (node, coordinator) = try await Self.node(members: ["there": member])
        _ = try await node.unary(Self.head())
        #expect(member.seen.withLock { $0.uncompressed } == 0)
        coordinator.state.withLock { $0.workers[0].services[0].compress = false }
        let (strict, _) = try await Self.node(members: ["there": member], workers: coordinator.state.withLock { $0.workers })
        _ = try await strict.unary(Self.head())
        #expect(member.seen.withLock { $0.uncompressed } == 1)
        for node in [node, strict] { await node.shutdown() }
    }

    @Test func aStampedeMakesOneLookup() async throws {
        let member = FakeCallee(.echo)
        let (node, coordinator) = try await Self.node(members: ["there": member])
        coordinator.state.withLock { $0.delay = .milliseconds(300) }
        try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<1_000 {
                group.addTask {
                    let answer = try await node.unary(Self.head(), body: ByteBuffer(string: "\(number)"), timeout: .seconds(60))
                    return String(buffer: answer.body)
                }
            }
            var answers: Set<String> = []
            for try await answer in group { answers.insert(answer) }
            #expect(answers.count == 1_000)
        }
        #expect(coordinator.state.withLock { $0.lookups } == 1)
        let statistics = node.statistics()
        #expect(statistics.httpLookups == 1 && statistics.cacheMisses == 1 && statistics.cacheHits == 999)
        await node.shutdown()
    }

    @Test func unknownServicesAndMissingWorkersDiffer() async throws {
        let (node, coordinator) = try await Self.node()
        coordinator.state.withLock { $0.known = false }
        _ = await expectFailure(.notFound, node, Self.head("nothing"))
        coordinator.state.withLock { $0.known = true }
        _ = await expectFailure(.unavailable, node, Self.head("idle"))
        coordinator.state.withLock { $0.failure = CallError(.unreachable, "refused") }
        _ = await expectFailure(.unavailable, node, Self.head("other"))
        let statistics = node.statistics()
        #expect(statistics.failedRequests == 3 && statistics.cacheMisses == 3)
        await node.shutdown()
    }

    @Test func aPinnedWorkerServesAlone() async throws {
        let (a, b) = (FakeCallee(.echo), FakeCallee(.echo))
        let (node, _) = try await Self.node(hosted: ["echo": FakeCallee(.echo)], members: ["a": a, "b": b])
        for _ in 0..<5 { #expect(try await node.unary(Self.head(worker: "b")).head.servedBy == "b") }
        #expect(try await node.unary(Self.head(worker: "here")).head[Route.field] == "local")
        #expect(a.calls == 0 && b.calls == 5)
        _ = await expectFailure(.notFound, node, Self.head(worker: "nobody"))
        await node.shutdown()
    }

    // CALL-4.2
    @Test func theHopBudgetEnds() async throws {
        let member = FakeCallee(.echo)
        let (node, _) = try await Self.node(members: ["there": member])
        _ = await expectFailure(.hopsExhausted, node, Self.head(hops: 0))
        #expect(member.calls == 0)
        #expect(node.statistics().failedRequests == 1)
        await node.shutdown()
    }

    @Test func callsWithoutAServiceAreRefused() async throws {
        let (node, _) = try await Self.node()
        _ = await expectFailure(.badRequest, node, Self.head(""))
        await node.shutdown()
    }

    // MARK: Overload and health

    @Test func aFullServiceSpillsToOthersAndElseRefuses() async throws {
        let (upstream, member) = (FakeCallee(.hang), FakeCallee(.echo))
        let (node, coordinator) = try await Self.node(hosted: ["echo": upstream], members: ["there": member], limit: 1)
        let hanging = Task { try await node.unary(Self.head(), timeout: .seconds(20)) }
        while upstream.calls == 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try await node.unary(Self.head()).head.servedBy == "there")
        coordinator.state.withLock { $0.workers = [] }
        member.behaviour.withLock { $0 = .fail(CallError(.unreachable)) }
        _ = await expectFailure(.unreachable, node, Self.head())
        hanging.cancel()
        _ = await hanging.result
        while upstream.seen.withLock({ $0.cancelled.isEmpty }) { try await Task.sleep(for: .milliseconds(5)) }
        upstream.behaviour.withLock { $0 = .echo }
        #expect(try await node.unary(Self.head()).head.servedBy == "here", "its place is free again")
        await node.shutdown()
    }

    @Test func withoutOthersAFullServiceSaysWhen() async throws {
        let upstream = FakeCallee(.hang)
        let (node, _) = try await Self.node(hosted: ["echo": upstream], limit: 1)
        let hanging = Task { try await node.unary(Self.head(worker: "here"), timeout: .seconds(20)) }
        while upstream.calls == 0 { try await Task.sleep(for: .milliseconds(5)) }
        _ = await expectFailure(.overloaded, node, Self.head())
        let error = await expectFailure(.overloaded, node, Self.head(worker: "here"))
        #expect(error?.retryAfterMilliseconds != nil)
        hanging.cancel()
        _ = await hanging.result
        await node.shutdown()
    }

    @Test func aSickUpstreamIsPassedOver() async throws {
        let (upstream, member) = (FakeCallee(.echo, isHealthy: false), FakeCallee(.echo))
        let (node, coordinator) = try await Self.node(hosted: ["echo": upstream], members: ["there": member])
        #expect(node.services.map(\.healthy) == [false])
        #expect(try await node.unary(Self.head()).head.servedBy == "there")
        coordinator.state.withLock { $0.workers = [] }
        let (alone, _) = try await Self.node(hosted: ["echo": upstream])
        let error = await expectFailure(.unavailable, alone, Self.head())
        #expect(error?.reason.contains("connection refused") == true)
        await node.shutdown()
        await alone.shutdown()
    }

    // MARK: Retries

    @Test func anUnreachableWorkerIsReplaced() async throws {
        let (dead, alive) = (FakeCallee(.fail(CallError(.unreachable))), FakeCallee(.echo))
        let (node, _) = try await Self.node(members: ["dead": dead, "alive": alive])
        // Which one is asked first is chance: some calls go by before the dead one has its turn.
        var calls = 0
        while dead.calls == 0, calls < 10_000 {
            let answer = try await node.unary(Self.head(), body: ByteBuffer(string: "whole"))
            #expect(String(buffer: answer.body) == "whole")
            #expect(answer.head.servedBy == "alive")
            calls += 1
        }
        #expect(dead.calls >= 1 && alive.calls == calls)
        #expect(node.statistics().forwardedRequests == UInt64(calls) && node.statistics().failedRequests == 0)
        await node.shutdown()
    }

    @Test func whatMayHaveHadAnEffectIsNotRepeated() async throws {
        let broken = FakeCallee(.fail(CallError(.linkLost)))
        let (node, _) = try await Self.node(members: ["a": broken, "b": broken])
        _ = await expectFailure(.linkLost, node, Self.head(verb: "POST"))
        #expect(broken.calls == 1)
        _ = await expectFailure(.linkLost, node, Self.head(verb: "GET"))
        #expect(broken.calls == 3, "a GET is tried at both")
        #expect(node.statistics().failedRequests == 2)
        await node.shutdown()
    }

    @Test func aLargeBodyIsSentOnce() async throws {
        let dead = FakeCallee(.fail(CallError(.unreachable)))
        let (node, coordinator) = try await Self.node(members: ["a": dead, "b": dead])
        coordinator.state.withLock { $0.delay = .milliseconds(50) }
        let body = String(repeating: "x", count: Limits.replayBuffer + 1)
        _ = await expectFailure(.unreachable, node, Self.head(), body: body)
        #expect(dead.calls == 1)
        _ = await expectFailure(.unreachable, node, Self.head(), body: String(body.dropLast()))
        #expect(dead.calls == 3)
        await node.shutdown()
    }

    @Test func aBrokenAnswerIsAnErrorAndNotAShortBody() async throws {
        let (node, _) = try await Self.node(members: ["a": FakeCallee(.breakOff), "b": FakeCallee(.breakOff)])
        _ = await expectFailure(.upstreamFailed, node, Self.head(verb: "GET"))
        #expect(node.statistics().forwardedRequests == 1 && node.statistics().failedRequests == 0)
        await node.shutdown()
    }

    @Test func whatTheUpstreamAnswersPassesThrough() async throws {
        let member = FakeCallee(.status(503))
        let (node, _) = try await Self.node(members: ["a": member, "b": member])
        #expect(try await node.unary(Self.head(verb: "GET")).head.status == 503)
        #expect(member.calls == 1)
        await node.shutdown()
    }
}
