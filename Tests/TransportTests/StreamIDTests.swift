import NIOCore
import Synchronization
import Testing
import Transport
import Wire

/// Links whose stream ids are used up, which takes 2^30 calls elsewhere and four here.
@Suite struct StreamIDTests {
    // FRAME-9.6
    @Test func callsGoOnOverANewLink() async throws {
        let (entered, hasEntered) = AsyncStream<Void>.makeStream()
        let (gate, openGate) = AsyncStream<Void>.makeStream()
        let table = ServiceTable(services: [
            "echo": .inline { _, body, _ throws(CallError) in (Head(), body) },
            "wait": .async { call in
                hasEntered.yield()
                for await _ in gate { break }
                call.respond(Head(status: 200))
                try await call.write(ByteBuffer(string: "waited"))
            },
        ])
        let mesh = try MeshFixture()
        let door = LinkTests.Door()
        let server = try mesh.endpoint("server", table: table, admission: door)
        let client = try mesh.endpoint("client", streamIDSoftEnd: 9)
        let caller = client.caller(to: try await server.serve())
        async let waiting = caller.unary(Head(service: "wait"))
        for await _ in entered { break }
        for index in 0..<11 {
            let body = ByteBuffer(string: "call \(index)")
            #expect(try await caller.unary(Head(service: "echo"), body: body).body == body)
        }
        #expect(door.ups.load(ordering: .relaxed) == 3)
        openGate.yield()
        #expect(try await waiting.body == ByteBuffer(string: "waited"))
        while server.peers.count > 1 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(door.downs.load(ordering: .relaxed) >= 2)
        await client.shutdown()
        await server.shutdown()
    }
}
