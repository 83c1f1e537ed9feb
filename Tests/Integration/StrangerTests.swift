import Foundation
import Testing

extension Integration {
    /// Who is not a member and speaks nevertheless.
    @Suite struct Strangers {
        /// Random bytes, HTTP, TLS, half handshakes and silence on both wire ports: no byte is answered, every connection is closed,
        /// and nobody else notices.
        @Test func hearNothingAndHurtNobody() async throws {
            let mesh = try await TwoWorkers.start()
            let workerWire = try await mesh.b.program.listening("wire")
            // The link stands before the strangers come: from one address only a few may be shaking hands at once.
            #expect((try await curl(mesh.a.url("demo", "/seen"))).status == 200)
            let scans = try [mesh.coordinator.wire, workerWire].map { address in
                try Sandbox.current.start("scan", [Places.python, Places.fixture("strangers.py"), address])
            }
            while scans.contains(where: { $0.exit == nil }) {
                let answer = try await curl(mesh.a.url("demo", "/seen"))
                #expect(answer.status == 200)
            }
            for scan in scans {
                let result = try #require(scan.events.first, "\(scan.log)")
                #expect(result["answered"] == 0)
                #expect(result["open"] == 0)
            }
            let token = try await mesh.coordinator.token()
            _ = try await WorkerProcess.start("late", token: token)
            #expect(mesh.coordinator.program.exit == nil)
        }

        /// Requests that HTTP servers and proxies have read in two ways: neither the worker nor the coordinator takes one, and nothing
        /// of them reaches a service.
        @Test func requestsWithTwoMeaningsAreRefused() async throws {
            let mesh = try await TwoWorkers.start()
            let begin = "POST /service/demo/sink HTTP/1.1\r\nHost: localhost\r\n"
            let requests = [
                begin + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                begin + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
                begin + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
                begin + "X: a\rb\r\nContent-Length: 0\r\n\r\n",
                begin + "X: a\nContent-Length: 0\r\n\r\n",
                begin.replacing("\r\n", with: "\n") + "Content-Length: 0\n\n",
                begin + "X : y\r\nContent-Length: 0\r\n\r\n",
                begin + "Transfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n",
            ]
            let file = Sandbox.current.path("request")
            for front in [mesh.a.http, mesh.b.http, mesh.coordinator.http] {
                let address = front.replacing("http://", with: "").replacing(":", with: "/")
                let script = "exec 3<>/dev/tcp/\(address); cat \(file) >&3; timeout 5 head -c 12 <&3; true"
                for request in requests {
                    try Data(request.utf8).write(to: URL(filePath: file))
                    let done = try await Sandbox.current.run(["bash", "-c", script])
                    #expect(done.output == "HTTP/1.1 400", "\(front): \(request): \(done)")
                }
            }
            #expect(!mesh.upstream.program.events.contains { $0["event"] == "done" && $0["target"] == "/sink" })
            #expect((try await curl(mesh.a.url("demo", "/seen"))).status == 200)
        }

        @Test func headersThatDoNotFitAreRefused() async throws {
            let mesh = try await TwoWorkers.start()
            let coordinators = "\(mesh.coordinator.http)/service/demo/seen"
            for url in [mesh.a.url("demo", "/seen"), mesh.b.url("demo", "/seen"), coordinators] {
                for size in [20_000, 100_000] {
                    #expect((try await curl(url, "-H", "X-Long: " + String(repeating: "x", count: size))).status == 431, "\(url)")
                }
                let many = (0..<200).flatMap { ["-H", "X-\($0): y"] }
                let answer = try await Sandbox.current.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", url] + many)
                #expect(answer.output == "431", "\(url)")
                #expect((try await curl(url)).status == 200)
            }
        }

        /// The coordinator reads JSON and refuses what is none; a worker reads none, and hands on what it is given.
        @Test func whatIsNotJSONIsRefusedWhereItIsRead() async throws {
            let mesh = try await TwoWorkers.start(service: "demo", "--allow-http-workers")
            let bodies = ["{not json", "", "[1]", "{\"worker_id\": \"\u{1}\"}", String(repeating: "[", count: 100_000), "nan"]
            let file = Sandbox.current.path("body")
            for path in ["/api/worker/register", "/api/worker/heartbeat", "/api/services/health-check"] {
                for body in bodies {
                    try Data(body.utf8).write(to: URL(filePath: file))
                    let answer = try await curl(
                        mesh.coordinator.http + path, "-H", "Content-Type: application/json", "--data-binary", "@\(file)")
                    #expect(answer.status == 422, "\(path) \(body.prefix(20)): \(answer)")
                    #expect(try answer.json()["detail"] != .null)
                }
                try Data([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]).write(to: URL(filePath: file))
                let bytes = try await curl(
                    mesh.coordinator.http + path, "-H", "Content-Type: application/json", "--data-binary", "@\(file)")
                #expect(bytes.status == 422, "\(path): \(bytes)")
            }
            let passed = try await curl(mesh.a.url("demo", "/seen"), "-H", "Content-Type: application/json", "-d", "{not json")
            #expect(try passed.json()["body"] == "{not json")
        }
    }
}
