import Coordinator
import Foundation
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing
import Transport
import Wire
import Worker

@testable import HTTPCompat

/// A worker with a link, seen by clients that know the coordinator's HTTP endpoints only.
@Suite struct WireMemberTests {
    /// What answers for the service "echo"; its status can be set.
    private final class Echo: Sendable {
        let status = Mutex<UInt16>(200)

        var handler: ServiceHandler {
            .inline { head, body, _ in
                var answer = Head()
                answer.status = self.status.withLock { $0 }
                answer.fields = [.init("content-type", "text/plain")]
                return (answer, ByteBuffer(string: "\(head.verb) \(head.path) \(String(buffer: body))"))
            }
        }
    }

    private func join(_ coordinator: CoordinatorFixture, _ echo: Echo, region: String? = nil) async throws -> (WorkerNode, URL) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "wiremesh-\(UUID())")
        var configuration = WorkerConfiguration(name: "wired")
        configuration.dataFolder = folder.path
        configuration.joinToken = try await coordinator.node.createToken(TokenRequest())
        configuration.listenHost = "127.0.0.1"
        configuration.listenPort = 0
        configuration.region = region
        let node = try WorkerNode(
            configuration: configuration, services: [HostedService("echo", handler: echo.handler)], forwarder: nil, coordinator: nil,
            group: .singletonMultiThreadedEventLoopGroup, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await node.start()
        return (node, folder)
    }

    private func with(region: String? = nil, _ body: (CoordinatorFixture, CoordinatorHTTPClient, WorkerNode, Echo) async throws -> Void)
        async throws
    {
        let coordinator = try await CoordinatorFixture.start()
        let client = try CoordinatorHTTPClient(url: coordinator.url, group: .singletonMultiThreadedEventLoopGroup)
        let echo = Echo()
        let (worker, folder) = try await join(coordinator, echo, region: region)
        do {
            try await eventually { try await client.discover("echo", timeout: .seconds(10)).workers.count == 1 }
            try await body(coordinator, client, worker, echo)
        } catch {
            Issue.record(error)
        }
        await worker.shutdown()
        await client.shutdown()
        await coordinator.shutdown()
        try? FileManager.default.removeItem(at: folder)
    }

    private func eventually(_ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while try await !condition() {
            guard ContinuousClock.now < deadline else { throw ClientFailure(text: "it did not come about") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func text(_ answer: ServiceAnswer) async throws -> String {
        var bytes = ByteBuffer()
        for try await part in answer.body { bytes.writeImmutableBuffer(part) }
        return String(buffer: bytes)
    }

    /// The tunnel URL pins the worker at the coordinator, and what is sent there arrives.
    @Test func isReachedThroughTheCoordinator() async throws {
        try await with { coordinator, client, _, _ in
            let found = try await client.discover("echo").value
            #expect(found.workers.map(\.tunnelURL) == ["\(coordinator.url)/worker/wired"])
            let pinned = try CoordinatorHTTPClient(url: found.workers[0].tunnelURL, group: .singletonMultiThreadedEventLoopGroup)
            let one = try await pinned.call("echo", body: ByteBuffer(string: "x"), timeout: .seconds(10))
            #expect(one.status == 200)
            #expect(one["wiremesh-worker"] == "wired")
            #expect(try await text(one) == "POST / x")
            let other = try await client.call("echo", path: "/a/b?c=d", method: "PUT", body: ByteBuffer(string: "y"), timeout: .seconds(10))
            #expect(try await text(other) == "PUT /a/b?c=d y")
            let record = try #require(try await client.workers().value.first)
            #expect(record.services == ["echo"])
            try await eventually {
                try await JSONValue(parsing: client.workers().json.utf8)["workers"]?.elements?.first?["tasks_completed"] == 2
            }
            await pinned.shutdown()
        }
    }

    @Test func refusalsOfTheProxyAreTheContracts() async throws {
        try await with { coordinator, client, _, _ in
            for (path, status, error) in [
                ("/service/nothing", 503, "Service not available"), ("/service/rag/x", 503, "Service not available"),
                ("/worker/nobody/service/echo", 404, "Worker not found"), ("/worker/wired/service/other", 503, "Service not available"),
            ] {
                let (answered, json, _) = try await client.send("POST", path, timeout: .seconds(10))
                #expect(answered == status, "\(path)")
                #expect(json["error"]?.text == error)
                #expect(json["message"]?.text != nil)
            }
            let (_, json, _) = try await client.send("POST", "/service/rag/x", timeout: .seconds(10))
            #expect(json["service"] == "rag-embeddings")
        }
    }

    @Test func healthChecksGoOverTheLink() async throws {
        try await with { coordinator, client, _, echo in
            let check = "/api/services/health-check?service=echo&worker_id=wired"
            let (_, good, _) = try await client.send("POST", check, timeout: .seconds(10))
            #expect(good["healthy"] == true)
            echo.status.withLock { $0 = 503 }
            let (status, bad, _) = try await client.send("POST", check, timeout: .seconds(10))
            #expect(status == 200)
            #expect(bad["healthy"] == false)
            #expect(bad["detail"] == "it answers with status 503")
            #expect(try await client.discover("echo", timeout: .seconds(10)).workers.isEmpty)
            echo.status.withLock { $0 = 404 }
            let (_, again, _) = try await client.send("POST", check, timeout: .seconds(10))
            #expect(again["healthy"] == true)
            #expect(try await client.discover("echo", timeout: .seconds(10)).workers.count == 1)
        }
    }

    /// Its own HTTP address is handed out once it answers there as this worker, and no longer when somebody else does.
    @Test func ownAddressIsBelievedAfterItAnswered() async throws {
        try await with { coordinator, client, worker, _ in
            let name = Mutex("wired")
            let answering = try await TestServer.start { _ in
                .json(ByteBuffer(string: "{\"worker_id\":\"\(name.withLock { $0 })\"}"))
            }
            worker.advertise("http://127.0.0.1:\(answering.port)")
            try await eventually { try await client.discover("echo").value.workers[0].tunnelURL == "http://127.0.0.1:\(answering.port)" }
            let other = try await TestServer.start { _ in .json(ByteBuffer(string: "{\"worker_id\":\"other\"}")) }
            let redirecting = try await TestServer.start { _ in
                HTTPAnswer(status: 302, contentType: "", fields: [("location", "http://127.0.0.1:\(answering.port)/")], body: ByteBuffer())
            }
            for server in [other, redirecting] {
                worker.advertise("http://127.0.0.1:\(server.port)")
                try await eventually { server.requests >= 1 }
                #expect(try await client.discover("echo").value.workers[0].tunnelURL == "\(coordinator.url)/worker/wired")
            }
            // A name is what an operator says.
            worker.advertise("http://worker.example:8000/base")
            try await eventually { try await client.discover("echo").value.workers[0].tunnelURL == "http://worker.example:8000/base" }
            for server in [answering, other, redirecting] { await server.shutdown() }
        }
    }

    @Test func countsLinks() async throws {
        try await with { coordinator, client, worker, _ in
            let metrics = String(buffer: coordinator.http.metrics.render())
            #expect(metrics.split(separator: "\n").contains("wiremesh_links 1"))
            let (links, other) = (coordinator.node.linkStatistics, try #require(worker.linkStatistics))
            #expect(links.receivedBytes > 0 && links.sentBytes > 0)
            #expect(links.established >= 1 && other.established >= 1)
        }
    }

    @Test func saysWhereItIs() async throws {
        try await with(region: "eu") { _, client, _, _ in
            try await eventually {
                let json = try await JSONValue(parsing: client.discover("echo").json.utf8)["workers"]?.elements?.first?["location"]
                return json?["region"] == "eu" && json?["latency_ms"]?.double ?? 0 > 0
            }
        }
    }
}
