import NIOCore
import Synchronization
import Testing
import Transport
import Wire
import Worker

/// Streams, limits and errors between two workers over a real link.
@Suite(.timeLimit(.minutes(2))) struct WorkerStreamTests {
    @Test(arguments: [1 << 10, 1 << 20, 8 << 20]) func bodiesOfAnySizeComeBackWhole(size: Int) async throws {
        try await TestMesh.with { mesh in
            let server = try await mesh.worker("server", [HostedService("echo", handler: streamingEcho)])
            let client = try await mesh.worker("client")
            var whole = ByteBuffer()
            for piece in 0..<size / 1_024 { whole.writeRepeatingByte(UInt8(truncatingIfNeeded: piece), count: 1_024) }
            let body = whole
            let received = try await client.streaming(serviceHead(), timeout: .seconds(100)) { call in
                async let sent: Void = {
                    var rest = body
                    while let piece = rest.readSlice(length: min(rest.readableBytes, 100_000)), piece.readableBytes > 0 {
                        try await call.write(piece)
                    }
                    call.finish()
                }()
                let received = try await call.collect(limit: size)
                try await sent
                return received
            }
            #expect(received == body)
            #expect(server.load(of: "echo")?.inFlight == 0)
            await client.shutdown()
            await server.shutdown()
        }
    }

    @Test func aThousandCallsAtOnce() async throws {
        try await TestMesh.with { mesh in
            let server = try await mesh.worker("server", [HostedService("echo", handler: echo, limit: 100, queue: 1_000)])
            let client = try await mesh.worker("client")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<1_000 {
                    group.addTask {
                        let answer = try await client.unary(
                            serviceHead(), body: ByteBuffer(string: "call \(number)"), timeout: .seconds(60))
                        #expect(String(buffer: answer.body) == "call \(number)")
                    }
                }
                try await group.waitForAll()
            }
            #expect(client.statistics().forwardedRequests == 1_000)
            #expect(client.statistics().dhtLookups + client.statistics().wireLookups == 1)
            #expect(server.load(of: "echo")?.inFlight == 0)
            await client.shutdown()
            await server.shutdown()
        }
    }

    @Test func anOverloadedWorkerSaysWhen() async throws {
        try await TestMesh.with { mesh in
            let (started, release) = (AsyncStream<Void>.makeStream(), AsyncStream<Void>.makeStream())
            let slow = ServiceHandler.async { call in
                started.continuation.yield()
                for await _ in release.stream { break }
                call.respond(Head())
                call.finish()
            }
            let server = try await mesh.worker("server", [HostedService("echo", handler: slow, limit: 1, queue: 0)])
            let client = try await mesh.worker("client")
            let first = Task { try await client.unary(serviceHead(), timeout: .seconds(60)) }
            for await _ in started.stream { break }
            await #expect {
                try await client.unary(serviceHead())
            } throws: {
                let error = $0 as? CallError
                return error?.code == .overloaded && error?.retryAfterMilliseconds != nil
            }
            release.continuation.yield()
            #expect(try await first.value.head.servedBy == "server")
            await client.shutdown()
            await server.shutdown()
        }
    }

    @Test func cancellationCrossesTheMesh() async throws {
        try await TestMesh.with { mesh in
            let (started, ended) = (AsyncStream<Void>.makeStream(), AsyncStream<Bool>.makeStream())
            let waiting = ServiceHandler.async { call in
                started.continuation.yield()
                do {
                    _ = try await call.next()
                    try await Task.sleep(for: .seconds(60))
                    ended.continuation.yield(false)
                } catch {
                    ended.continuation.yield(true)
                }
            }
            let server = try await mesh.worker("server", [HostedService("echo", handler: waiting)])
            let client = try await mesh.worker("client")
            let call = Task { try await client.unary(serviceHead(), timeout: .seconds(60)) }
            for await _ in started.stream { break }
            call.cancel()
            for await wasCancelled in ended.stream {
                #expect(wasCancelled)
                break
            }
            try await mesh.until { server.load(of: "echo")?.inFlight == 0 }
            await client.shutdown()
            await server.shutdown()
        }
    }

    @Test func aDeadlineReachesTheService() async throws {
        try await TestMesh.with { mesh in
            let seen = Mutex<UInt32>(0)
            let slow = ServiceHandler.async { call in
                seen.withLock { $0 = call.request.deadline }
                try await Task.sleep(for: .seconds(60))
            }
            let server = try await mesh.worker("server", [HostedService("echo", handler: slow)])
            let client = try await mesh.worker("client")
            await #expect {
                try await client.unary(serviceHead(), timeout: .seconds(3))
            } throws: {
                ($0 as? CallError)?.code == .deadlineExceeded
            }
            #expect((1...3_000).contains(seen.withLock { $0 }))
            try await mesh.until { server.load(of: "echo")?.inFlight == 0 }
            await client.shutdown()
            await server.shutdown()
        }
    }

    // CALL-1.3
    @Test func aForwardedCallIsNotForwardedAgain() async throws {
        try await TestMesh.with { mesh in
            let server = try await mesh.worker("server", [HostedService("echo", handler: echo)])
            let between = try await mesh.worker("between", [HostedService("other", handler: echo)])
            let client = try await mesh.worker("client")
            await #expect {
                try await client.unary(serviceHead("echo", worker: "between"))
            } throws: {
                ($0 as? CallError)?.code.base == ErrorCode.notFound.base
            }
            #expect(between.statistics().forwardedRequests == 0)
            for node in [client, between, server] { await node.shutdown() }
        }
    }
}
