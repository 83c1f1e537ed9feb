import NIOCore
import NIOPosix
import Synchronization
import Testing
import Transport
import Wire

/// Peers that ask for much and take little.
@Suite struct SlowReaderTests {
    private static let bound = 256 << 10

    /// Services that answer without end, with 64 KiB at once, and with what they were given.
    private static let table = ServiceTable(services: [
        "endless": .async { call in
            call.respond(Head(status: 200))
            while true { try await call.write(ByteBuffer(repeating: 7, count: 100_000)) }
        },
        "large": .inline { _, _, _ throws(CallError) in (Head(), ByteBuffer(repeating: 7, count: 64 << 10)) },
        "echo": .inline { _, body, _ throws(CallError) in (Head(), body) },
    ])

    private struct Bed {
        let server: MeshEndpoint
        let client: MeshEndpoint
        let other: MeshEndpoint
        let relay: DribblingRelay
        let slow: LinkTarget
        let straight: LinkTarget

        init(serverWaits silence: Duration = .seconds(60)) async throws {
            let mesh = try MeshFixture()
            server = try mesh.endpoint("server", table: SlowReaderTests.table, silenceLimit: silence)
            client = try mesh.endpoint("client", silenceLimit: .seconds(60))
            other = try mesh.endpoint("other")
            straight = try await server.serve()
            relay = try await DribblingRelay(to: straight.endpoints[0])
            slow = LinkTarget(straight.expectation, endpoints: [relay.endpoint], features: straight.features)
            _ = try await client.connect(to: slow)
        }

        func close() async throws {
            await client.shutdown()
            await other.shutdown()
            await server.shutdown()
            try await relay.close()
        }

        /// The most that the server holds while `other` goes on being served.
        func mostHeld() async throws -> Int {
            var most = 0
            for round in 0..<150 {
                most = max(most, await server.heldOutbound())
                if round % 10 == 0 {
                    let body = ByteBuffer(string: "round \(round)")
                    #expect(try await other.caller(to: straight).unary(Head(service: "echo"), body: body).body == body)
                }
                try await Task.sleep(for: .milliseconds(10))
            }
            return most
        }
    }

    @Test(arguments: [nil, Duration.seconds(1)])
    func whoDoesNotReadItsSocketMakesTheOtherSideHoldLittle(interval: Duration?) async throws {
        let bed = try await Bed()
        bed.relay.dribble(each: interval)
        let caller = bed.client.caller(to: bed.slow)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try? await caller.streaming(Head(service: "endless"), timeout: .seconds(60)) { call in _ = try await call.head() }
                }
            }
            #expect(await eventually { bed.server.statistics.sentBytes > 1 << 16 })
            let most = try await bed.mostHeld()
            #expect(most > 0 && most <= Self.bound, "\(most) bytes were held")
            group.cancelAll()
        }
        try await bed.close()
    }

    @Test func whoGrantsNoCreditMakesTheOtherSideHoldLittle() async throws {
        let bed = try await Bed()
        let caller = bed.client.caller(to: bed.slow)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    try? await caller.streaming(Head(service: "endless"), timeout: .seconds(60)) { call in
                        _ = try await call.head()
                        try await Task.sleep(for: .seconds(60))
                    }
                }
            }
            #expect(await eventually { bed.client.statistics.receivedBytes >= 30 * Limits.streamWindow })
            let most = try await bed.mostHeld()
            #expect(most <= Self.bound, "\(most) bytes were held")
            // The link itself goes on: it is the streams that are not read.
            #expect(try await caller.unary(Head(service: "echo"), body: ByteBuffer(string: "still here")).body.readableBytes == 10)
            group.cancelAll()
        }
        try await bed.close()
    }

    @Test func answersThatNobodyTakesGiveWay() async throws {
        let bed = try await Bed()
        bed.relay.dribble(each: nil)
        let caller = bed.client.caller(to: bed.slow)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<400 {
                group.addTask { _ = try? await caller.unary(Head(service: "large"), timeout: .seconds(60)) }
            }
            #expect(await eventually { bed.server.statistics.sentBytes > 1 << 16 })
            var held = Int.max
            for _ in 0..<300 where held > Self.bound {
                held = await bed.server.heldOutbound()
                #expect(held <= Limits.unsentAnswers + Self.bound)
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(held <= Self.bound, "\(held) bytes are still held")
            group.cancelAll()
        }
        try await bed.close()
    }

    /// Who only receives has nothing to say for longer than the silence limit, and the PINGs for it stand behind what it has not read.
    /// FRAME-10.1
    @Test func whoTakesLittleAtATimeShowsThatItIsThere() async throws {
        let bed = try await Bed(serverWaits: .seconds(2))
        bed.relay.dribble(600, each: .milliseconds(20))
        let caller = bed.client.caller(to: bed.slow)
        let count = try await caller.streaming(Head(service: "endless"), timeout: .seconds(60)) { call in
            var count = 0
            for try await part in call.body {
                count += part.readableBytes
                if count > 200_000 { break }
            }
            return count
        }
        #expect(count > 200_000)
        try await bed.close()
    }

    /// An answer that waits in a queue ends after its owner is done with it: its place must be given back all the same.
    @Test func streamsWhoseEndHadToWaitAreCleanedUp() async throws {
        let bed = try await Bed()
        let caller = bed.other.caller(to: bed.straight)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    var count = 0
                    for _ in 0..<600 {
                        count += try await caller.unary(Head(service: "large"), timeout: .seconds(60)).body.readableBytes >> 16
                    }
                    return count
                }
            }
            var answers = 0
            for try await count in group { answers += count }
            #expect(answers == 9_600)
        }
        try await bed.close()
    }
}
