import NIOCore
import NIOPosix
import Testing
import Transport
import Wire

/// Datagrams over real sockets.
@Suite struct DatagramEndpointTests {
    @Test(arguments: ["127.0.0.1", "::1"]) func aStrangerAnswersInOneRoundTrip(host: String) async throws {
        let mesh = try MeshFixture()
        let (a, b) = (try await DatagramFixture.make(mesh, "a", host: host), try await DatagramFixture.make(mesh, "b", host: host))
        #expect(try await a.ask(try b.target(host: host), [1, 2], ticket: 3) == [0xAA, 1, 2, 3])
        #expect(try await a.ask(try b.target(host: host), [4], ticket: 5) == [0xAA, 4, 5])
        #expect(try await b.ask(try a.target(host: host), [6], ticket: 7) == [0xAA, 6, 7])
        let statistics = try await a.with { $0.endpoint.statistics }
        #expect(statistics.initiationsSent == 1 && statistics.dropped == 0)
        #expect(try await b.with { $0.sessionRequests } == 1)
        try await a.close()
        try await b.close()
    }

    @Test func manyRequestsAtOnce() async throws {
        let mesh = try MeshFixture()
        let (a, b) = (try await DatagramFixture.make(mesh, "a"), try await DatagramFixture.make(mesh, "b"))
        let target = try b.target()
        _ = try await a.ask(target, [1], ticket: 255)
        let answers = try await withThrowingTaskGroup(of: Int.self) { group in
            for ticket in 0..<150 as Range<UInt8> {
                group.addTask { try await a.ask(target, [UInt8](repeating: 1, count: 300), ticket: ticket).count }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers == [Int](repeating: 302, count: 150))
        try await a.close()
        try await b.close()
    }

    /// A port that nobody listens at is told apart from silence.
    @Test func aRefusalIsToldAsOne() async throws {
        let mesh = try MeshFixture()
        let (a, b) = (try await DatagramFixture.make(mesh, "a"), try await DatagramFixture.make(mesh, "b"))
        let target = try b.target()
        try await b.close()
        await #expect(throws: DatagramFixture.Failure(cause: .refused)) { _ = try await a.ask(target, [1], ticket: 1, repeats: 5) }
        try await a.close()
    }

    /// An address without a route fails alone; the socket serves the others as before.
    @Test func anAddressWithoutARouteHarmsNoOther() async throws {
        let mesh = try MeshFixture()
        let (a, b) = (try await DatagramFixture.make(mesh, "a"), try await DatagramFixture.make(mesh, "b"))
        await #expect(throws: DatagramFixture.Failure(cause: .noRoute)) {
            _ = try await a.ask(try b.target(host: "2001:db8::1"), [1], ticket: 1)
        }
        await #expect(throws: DatagramFixture.Failure(cause: .noRoute)) {
            _ = try await a.ask(try b.target(host: "255.255.255.255"), [1], ticket: 2)
        }
        #expect(try await a.ask(try b.target(), [1], ticket: 3) == [0xAA, 1, 3])
        try await a.close()
        try await b.close()
    }

    /// Whatever strangers send to the port, members are answered.
    @Test func garbageHarmsNobody() async throws {
        let mesh = try MeshFixture()
        let (a, b) = (try await DatagramFixture.make(mesh, "a"), try await DatagramFixture.make(mesh, "b"))
        let stranger = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: b.port)
        for count in [0, 1, 15, 16, 31, 32, 68, 1_199, 1_200, 1_201, 1_400, 2_048, 9_000] {
            for first in 0..<8 as Range<UInt8> {
                let bytes = ([first, 1, 0, 0] + SystemRandom.bytes(count)).prefix(count)
                try await stranger.writeAndFlush(AddressedEnvelope(remoteAddress: address, data: ByteBuffer(bytes: bytes))).get()
            }
        }
        #expect(try await a.ask(try b.target(), [1], ticket: 3, repeats: 20) == [0xAA, 1, 3])
        try await stranger.close()
        try await a.close()
        try await b.close()
    }

    /// A peer that restarts on its port is found again by a repetition.
    @Test func aRestartedPeerIsFoundAgain() async throws {
        let mesh = try MeshFixture()
        let (a, b) = (try await DatagramFixture.make(mesh, "a"), try await DatagramFixture.make(mesh, "b"))
        _ = try await a.ask(try b.target(), [1], ticket: 1)
        let target = try b.target()
        try await b.close()
        let again = try await DatagramFixture.make(b.credentials, port: b.port, bootEpoch: 2)
        #expect(try await a.ask(target, [2], ticket: 2, repeats: 20) == [0xAA, 2, 2])
        try await a.close()
        try await again.close()
    }

    @Test func addressesAreTheSameInEveryForm() throws {
        for text in ["127.0.0.1:7700", "10.1.2.3:1", "[::1]:65535", "[2001:db8::7]:9"] {
            let endpoint = try #require(Endpoint(text))
            let address = try #require(DatagramAddress(endpoint))
            #expect(address.endpoint == endpoint && address.description == text)
            let socket = try SocketAddress(ipAddress: endpoint.host, port: Int(endpoint.port))
            #expect(DatagramAddress(socket) == address)
        }
        #expect(DatagramAddress(Endpoint(host: "localhost", port: 1)) == nil)
        #expect(DatagramAddress(Endpoint(host: "::ffff:10.0.0.1", port: 1))?.endpoint.host == "10.0.0.1")
    }
}
