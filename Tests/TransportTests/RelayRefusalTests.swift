import NIOCore
import NIOPosix
import Synchronization
import Testing
import Transport
import Wire

/// What a relay, and the ends of a circuit, do not take; and what a relay that means ill can do.
@Suite struct RelayRefusalTests {
    private static func head(_ method: String) -> Head {
        var head = Head()
        head.method = method
        return head
    }

    /// Asks for a circuit to `node` and returns why there is none.
    private func refusal(of caller: any Caller, _ method: String, to node: NodeID) async -> CallError? {
        let request = try? MessageSequence.framed(try CircuitRequest(node: node).encode())
        return await refusal(of: caller, method, saying: request ?? [])
    }

    private func refusal(of caller: any Caller, _ method: String, saying bytes: [UInt8]) async -> CallError? {
        do {
            try await caller.streaming(Self.head(method), timeout: .seconds(5)) { call in
                try await call.write(ByteBuffer(bytes: bytes))
                _ = try await call.head()
            }
            return nil
        } catch {
            return error as? CallError
        }
    }

    // RELAY-4.2
    @Test func aMemberHasItsQuotaOfCircuits() async throws {
        let bed = try await RelayBed(table: CallTests.echo, quota: RelayQuota(circuits: 1))
        let c = try bed.mesh.endpoint("c", table: CallTests.echo)
        _ = try await c.connect(to: bed.atRelay)
        _ = try await bed.a.connect(to: bed.target)
        let error = await refusal(of: bed.a.caller(to: bed.atRelay), MeshMethod.relay, to: try c.node)
        #expect(error?.code == .overloaded && error?.retryAfterMilliseconds ?? 0 > 0)
        // Another member has its own.
        #expect(try await c.connect(to: bed.target).relay == "relay")
        await c.shutdown()
        await bed.close()
    }

    // RELAY-2.4
    @Test func aNodeWithoutALinkIsUnreachable() async throws {
        let bed = try await RelayBed()
        let nobody = try bed.mesh.endpoint("nobody")
        let error = await refusal(of: bed.a.caller(to: bed.atRelay), MeshMethod.relay, to: try nobody.node)
        #expect(error?.code == .unreachable)
        let target = LinkTarget(.node(try nobody.node), endpoints: [], relays: bed.target.relays)
        let whole = await #expect(throws: CallError.self) { try await bed.a.connect(to: target) }
        #expect(whole?.code.isNotProcessed == true && whole?.reason.contains("no link to that node") == true)
        await bed.close()
    }

    // RELAY-2.2
    @Test(arguments: [[0, 0, 0, 0], [0, 0, 8, 0], [0, 0, 0, 3, 1, 2, 3], [255, 255, 255, 255]] as [[UInt8]])
    func aRequestThatCannotBeReadIsRefused(bytes: [UInt8]) async throws {
        let bed = try await RelayBed()
        let error = await refusal(of: bed.a.caller(to: bed.atRelay), MeshMethod.relay, saying: bytes)
        #expect(error?.code == .badRequest)
        await bed.close()
    }

    @Test func whoIsNoRelayHasNoSuchMethod() async throws {
        let bed = try await RelayBed(quota: nil)
        let error = await refusal(of: bed.a.caller(to: bed.atRelay), MeshMethod.relay, to: try bed.b.node)
        #expect(error?.code == .notFound)
        await bed.close()
    }

    // RELAY-2.5
    @Test func onlyARelayBringsACircuit() async throws {
        let mesh = try MeshFixture()
        let server = try mesh.endpoint("server")
        let client = try mesh.endpoint("client")
        let target = try await server.serve()
        let error = await refusal(of: client.caller(to: target), MeshMethod.circuit, to: try client.node)
        #expect(error?.code == .permissionDenied)
        await client.shutdown()
        await server.shutdown()
    }

    // RELAY-2.3, RELAY-2.5
    @Test func circuitsAreNotMadeOfCircuits() async throws {
        let mesh = try MeshFixture()
        let outer = try await RelayBed(mesh: mesh)
        // A member with the role is a relay too; it is reached by relay itself.
        let inner = try mesh.endpoint("inner", roles: [.worker, .relay], relay: RelayQuota())
        _ = try await inner.connect(to: outer.atRelay)
        let byRelay = LinkTarget(.node(try inner.node), endpoints: [], relays: outer.target.relays)
        #expect(try await outer.a.connect(to: byRelay).relay == "relay")
        let asked = await refusal(of: outer.a.caller(to: byRelay), MeshMethod.relay, to: try outer.b.node)
        #expect(asked?.code == .permissionDenied)
        let brought = await refusal(
            of: inner.caller(to: LinkTarget(.node(try outer.a.node), endpoints: [])), MeshMethod.circuit, to: try outer.b.node)
        #expect(brought?.code == .permissionDenied)
        await inner.shutdown()
        await outer.close()
    }

    @Test func aMemberWithTheRoleIsARelay() async throws {
        let bed = try await RelayBed(table: CallTests.echo, roles: [.worker, .relay])
        #expect(try await bed.a.connect(to: bed.target).relay == "relay")
        await bed.close()
    }

    /// A relay that keeps what it passes on, and may change it. It answers `mesh.relay` itself.
    private final class Spy: Sendable {
        let seen = Mutex<[UInt8]>([])
        /// The byte of the circuit, counted from its beginning, that is changed on its way to the far end.
        let changed: Int?
        private let far = Mutex<(any Caller)?>(nil)

        init(changing changed: Int? = nil) { self.changed = changed }

        func use(_ caller: any Caller) { far.withLock { $0 = caller } }

        var table: ServiceTable { ServiceTable(methods: [MeshMethod.relay: .async { [self] call in try await pass(call) }]) }

        private func pass(_ near: AsyncCall) async throws {
            guard let caller = far.withLock({ $0 }) else { throw CallError(.unreachable) }
            try await caller.streaming(RelayRefusalTests.head(MeshMethod.circuit), timeout: .seconds(30)) { [self] far in
                near.respond(Head(status: 200))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await self.copy(near, far, changing: self.changed) }
                    group.addTask { try await self.copy(far, near, changing: nil) }
                    try await group.waitForAll()
                }
            }
        }

        private func copy(_ from: AsyncCall, _ to: AsyncCall, changing index: Int?) async throws {
            var count = 0
            while let bytes = try await from.next() {
                var copy = [UInt8](bytes.readableBytesView)
                if let index, (count..<count + copy.count).contains(index) { copy[index - count] ^= 1 }
                count += copy.count
                seen.withLock { $0 += copy }
                try await to.write(ByteBuffer(bytes: copy))
            }
            to.finish()
        }
    }

    private func spied(_ spy: Spy) async throws -> RelayBed {
        let bed = try await RelayBed(table: CallTests.echo, quota: nil, relayTable: spy.table)
        spy.use(bed.relay.caller(to: LinkTarget(.node(try bed.b.node), endpoints: [])))
        return bed
    }

    @Test func aRelaySeesNothingOfACall() async throws {
        let spy = Spy()
        let bed = try await spied(spy)
        let secret = "nobody but the far end reads this sentence"
        let body = ByteBuffer(string: String(repeating: secret, count: 100))
        #expect(try await bed.a.caller(to: bed.target).unary(Head(service: "echo"), body: body).body == body)
        let seen = spy.seen.withLock { $0 }
        #expect(seen.count > 2 * body.readableBytes)
        let text = String(decoding: seen, as: Unicode.ASCII.self)
        #expect(!text.contains("nobody") && !text.contains("echo"))
        await bed.close()
    }

    /// Anywhere: in the handshake there is no link, behind it the link ends and no answer is made of it.
    @Test(arguments: [50, 100, 300, 1_500, 5_000])
    func aRelayThatChangesAByteGetsNothingThrough(index: Int) async throws {
        let bed = try await spied(Spy(changing: index))
        let body = ByteBuffer(repeating: 7, count: 8_000)
        let error = await #expect(throws: CallError.self) {
            try await bed.a.caller(to: bed.target).unary(Head(service: "echo"), body: body, timeout: .seconds(10))
        }
        #expect(error != nil)
        await bed.close()
    }
}
