import NIOCore
import NIOPosix
import Synchronization
import Testing
import Transport
import Wire

/// Workers that nobody can dial call each other through a relay, on real sockets.
@Suite struct RelayTests {
    // RELAY-2.1
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
}
