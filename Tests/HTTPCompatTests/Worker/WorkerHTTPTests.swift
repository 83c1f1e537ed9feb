import Foundation
import HTTPCompat
import Logging
import NIOCore
import NIOPosix
import Testing
import Transport
import Wire
import Worker

/// A worker's endpoints, on a real node with a real service beside it.
@Suite struct WorkerHTTPTests {
    private static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// A worker without an identity, whose only service is the one beside it.
    private func with(limit: Int = 64, queue: Int = 128, _ body: (PythonService, String) async throws -> Void) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let service = try await PythonService.start()
        var configuration = WorkerConfiguration(name: "worker-a")
        configuration.capabilities = ["cpu_cores": .int(8)]
        let node = try WorkerNode(
            configuration: configuration,
            services: [HostedService("demo", upstream: try HTTPUpstream(url: service.url), limit: limit, queue: queue)],
            forwarder: MemberForwarder(),
            coordinator: nil, group: group, logger: Self.logger)
        let http = WorkerHTTP(node: node, version: "1.2.3")
        let front = HTTPFront(
            group: group, configuration: FrontConfiguration(port: 0), hot: http, responder: http.responder, logger: Self.logger)
        let address = try await front.start()
        try await node.start()
        do {
            try await body(service, "http://127.0.0.1:\(address.port ?? 0)")
        } catch {
            await front.shutdown()
            await node.shutdown()
            throw error
        }
        await front.shutdown()
        await node.shutdown()
    }

    private func curl(_ arguments: String...) async throws -> String {
        try await Subprocess.run(["curl", "-sS", "--max-time", "30"] + arguments).output
    }

    private func json(_ arguments: String...) async throws -> [String: Any] {
        let text = try await Subprocess.run(["curl", "-sS", "--max-time", "30"] + arguments).output
        return try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
    }

    @Test func servesItsServiceAndSaysSo() async throws {
        try await with { _, url in
            let answer = try await curl("-i", "-X", "PUT", "-d", "{}", "\(url)/service/demo/seen/x?y=1")
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            #expect(answer.contains("wiremesh-worker: worker-a\r\n"))
            #expect(answer.contains("wiremesh-route: local\r\n"))
            #expect(answer.contains("server-timing: mesh;dur="))
            #expect(answer.contains(#""method": "PUT", "target": "/seen/x?y=1""#))
        }
    }

    @Test func countsWhatItDoes() async throws {
        try await with { _, url in
            for _ in 0..<3 { _ = try await curl("\(url)/service/demo/seen") }
            let unknown = try await curl("-w", "%{http_code}", "-d", "{}", "\(url)/service/nobody")
            #expect(unknown.hasSuffix("503"), "nobody can say whether it was ever offered")
            #expect(unknown.contains("\"detail\""))
            let stats = try await json("\(url)/stats")
            let routing = try #require(stats["routing"] as? [String: Any])
            for flat in [stats, routing] {
                #expect(flat["local_requests"] as? Int == 3)
                #expect(flat["forwarded_requests"] as? Int == 0)
                #expect(flat["failed_requests"] as? Int == 1)
                #expect(flat["cache_hit_rate"] is Double)
                for key in ["cache_hits", "cache_misses", "dht_lookups", "wire_lookups", "http_lookups", "cache_size"] {
                    #expect(flat[key] is Int, "\(key)")
                }
            }
            #expect(stats["worker_id"] as? String == "worker-a")
            #expect(stats["vpn_ip"] is NSNull)
            #expect(stats["services"] as? [String] == ["demo"])
            #expect((stats["capabilities"] as? [String: Any])?["cpu_cores"] as? Int == 8)
        }
    }

    @Test func saysHowItIs() async throws {
        try await with { _, url in
            let health = try await json("\(url)/health")
            #expect(health["status"] as? String == "healthy")
            #expect(health["worker_id"] as? String == "worker-a")
            #expect(health["services"] as? [String] == ["demo"])
            #expect(health["dht_enabled"] as? Bool == false)
            #expect(health["uptime"] is Double)
            #expect(try await curl("\(url)/healthz") == "ok\n")
            #expect(try await curl("\(url)/readyz") == "ready\n")
            let metrics = try await curl("-i", "\(url)/metrics")
            #expect(metrics.contains("content-type: text/plain; version=0.0.4"))
            #expect(metrics.contains("wiremesh_http_requests_total{status=\"200\"}"))
            #expect(metrics.contains("wiremesh_worker_requests_total{served=\"local\"} 0"))
            #expect(metrics.contains("wiremesh_service_healthy{service=\"demo\"} 1"))
            let document = try await json("\(url)/openapi.json")
            #expect((document["openapi"] as? String)?.hasPrefix("3.1") == true)
            #expect((document["info"] as? [String: Any])?["version"] as? String == "1.2.3")
        }
    }

    @Test func refusesAsFastAPIDid() async throws {
        try await with { _, url in
            for (arguments, answer) in [
                (["\(url)/nothing"], #"{"detail":"Not Found"}404"#),
                (["-X", "POST", "\(url)/stats"], #"{"detail":"Method Not Allowed"}405"#),
                (["\(url)/service/"], #"{"detail":"Not Found"}404"#),
            ] {
                let got = try await Subprocess.run(["curl", "-sS", "--max-time", "30", "-w", "%{http_code}"] + arguments).output
                #expect(got == answer)
            }
        }
    }

    @Test func saysWhenItIsFull() async throws {
        try await with(limit: 1, queue: 0) { service, url in
            let busy = Task { try await self.curl("\(url)/service/demo/slow?seconds=3") }
            try await service.wait(for: "request", "/slow")
            let refused = try await curl("-i", "\(url)/service/demo/seen")
            #expect(refused.hasPrefix("HTTP/1.1 503 "))
            #expect(refused.contains("retry-after: "))
            #expect(refused.contains("\"detail\""))
            _ = try await busy.value
        }
    }

    /// The service answers none of them before all are there.
    @Test func carriesTwoHundredStreamsAtOnce() async throws {
        try await with(limit: 256) { _, url in
            let count = 200
            try await withThrowingTaskGroup(of: Bool.self) { group in
                let port = try #require(Int(url.split(separator: ":").last ?? ""))
                let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
                for _ in 0..<count {
                    group.addTask {
                        let client = try await RawClient.connect(to: address)
                        try await client.send("GET /service/demo/together?count=\(count) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                        let text = try await client.wait(for: "\r\n0\r\n\r\n")
                        await client.close()
                        return text.contains("data: here\n\n") && text.contains("data: 19\n\n")
                    }
                }
                var whole = 0
                for try await isWhole in group where isWhole { whole += 1 }
                #expect(whole == count)
            }
        }
    }

    @Test func largeBodiesPassBothWays() async throws {
        try await with { _, url in
            let size = 64 << 20
            let sent = try await Subprocess.run(
                ["bash", "-o", "pipefail", "-c", "head -c \(size) /dev/zero | curl -sS -T - '\(url)/service/demo/sink'"])
            #expect(sent.output.contains("\"bytes\": \(size)"))
            for framing in ["", "&chunked=1"] {
                let received = try await curl(
                    "-o", "/dev/null", "-w", "%{size_download}", "\(url)/service/demo/source?bytes=\(size)\(framing)")
                #expect(received == "\(size)")
            }
        }
    }
}
