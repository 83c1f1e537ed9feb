import NIOCore
import NIOPosix
import Synchronization
import Testing
import Transport
import Wire

@Suite struct LinkTests {
    /// Refuses whom its name says, and counts.
    final class Door: LinkAdmission {
        let refused: [String: ErrorCode]
        let ups = Atomic<Int>(0)
        let downs = Atomic<Int>(0)
        let heard = Atomic<Int>(0)

        init(refusing refused: [String: ErrorCode] = [:]) { self.refused = refused }
        func tokenSecret(_ id: TokenID) -> SecretBytes? { nil }
        func admit(_ peer: PeerInfo) -> ErrorCode? { peer.isExpired ? .expired : refused[peer.name] }
        func linkUp(_ peer: PeerInfo, link: LinkID) { ups.add(1, ordering: .relaxed) }
        func linkDown(_ peer: PeerInfo, link: LinkID) { downs.add(1, ordering: .relaxed) }
        func linkHeard(_ peer: PeerInfo, link: LinkID, at instant: Instant) { heard.add(1, ordering: .relaxed) }
    }

    @Test func bothEndsKnowWhoTheOtherIs() async throws {
        let mesh = try MeshFixture()
        let server = try mesh.endpoint("server", roles: .coordinator)
        let client = try mesh.endpoint("client")
        let peer = try await client.connect(to: try await server.serve())
        #expect(peer.name == "server" && peer.roles == .coordinator)
        #expect(server.peers.map(\.peer.name) == ["client"])
        #expect(server.peers.first?.peer.handshakeHash == peer.handshakeHash)
        await client.shutdown()
        await server.shutdown()
    }

    // HS-9.1
    @Test func aRefusedPeerIsToldWhy() async throws {
        let mesh = try MeshFixture()
        let door = Door(refusing: ["client": .revoked])
        let server = try mesh.endpoint("server", admission: door)
        let client = try mesh.endpoint("client")
        let target = try await server.serve()
        let error = await #expect(throws: CallError.self) { try await client.connect(to: target) }
        #expect(error?.code == .revoked)
        #expect(door.ups.load(ordering: .relaxed) == 0)
        await client.shutdown()
        await server.shutdown()
    }

    @Test func anExpiredCertificateIsRefused() async throws {
        let mesh = try MeshFixture()
        let server = try mesh.endpoint("server")
        let client = try mesh.endpoint("client")
        client.replaceCredentials(try mesh.credentials("client", issued: UnixTime(seconds: 1_700_000_000)))
        let target = try await server.serve()
        let error = await #expect(throws: CallError.self) { try await client.connect(to: target) }
        #expect(error?.code == .expired)
        await client.shutdown()
        await server.shutdown()
    }

    // HS-8.1
    @Test func anotherMeshHearsNothing() async throws {
        let server = try MeshFixture().endpoint("server")
        let client = try MeshFixture().endpoint("client")
        let target = try await server.serve()
        let error = await #expect(throws: CallError.self) { try await client.connect(to: target) }
        #expect(error?.code.isNotProcessed == true)
        #expect(server.peers.isEmpty)
        await client.shutdown()
        await server.shutdown()
    }

    @Test func anotherNodeThanTheOneMeantIsNotSpokenTo() async throws {
        let mesh = try MeshFixture()
        let server = try mesh.endpoint("server")
        let other = try mesh.endpoint("other")
        let client = try mesh.endpoint("client")
        let meant = try await server.serve()
        let elsewhere = try await other.serve()
        let target = LinkTarget(meant.expectation, endpoints: elsewhere.endpoints)
        let error = await #expect(throws: CallError.self) { try await client.connect(to: target) }
        #expect(error?.code == .wrongPeer)
        #expect(other.peers.isEmpty)
        await client.shutdown()
        await server.shutdown()
        await other.shutdown()
    }

    // MSG-3.5
    @Test func aProbeSeesTheNodeAndLeavesNoLink() async throws {
        let mesh = try MeshFixture()
        let door = Door()
        let server = try mesh.endpoint("server", admission: door)
        let client = try mesh.endpoint("client")
        let target = try await server.serve()
        let node = try #require(server.credentials.certificate?.nodeID)
        let own = try #require(client.credentials.certificate?.nodeID)
        #expect(await client.probe(target.endpoints[0], expecting: node))
        #expect(await !client.probe(target.endpoints[0], expecting: own))
        #expect(await !client.probe(Endpoint(host: "127.0.0.1", port: 1), expecting: node))
        #expect(server.peers.isEmpty && door.ups.load(ordering: .relaxed) == 0)
        await client.shutdown()
        await server.shutdown()
    }

    @Test func aLostLinkIsDialledAgain() async throws {
        let mesh = try MeshFixture()
        let door = Door()
        let server = try mesh.endpoint("server", table: CallTests.echo, admission: door)
        let client = try mesh.endpoint("client")
        let target = try await server.serve()
        let caller = client.caller(to: target)
        _ = try await caller.unary(Head(service: "echo"))
        let node = try #require(client.credentials.certificate?.nodeID)
        server.close(node, .none, reason: "again")
        #expect(await eventually { door.downs.load(ordering: .relaxed) == 1 && client.peers.isEmpty })
        _ = try await caller.unary(Head(service: "echo"))
        #expect(door.ups.load(ordering: .relaxed) == 2)
        await client.shutdown()
        await server.shutdown()
    }

    @Test func callsThatNobodyAnswersFailFastAndSafely() async throws {
        let mesh = try MeshFixture()
        let client = try mesh.endpoint("client")
        let node = try #require(client.credentials.certificate?.nodeID)
        let nowhere = LinkTarget(.node(node), endpoints: [Endpoint(host: "127.0.0.1", port: 1)])
        let error = await #expect(throws: CallError.self) { try await client.caller(to: nowhere).unary(Head(service: "echo")) }
        #expect(error?.code == .unreachable)
        #expect(error?.code.isNotProcessed == true)
        await client.shutdown()
    }

    // FRAME-10.2
    @Test func aSilentPeerIsNoticed() async throws {
        let mesh = try MeshFixture()
        let client = try mesh.endpoint("client", silenceLimit: .seconds(2))
        // A relay that stops passing bytes on is a cut cable: no FIN, no RST.
        let server = try mesh.endpoint("server", table: CallTests.echo)
        let target = try await server.serve()
        let relay = try await FreezingRelay(to: target.endpoints[0])
        let through = LinkTarget(target.expectation, endpoints: [relay.endpoint])
        let caller = client.caller(to: through)
        _ = try await caller.unary(Head(service: "echo"))
        relay.freeze()
        let error = await #expect(throws: CallError.self) { try await caller.unary(Head(service: "sleep"), timeout: .seconds(20)) }
        #expect(error?.code == .linkLost)
        await client.shutdown()
        await server.shutdown()
        try await relay.close()
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "WMSH", "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}", "WMSH\u{1}\u{1}\u{1}\u{0}",
    ])
    func strangersAreDroppedAndHarmNobody(greeting: String) async throws {
        let mesh = try MeshFixture()
        let server = try mesh.endpoint("server", table: CallTests.echo)
        let client = try mesh.endpoint("client")
        let target = try await server.serve()
        let channels = try await withThrowingTaskGroup(of: (any Channel).self) { group in
            for _ in 0..<40 {
                group.addTask {
                    let stranger = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                        .connect(host: "127.0.0.1", port: Int(target.endpoints[0].port)).get()
                    try? await stranger.writeAndFlush(ByteBuffer(string: greeting))
                    return stranger
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for channel in channels { try? await channel.close() }
        #expect(server.peers.isEmpty)
        var answered = false
        for _ in 0..<100 where !answered {
            answered = (try? await client.caller(to: target).unary(Head(service: "echo"))) != nil
            if !answered { try await Task.sleep(for: .milliseconds(50)) }
        }
        #expect(answered)
        await client.shutdown()
        await server.shutdown()
    }

    @Test func shutdownLetsCallsEndWithinItsGrace() async throws {
        let mesh = try MeshFixture()
        let begun = Atomic<Bool>(false)
        let table = ServiceTable(services: [
            "slow": .async { call in
                begun.store(true, ordering: .relaxed)
                try await Task.sleep(for: .milliseconds(300))
                call.respond(Head(status: 200))
                try await call.write(ByteBuffer(string: "done"))
            }
        ])
        let server = try mesh.endpoint("server", table: table)
        let client = try mesh.endpoint("client")
        let target = try await server.serve()
        let call = Task { try await client.caller(to: target).unary(Head(service: "slow")).body }
        #expect(await eventually { begun.load(ordering: .relaxed) })
        await server.shutdown(grace: .seconds(10))
        #expect(try await call.value == ByteBuffer(string: "done"))
        await client.shutdown()
    }
}
