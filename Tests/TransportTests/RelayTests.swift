import NIOCore
import NIOPosix
import Synchronization
import Testing
import Transport
import Wire

/// Workers that nobody can dial call each other through a relay, on real sockets.
@Suite struct RelayTests {
    // RELAY-2.1, RELAY-2.6, RELAY-3.1
    @Test func aCallCrossesTheRelay() async throws {
        let bed = try await RelayBed(table: CallTests.echo)
        let peer = try await bed.a.connect(to: bed.target)
        #expect(peer.name == "b" && peer.relay == "relay")
        let body = ByteBuffer(string: "through the relay")
        #expect(try await bed.a.caller(to: bed.target).unary(Head(service: "echo"), body: body).body == body)
        #expect(bed.relay.relayStatistics?.circuits == 1)
        #expect(bed.b.peers.contains { $0.peer.name == "a" && $0.peer.relay == "relay" })
        await bed.close()
    }

    /// One circuit carries the calls of both ends.
    @Test func theFarEndCallsBackOverTheSameCircuit() async throws {
        let bed = try await RelayBed(callerTable: CallTests.echo)
        _ = try await bed.a.connect(to: bed.target)
        let back = LinkTarget(.node(try bed.a.node), endpoints: [])
        let body = ByteBuffer(string: "and back")
        #expect(try await bed.b.caller(to: back).unary(Head(service: "echo"), body: body).body == body)
        #expect(bed.relay.relayStatistics?.opened == 1)
        await bed.close()
    }

    // RELAY-3.2
    @Test(arguments: [false, true])
    func eightMebibytesComeBackAsTheyWent(compress: Bool) async throws {
        let bed = try await RelayBed(table: CallTests.echo, compress: compress)
        let sent = ByteBuffer(bytes: SystemRandom.bytes(4 << 20) + [UInt8](repeating: 7, count: 4 << 20))
        let received = try await bed.a.caller(to: bed.target).streaming(Head(service: "pump")) { call in
            async let writing: Void = {
                try await call.write(sent)
                call.finish()
            }()
            let received = try await call.collect(limit: 8 << 20)
            try await writing
            return received
        }
        #expect(received == sent)
        // Half of it compresses, inside: the relay carries less.
        let carried = try #require(bed.relay.relayStatistics?.bytes)
        #expect(compress ? carried < 12 << 20 : carried >= 16 << 20)
        await bed.close()
    }

    @Test func manyCallsShareACircuit() async throws {
        let bed = try await RelayBed(table: CallTests.echo)
        let caller = bed.a.caller(to: bed.target)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<200 {
                group.addTask {
                    let body = ByteBuffer(repeating: UInt8(index), count: index * 500)
                    return try await caller.unary(Head(service: index % 2 == 0 ? "echo" : "pump"), body: body).body == body
                }
            }
            for try await isSame in group { #expect(isSame) }
        }
        #expect(bed.relay.relayStatistics?.opened == 1)
        await bed.close()
    }

    @Test func aCancelledCallEndsAtTheFarEndAndTheCircuitStays() async throws {
        let signals = Signals()
        let bed = try await RelayBed(
            table: ServiceTable(services: [
                "sleep": .async { call in
                    signals.started.store(true, ordering: .relaxed)
                    defer { signals.ended.store(true, ordering: .relaxed) }
                    try await Task.sleep(for: .seconds(60))
                }
            ]))
        let caller = bed.a.caller(to: bed.target)
        let call = Task { try await caller.unary(Head(service: "sleep"), timeout: .seconds(60)) }
        #expect(await eventually { signals.started.load(ordering: .relaxed) })
        call.cancel()
        let error = await #expect(throws: CallError.self) { try await call.value }
        #expect(error?.code == .cancelled)
        #expect(await eventually { signals.ended.load(ordering: .relaxed) })
        #expect(bed.relay.relayStatistics?.circuits == 1)
        await bed.close()
    }

    private final class Signals: Sendable {
        let started = Atomic(false)
        let ended = Atomic(false)
    }

    // RELAY-3.4
    @Test func aRelayThatDiesEndsTheCallWithAnError() async throws {
        let bed = try await RelayBed(table: CallTests.echo)
        let caller = bed.a.caller(to: bed.target)
        _ = try await bed.a.connect(to: bed.target)
        let call = Task { try await caller.unary(Head(service: "sleep"), timeout: .seconds(60)) }
        try await Task.sleep(for: .milliseconds(50))
        await bed.relay.shutdown()
        let error = await #expect(throws: CallError.self) { try await call.value }
        #expect(error?.code == .linkLost)
        await bed.close()
    }

    // RELAY-3.4
    @Test func aFarEndThatDiesEndsTheCallWithAnErrorAndTheCircuit() async throws {
        let bed = try await RelayBed(table: CallTests.echo)
        let caller = bed.a.caller(to: bed.target)
        _ = try await bed.a.connect(to: bed.target)
        let call = Task { try await caller.unary(Head(service: "sleep"), timeout: .seconds(60)) }
        try await Task.sleep(for: .milliseconds(50))
        await bed.b.shutdown()
        let error = await #expect(throws: CallError.self) { try await call.value }
        #expect(error?.code == .linkLost)
        let relay = bed.relay
        #expect(await eventually { relay.relayStatistics?.circuits == 0 })
        await bed.close()
    }

    /// The far end's socket is not read: the relay holds the bounded part of what the caller would send, and no more.
    // RELAY-4.1
    @Test func aSlowFarEndFillsNothing() async throws {
        let slow = Mutex<DribblingRelay?>(nil)
        let bed = try await RelayBed(
            table: CallTests.echo, silenceLimit: .seconds(60),
            through: { straight in
                let dribbling = try await DribblingRelay(to: straight)
                slow.withLock { $0 = dribbling }
                return dribbling.endpoint
            })
        let caller = bed.a.caller(to: bed.target)
        _ = try await bed.a.connect(to: bed.target)
        let relay = bed.relay
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    try? await caller.streaming(Head(service: "sleep"), timeout: .seconds(60)) { call in
                        while true { try await call.write(ByteBuffer(repeating: 7, count: 100_000)) }
                    }
                }
            }
            slow.withLock { $0 }?.dribble(each: nil)
            var most = 0
            for _ in 0..<100 {
                most = max(most, await relay.heldByCircuits())
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(most > 64 << 10 && most <= Limits.circuitHeld, "\(most) bytes were held")
            group.cancelAll()
        }
        await bed.close()
        try await slow.withLock { $0 }?.close()
    }

    // RELAY-4.3
    @Test func whoUsesUpItsBandwidthWaitsAndLosesNothing() async throws {
        let bed = try await RelayBed(table: CallTests.echo, quota: RelayQuota(bandwidth: 2 << 20))
        let body = ByteBuffer(bytes: SystemRandom.bytes(1_500_000))
        let answer = try await bed.a.caller(to: bed.target).unary(Head(service: "pump"), body: body, limit: 2 << 20)
        #expect(answer.body == body)
        await bed.close()
    }
}
