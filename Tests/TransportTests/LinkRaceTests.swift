import NIOCore
import NIOPosix
import Synchronization
import Testing
import Transport
import Wire

/// Several ways to one node: which is taken, and how a better one is taken later.
@Suite struct LinkRaceTests {
    /// Takes connections and says nothing.
    private static func silence() async throws -> any Channel {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
    }

    private static func endpoint(_ channel: any Channel) -> Endpoint {
        Endpoint(host: "127.0.0.1", port: UInt16(channel.localAddress?.port ?? 0))
    }

    @Test func anAddressThatSaysNothingDoesNotKeepTheNextOneWaiting() async throws {
        let mesh = try MeshFixture()
        let client = try mesh.endpoint("client")
        let silence = try await Self.silence()
        let other = try mesh.endpoint("other", table: CallTests.echo)
        var target = try await other.serve()
        // One after the other they would take 35 s.
        target.endpoints.insert(contentsOf: repeatElement(Self.endpoint(silence), count: 7), at: 0)
        let body = ByteBuffer(string: "at last")
        #expect(try await client.caller(to: target).unary(Head(service: "echo"), body: body, timeout: .seconds(30)).body == body)
        await client.shutdown()
        await other.shutdown()
        try await silence.close()
    }

    // RELAY-5.1
    @Test func aRelayIsTakenWhereNoAddressAnswers() async throws {
        let bed = try await RelayBed(table: CallTests.echo)
        let silence = try await Self.silence()
        var target = bed.target
        target.endpoints = [Endpoint(host: "127.0.0.1", port: 1), Self.endpoint(silence)]
        #expect(try await bed.a.connect(to: target).relay == "relay")
        await bed.close()
        try await silence.close()
    }

    /// Where both answer the address is taken; on a machine that is too busy for the head start, a moment later.
    @Test func anAddressIsTakenBeforeARelay() async throws {
        let bed = try await RelayBed(table: CallTests.echo)
        var target = bed.target
        target.endpoints = try await bed.b.serve().endpoints
        var relay = try await bed.a.connect(to: target).relay
        for _ in 0..<100 where relay != nil {
            try await Task.sleep(for: .milliseconds(50))
            relay = try await bed.a.connect(to: target).relay
        }
        #expect(relay == nil)
        await bed.close()
    }

    /// Calls go on without a failure while the link moves, and the one that began on the circuit ends there.
    // RELAY-5.2, RELAY-5.3
    @Test func aRelayedLinkMovesToADirectOneWithoutLosingACall() async throws {
        let bed = try await RelayBed(table: CallTests.echo, callerTable: CallTests.echo)
        let a = bed.a
        _ = try await a.connect(to: bed.target)
        var target = bed.target
        target.endpoints = try await bed.b.serve().endpoints
        let caller = a.caller(to: target)
        let back = bed.b.caller(to: LinkTarget(.node(try a.node), endpoints: []))
        let flags = Flags()
        let long = Task {
            try await a.caller(to: bed.target).streaming(Head(service: "pump"), timeout: .seconds(60)) { call in
                try await call.write(ByteBuffer(string: "before"))
                let before = try await call.next()
                flags.began.store(true, ordering: .relaxed)
                while !flags.isOver.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(5)) }
                try await call.write(ByteBuffer(string: "after"))
                call.finish()
                return [before, try await call.next()]
            }
        }
        #expect(await eventually { flags.began.load(ordering: .relaxed) })
        var calls = 0
        while a.peers.allSatisfy({ $0.peer.name != "b" || $0.peer.relay != nil }), calls < 20_000 {
            let body = ByteBuffer(integer: calls)
            async let there = caller.unary(Head(service: "echo"), body: body)
            async let here = back.unary(Head(service: "echo"), body: body)
            #expect(try await there.body == body)
            #expect(try await here.body == body)
            calls += 1
        }
        #expect(calls > 0 && calls < 20_000)
        #expect(try await a.connect(to: target).relay == nil)
        flags.isOver.store(true, ordering: .relaxed)
        #expect(try await long.value == [ByteBuffer(string: "before"), ByteBuffer(string: "after")])
        let relay = bed.relay
        #expect(await eventually { relay.relayStatistics?.circuits == 0 })
        #expect(a.peers.filter { $0.peer.name == "b" }.count == 1)
        await bed.close()
    }

    private final class Flags: Sendable {
        let began = Atomic(false)
        let isOver = Atomic(false)
    }

    // MARK: The order

    @Test func candidatesStandInTheirOrder() throws {
        func endpoints(_ texts: String...) -> [Endpoint] { texts.compactMap { Endpoint($0) } }
        let near = RelayRecord(nodeID: NodeID(bytes32: 1), endpoints: endpoints("10.0.0.9:1"))
        let far = RelayRecord(nodeID: NodeID(bytes32: 2), endpoints: endpoints("10.0.0.8:1"))
        let unknown = RelayRecord(nodeID: NodeID(bytes32: 3), endpoints: [])
        let target = LinkTarget(
            .node(NodeID(bytes32: 4)), endpoints: endpoints("10.0.0.1:1", "10.0.0.2:1", "[fd00::1]:1", "10.0.0.3:1"),
            relays: [unknown, far, near])
        let times: [Endpoint: Duration] = [
            endpoints("10.0.0.3:1")[0]: .milliseconds(2), endpoints("10.0.0.8:1")[0]: .milliseconds(9),
            endpoints("10.0.0.9:1")[0]: .milliseconds(1),
        ]
        let order = LinkCandidate.order(target) { times[$0] }
        let direct = endpoints("10.0.0.3:1", "[fd00::1]:1", "10.0.0.1:1", "10.0.0.2:1").map { LinkCandidate.direct($0) }
        #expect(order == direct + [.relay(near), .relay(far), .relay(unknown)])
    }
}

extension NodeID {
    /// An id for tests, all of one byte.
    init(bytes32 byte: UInt8) { self = Bytes32([UInt8](repeating: byte, count: 32)) ?? Bytes32() }
}
