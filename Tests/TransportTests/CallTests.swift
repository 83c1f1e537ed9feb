import NIOCore
import NIOPosix
import Synchronization
import Testing
import Transport
import Wire

@Suite struct CallTests {
    static let echo = ServiceTable(services: [
        "echo": .inline { _, body, _ throws(CallError) in (Head(), body) },
        "async-echo": .async { call in
            let body = try await call.collect(limit: 1 << 20)
            call.respond(Head(status: 200))
            try await call.write(body)
        },
        "offloaded-echo": .offloaded(OffloadQueue(threads: 2, capacity: 64)) { _, body, _ throws(CallError) in (Head(), body) },
        "pump": .async { call in
            call.respond(Head(status: 200))
            while let bytes = try await call.next() { try await call.write(bytes) }
        },
        "refuse": .inline { _, _, _ throws(CallError) in
            throw CallError(.overloaded, "full", retryAfterMilliseconds: 250)
        },
        "break": .async { call in
            call.respond(Head(status: 200))
            try await call.write(ByteBuffer(string: "half of it"))
            throw CallError(.upstreamFailed, "broke off")
        },
        "sleep": .async { call in try await Task.sleep(for: .seconds(60)) },
    ])

    private func pair() async throws -> (client: MeshEndpoint, server: MeshEndpoint, target: LinkTarget) {
        let mesh = try MeshFixture()
        let server = try mesh.endpoint("server", table: Self.echo)
        let client = try mesh.endpoint("client")
        return (client, server, try await server.serve())
    }

    // CALL-1.4, MSG-1.1
    @Test(arguments: ["echo", "async-echo", "offloaded-echo", "pump"], [0, 1, 128, 5_000, 100_000, 1_000_000])
    func answersWithWhatItWasGiven(service: String, size: Int) async throws {
        let (client, server, target) = try await pair()
        let body = ByteBuffer(bytes: SystemRandom.bytes(size))
        let answer = try await client.caller(to: target).unary(Head(service: service), body: body)
        #expect(answer.head.status == 200)
        #expect(answer.body == body)
        await client.shutdown()
        await server.shutdown()
    }

    @Test func carriesManyCallsAtOnce() async throws {
        let (client, server, target) = try await pair()
        let caller = client.caller(to: target)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<500 {
                group.addTask {
                    let body = ByteBuffer(string: "call \(index)")
                    return try await caller.unary(Head(service: index % 2 == 0 ? "echo" : "async-echo"), body: body).body == body
                }
            }
            for try await isSame in group { #expect(isSame) }
        }
        #expect(client.peers.count == 1)
        await client.shutdown()
        await server.shutdown()
    }

    // CALL-1.6, MSG-1.5
    @Test func refusalsCarryTheirCodeAndWait() async throws {
        let (client, server, target) = try await pair()
        let error = await #expect(throws: CallError.self) { try await client.caller(to: target).unary(Head(service: "refuse")) }
        #expect(error == CallError(.overloaded, "full", retryAfterMilliseconds: 250))
        let missing = await #expect(throws: CallError.self) { try await client.caller(to: target).unary(Head(service: "nothing")) }
        #expect(missing?.code == .notFound)
        await client.shutdown()
        await server.shutdown()
    }

    // FRAME-2.4, CALL-1.6
    @Test func anAnswerThatBreaksOffIsAnError() async throws {
        let (client, server, target) = try await pair()
        let error = await #expect(throws: CallError.self) { try await client.caller(to: target).unary(Head(service: "break")) }
        #expect(error?.code == .upstreamFailed)
        await client.shutdown()
        await server.shutdown()
    }

    // CALL-2.2, CALL-2.4
    @Test func deadlinesEndCallsOnBothSides() async throws {
        let cancelled = Atomic<Bool>(false)
        let table = ServiceTable(services: [
            "sleep": .async { _ in
                do { try await Task.sleep(for: .seconds(60)) } catch { cancelled.store(true, ordering: .relaxed) }
            }
        ])
        let mesh = try MeshFixture()
        let server = try mesh.endpoint("server", table: table)
        let client = try mesh.endpoint("client")
        let target = try await server.serve()
        _ = try await client.connect(to: target)
        let error = await #expect(throws: CallError.self) {
            try await client.caller(to: target).unary(Head(service: "sleep"), timeout: .seconds(1))
        }
        #expect(error?.code == .deadlineExceeded)
        #expect(await eventually { cancelled.load(ordering: .relaxed) })
        await client.shutdown()
        await server.shutdown()
    }

    // CALL-3.1
    @Test func aCancelledTaskCancelsItsCall() async throws {
        let started = Atomic<Bool>(false)
        let cancelled = Atomic<Bool>(false)
        let table = ServiceTable(services: [
            "sleep": .async { _ in
                started.store(true, ordering: .relaxed)
                do { try await Task.sleep(for: .seconds(60)) } catch { cancelled.store(true, ordering: .relaxed) }
            }
        ])
        let mesh = try MeshFixture()
        let server = try mesh.endpoint("server", table: table)
        let client = try mesh.endpoint("client")
        let target = try await server.serve()
        let task = Task { try await client.caller(to: target).unary(Head(service: "sleep")) }
        #expect(await eventually { started.load(ordering: .relaxed) })
        task.cancel()
        await #expect(throws: CallError.self) { try await task.value }
        #expect(await eventually { cancelled.load(ordering: .relaxed) })
        await client.shutdown()
        await server.shutdown()
    }

    @Test func streamsFlowBothWays() async throws {
        let (client, server, target) = try await pair()
        let total = try await client.caller(to: target).streaming(Head(service: "pump")) { call in
            async let received = call.body.reduce(into: 0) { $0 += $1.readableBytes }
            for _ in 0..<200 { try await call.write(ByteBuffer(repeating: 7, count: 50_000)) }
            call.finish()
            return try await received
        }
        #expect(total == 10_000_000)
        await client.shutdown()
        await server.shutdown()
    }

    // MSG-1.7
    @Test func aMethodWaitsForTheEndOfItsRequest() async throws {
        let answered = Atomic<Int>(0)
        let table = ServiceTable(
            methods: [
                "mesh.test": .inline { _, body, _ throws(CallError) in
                    answered.add(1, ordering: .relaxed)
                    return (Head(), body)
                }
            ],
            services: ["echo": .inline { _, body, _ throws(CallError) in (Head(), body) }])
        let mesh = try MeshFixture()
        let server = try mesh.endpoint("server", table: table)
        let client = try mesh.endpoint("client")
        let caller = client.caller(to: try await server.serve())
        var head = Head()
        head.method = "mesh.test"
        let size = try await caller.streaming(head) { call in
            try await call.write(ByteBuffer(string: "half of it"))
            // What the server does about the first half, it has done when it answers what came behind.
            _ = try await caller.unary(Head(service: "echo"))
            #expect(answered.load(ordering: .relaxed) == 0)
            call.finish()
            return try await call.body.reduce(into: 0) { $0 += $1.readableBytes }
        }
        #expect(size == 10 && answered.load(ordering: .relaxed) == 1)
        await client.shutdown()
        await server.shutdown()
    }

    /// A handler that returns before it has read its request lets the caller know: nothing is sent for nobody, and the answer is whole.
    @Test func anAnswerBeforeTheEndOfTheRequestStopsTheRequest() async throws {
        let table = ServiceTable(services: [
            "early": .async { call in
                call.respond(Head(status: 200))
                try await call.write(ByteBuffer(string: "enough"))
            }
        ])
        let mesh = try MeshFixture()
        let server = try mesh.endpoint("server", table: table)
        let client = try mesh.endpoint("client")
        let target = try await server.serve()
        let answer = try await client.caller(to: target).streaming(Head(service: "early")) { call in
            // Twenty times the stream's window: without STOP this waits for credit until the deadline.
            for _ in 0..<100 { try await call.write(ByteBuffer(repeating: 7, count: 50_000)) }
            call.finish()
            return try await call.collect(limit: 100)
        }
        #expect(answer == ByteBuffer(string: "enough"))
        #expect(client.statistics.sentBytes < 2_000_000)
        await client.shutdown()
        await server.shutdown()
    }

    // LZ4-3.1
    @Test(arguments: [true, false]) func compressionIsForbiddenForAStream(isForbidden: Bool) async throws {
        let body = ByteBuffer(repeating: 7, count: 200_000)
        let table = ServiceTable(services: [
            "bulk": .raw { _, _, stream in
                if isForbidden { stream.forbidCompression() }
                stream.respond(Head(status: 200))
                stream.finish(with: body)
                return DroppedReceiver()
            }
        ])
        let mesh = try MeshFixture()
        let server = try mesh.endpoint("server", table: table, compress: true)
        let client = try mesh.endpoint("client", compress: true)
        let target = try await server.serve()
        #expect(try await client.caller(to: target).unary(Head(service: "bulk")).body == body)
        #expect((server.statistics.sentBytes >= 200_000) == isForbidden)
        await client.shutdown()
        await server.shutdown()
    }

    // FRAME-7.1, FRAME-8.2, CALL-3.3
    @Test func theLossOfALinkFailsItsCalls() async throws {
        let (client, server, target) = try await pair()
        let caller = client.caller(to: target)
        let call = Task { try await caller.unary(Head(service: "sleep")) }
        #expect(await eventually { server.peers.count == 1 })
        try await Task.sleep(for: .milliseconds(50))
        await server.shutdown()
        let error = await #expect(throws: CallError.self) { try await call.value }
        #expect(error?.code == .linkLost)
        await client.shutdown()
    }
}

extension Head {
    init(status: UInt16) {
        self.init()
        self.status = status
    }
}

/// Whether `condition` becomes true within ten seconds.
func eventually(_ condition: @Sendable () -> Bool) async -> Bool {
    for _ in 0..<1_000 {
        if condition() { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return false
}
