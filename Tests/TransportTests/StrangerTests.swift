import NIOCore
import NIOPosix
import Synchronization
import Testing
import Transport
import Wire

/// Connections that do not authenticate, and what they may do to those that do.
@Suite struct StrangerTests {
    @Test func aMemberGetsInWhileAScannerHoldsAllPlaces() async throws {
        let mesh = try MeshFixture()
        let server = try mesh.endpoint("server", table: CallTests.echo)
        let client = try mesh.endpoint("client")
        let target = try await server.serve()
        let closed = Atomic<Int>(0)
        var scanners: [any Channel] = []
        // As often as it takes: on a busy machine the first ones may have run out of time when the last ones come.
        while server.strangers < Limits.unauthenticatedPerSource {
            let scanner = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: Int(target.endpoints[0].port)).get()
            scanner.closeFuture.whenComplete { _ in closed.add(1, ordering: .relaxed) }
            scanners.append(scanner)
        }
        #expect(try await client.connect(to: target).name == "server")
        #expect(await eventually { closed.load(ordering: .relaxed) > 0 }, "one scanner made place")
        for scanner in scanners { try? await scanner.close() }
        #expect(await eventually { server.strangers == 0 })
        await client.shutdown()
        await server.shutdown()
    }

    @Test func whoListensLivesUntilItIsShutDown() async throws {
        let mesh = try MeshFixture()
        let client = try mesh.endpoint("client")
        let witness: Witness
        let target: LinkTarget
        do {
            let server = try mesh.endpoint("server", table: CallTests.echo)
            target = try await server.serve()
            witness = Witness(server)
        }
        #expect(try await client.connect(to: target).name == "server")
        #expect(try await client.caller(to: target).unary(Head(service: "echo")).head.status == 200)
        await witness.endpoint?.shutdown()
        #expect(await eventually { witness.endpoint == nil })
        let fresh = try mesh.endpoint("client")
        await #expect(throws: CallError.self) { try await fresh.connect(to: target) }
        await client.shutdown()
        await fresh.shutdown()
    }

    /// Holds an endpoint weakly, for many threads.
    private final class Witness: Sendable {
        private final class Reference { weak var endpoint: MeshEndpoint? }
        private let reference = Mutex(Reference())

        init(_ endpoint: MeshEndpoint) { reference.withLock { $0.endpoint = endpoint } }
        var endpoint: MeshEndpoint? { reference.withLock { $0.endpoint } }
    }

    @Test func nobodyListensAfterAShutdown() async throws {
        let server = try MeshFixture().endpoint("server")
        await server.shutdown()
        await #expect(throws: CallError.self) { try await server.listen(host: "127.0.0.1", port: 0) }
    }
}
