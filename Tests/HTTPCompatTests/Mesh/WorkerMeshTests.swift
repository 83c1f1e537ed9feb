import Coordinator
import Foundation
import NIOCore
import Synchronization
import Testing
import Transport
import Wire
import Worker

/// Workers in a mesh: joining, calling, leaving.
@Suite(.timeLimit(.minutes(2))) struct WorkerMeshTests {
    @Test func aCallCrossesTheMesh() async throws {
        try await TestMesh.with { mesh in
            let server = try await mesh.worker("server", [HostedService("echo", handler: echo)])
            let client = try await mesh.worker("client")
            for _ in 0..<3 {
                let answer = try await client.unary(serviceHead(), body: ByteBuffer(string: "hello"))
                #expect(String(buffer: answer.body) == "hello")
                #expect(answer.head.status == 200)
                #expect(answer.head.servedBy == "server")
                #expect(answer.head[Route.field] == "direct")
                #expect(answer.head.load != nil)
            }
            let statistics = client.statistics()
            #expect(statistics.dhtLookups + statistics.wireLookups == 1 && statistics.cacheMisses == 1 && statistics.cacheHits == 2)
            #expect(statistics.forwardedRequests == 3 && statistics.failedRequests == 0)
            #expect(try await server.unary(serviceHead()).head[Route.field] == "local")
            let explanation = await client.explain("echo")
            #expect(explanation.steps.map(\.tier) == [.local, .cache, .dht, .wire])
            #expect(explanation.steps.filter { $0.tier != .dht }.map(\.workers) == [nil, ["server"], ["server"]])
            #expect(explanation.candidates.map(\.worker) == ["server"])
            #expect(
                explanation.candidates.map(\.route) == [.direct] && explanation.candidates.allSatisfy { $0.isEligible && $0.cost != nil })
            #expect(await server.explain("echo").candidates.map(\.route) == [.local])
            await client.shutdown()
            await server.shutdown()
        }
    }

    /// The coordinator passes on what it cannot read; the answer says that it came by relay, and the ping too.
    // RELAY-1.1, RELAY-1.2
    @Test func workersThatNobodyCanDialCallEachOther() async throws {
        try await TestMesh.with { mesh in
            let server = try await mesh.hidden("server", [HostedService("echo", handler: echo)])
            let client = try await mesh.hidden("client", [HostedService("back", handler: streamingEcho)])
            for _ in 0..<3 {
                let answer = try await client.unary(serviceHead(), body: ByteBuffer(string: "hello"))
                #expect(String(buffer: answer.body) == "hello")
                #expect(answer.head.servedBy == "server" && answer.head[Route.field] == "relay")
            }
            #expect(try await server.unary(serviceHead("back"), body: ByteBuffer(string: "and back")).head[Route.field] == "relay")
            #expect(await client.explain("echo").candidates.map(\.route) == [.relay])
            #expect(try await client.ping("server").relay == mesh.coordinator.name)
            #expect(mesh.coordinator.relayStatistics?.circuits == 1)
            let straight = try await mesh.worker("straight")
            #expect(try await client.ping("straight").relay == nil)
            let error = await #expect(throws: CallError.self) { try await client.ping("nobody") }
            #expect(error?.code == .notFound)
            for node in [client, server, straight] { await node.shutdown() }
        }
    }

    @Test func aSecondStartNeedsNoToken() async throws {
        try await TestMesh.with { mesh in
            let token = try await mesh.token()
            var node: WorkerNode? = try mesh.make(mesh.configuration("w", token: token))
            try await node?.start()
            let first = try #require(mesh.coordinator.resolve("w"))
            await node?.shutdown()
            node = nil
            #expect { try mesh.make(mesh.configuration("other")) } throws: { "\($0)".contains("holds no identity yet") }
            var configuration = mesh.configuration("w")
            configuration.name = "another-name"
            let second = try mesh.make(configuration)
            try await second.start()
            #expect(second.name == "w", "the certified name counts")
            let now = try #require(mesh.coordinator.resolve("w"))
            #expect(now.nodeID == first.nodeID && now.bootEpoch > first.bootEpoch)
            await second.shutdown()
        }
    }

    @Test func tokensThatDoNotServe() async throws {
        try await TestMesh.with { mesh in
            let used = try await mesh.token()
            let node = try mesh.make(mesh.configuration("a", token: used))
            try await node.start()
            let late = try mesh.make(mesh.configuration("b", token: used))
            await #expect { try await late.start() } throws: { "\($0)".contains("used up") }
            let taken = try mesh.make(mesh.configuration("c-folder", token: try await mesh.token()).named("a"))
            await #expect { try await taken.start() } throws: { "\($0)".contains("belongs to another key") }
            #expect(throws: WorkerError.self) { try mesh.make(mesh.configuration("d", token: "wmj1_nonsense")) }
            let real = try JoinToken(try await mesh.token())
            let forged = JoinToken(
                id: real.id, secret: SystemRandom.secret(), authority: real.authority, endpoints: real.endpoints)
            let stranger = try mesh.make(mesh.configuration("e", token: try forged.text()))
            await #expect { try await stranger.start() } throws: { "\($0)".contains("mistyped or unknown") }
            await node.shutdown()
        }
    }

    @Test func aFolderOfAnotherMeshIsRefused() async throws {
        try await TestMesh.with { mesh in
            let node = try await mesh.worker("w")
            await node.shutdown()
            try await TestMesh.with { other in
                let configuration = mesh.configuration("w", token: try await other.token())
                let copy = mesh.folder.appendingPathComponent("copy").path
                try FileManager.default.copyItem(atPath: configuration.dataFolder ?? "", toPath: copy)
                #expect { try mesh.make(configuration.at(copy)) } throws: { "\($0)".contains("another mesh") }
            }
        }
    }

    @Test func aCopyOfARunningWorkerIsRefused() async throws {
        try await TestMesh.with { mesh in
            let node = try await mesh.worker("w", [HostedService("echo", handler: echo)])
            let copy = mesh.folder.appendingPathComponent("copy").path
            try FileManager.default.copyItem(atPath: mesh.folder.appendingPathComponent("w").path, toPath: copy)
            let clone = try mesh.make(mesh.configuration("w").at(copy), [HostedService("echo", handler: echo)])
            await #expect { try await clone.start() } throws: { "\($0)".contains("copied data folder") }
            await clone.shutdown()
            #expect(mesh.coordinator.resolve("w")?.state == .online)
            await node.shutdown()
        }
    }

    @Test func whoLeavesIsNotCalledAnyMore() async throws {
        try await TestMesh.with { mesh in
            let (a, b) = (try await mesh.worker("a", [HostedService("echo", handler: echo)]), try await mesh.worker("b"))
            #expect(try await b.unary(serviceHead()).head.servedBy == "a")
            await a.shutdown()
            try await mesh.until { await b.explain("echo").steps.first { $0.tier == .cache }?.workers == nil }
            await #expect(throws: CallError.self) { try await b.unary(serviceHead()) }
            await #expect { try await b.unary(serviceHead("never")) } throws: { ($0 as? CallError)?.code == .notFound }
            await b.shutdown()
        }
    }

    @Test func newWorkersJoinARouteAtOnce() async throws {
        try await TestMesh.with { mesh in
            let a = try await mesh.worker("a", [HostedService("echo", handler: echo)])
            let client = try await mesh.worker("client")
            #expect(try await client.unary(serviceHead()).head.servedBy == "a")
            let b = try await mesh.worker("b", [HostedService("echo", handler: echo)])
            try await mesh.until { await Set(client.explain("echo").steps[1].workers ?? []) == ["a", "b"] }
            var served: Set<String> = []
            while served.count < 2 { served.insert(try await client.unary(serviceHead()).head.servedBy) }
            #expect(served == ["a", "b"])
            try await mesh.coordinator.drain(worker: "a")
            try await mesh.until { await client.explain("echo").steps[1].workers == ["b"] }
            for _ in 0..<20 { #expect(try await client.unary(serviceHead()).head.servedBy == "b") }
            for node in [a, b, client] { await node.shutdown() }
        }
    }

    @Test func routesOutliveTheCoordinator() async throws {
        try await TestMesh.with { mesh in
            let server = try await mesh.worker("server", [HostedService("echo", handler: echo)])
            let client = try await mesh.worker("client")
            _ = try await client.unary(serviceHead())
            await mesh.stopCoordinator()
            for _ in 0..<10 { #expect(try await client.unary(serviceHead()).head.servedBy == "server") }
            await #expect { try await client.unary(serviceHead("other")) } throws: { ($0 as? CallError)?.code == .unavailable }
            await client.shutdown()
            await server.shutdown()
        }
    }

    // ID-8.9
    @Test func aRevokedWorkerIsCutOffEverywhere() async throws {
        try await TestMesh.with { mesh in
            let server = try await mesh.worker("server", [HostedService("echo", handler: echo)])
            let client = try await mesh.worker("client")
            _ = try await client.unary(serviceHead())
            let running = Task { try await server.run() }
            try await mesh.coordinator.revoke(worker: "server")
            try await mesh.until { (try? await client.unary(serviceHead(worker: "server"))) == nil }
            await #expect { try await running.value } throws: { "\($0)".contains("revoked") }
            await client.shutdown()
        }
    }

    @Test func healthIsRegistered() async throws {
        try await TestMesh.with { mesh in
            let upstream = SwitchedUpstream(isHealthy: false)
            let server = try await mesh.worker("server", [HostedService("echo", upstream: upstream)])
            let client = try await mesh.worker("client")
            await #expect { try await client.unary(serviceHead()) } throws: { ($0 as? CallError)?.code == .unavailable }
            upstream.isHealthy.withLock { $0 = true }
            try await mesh.until { (try? await client.unary(serviceHead()).head.servedBy) == "server" }
            await client.shutdown()
            await server.shutdown()
        }
    }
}

/// An upstream whose health a test switches, and which answers at once.
final class SwitchedUpstream: Upstream, Sendable {
    let isHealthy: Mutex<Bool>
    private let inner = HostedService("inner", handler: echo)

    init(isHealthy: Bool) { self.isHealthy = Mutex(isHealthy) }

    func probe(timeout: Duration) async -> UpstreamHealth {
        UpstreamHealth(isHealthy: isHealthy.withLock { $0 }, latency: .zero, detail: "switched off")
    }

    func open(_ head: Head, on loop: any EventLoop, receiver: any CallReceiver) -> any CallStream {
        inner.upstream.open(head, on: loop, receiver: receiver)
    }
}

extension WorkerConfiguration {
    func named(_ name: String) -> WorkerConfiguration {
        var copy = self
        copy.name = name
        return copy
    }

    func at(_ folder: String) -> WorkerConfiguration {
        var copy = self
        copy.dataFolder = folder
        return copy
    }
}
