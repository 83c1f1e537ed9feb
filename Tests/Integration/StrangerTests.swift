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

        /// Requests that HTTP servers and proxies have read in two ways.
        @Test(arguments: [
            "POST /service/demo/sink HTTP/1.1\r\nHost: m\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /service/demo/sink HTTP/1.1\r\nHost: m\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
            "GET /service/demo/seen HTTP/1.1\r\nHost: m\r\nX: a\rb\r\n\r\n",
            "GET /service/demo/seen HTTP/1.1\r\nHost: m\r\nX : y\r\n\r\n",
        ])
        func requestsWithTwoMeaningsAreRefused(request: String) async throws {
            let mesh = try await TwoWorkers.start()
            let file = Sandbox.current.path("request")
            try Data(request.utf8).write(to: URL(filePath: file))
            let address = mesh.a.http.replacing("http://", with: "").replacing(":", with: "/")
            let script = "exec 3<>/dev/tcp/\(address); cat \(file) >&3; timeout 5 head -c 12 <&3; true"
            let done = try await Sandbox.current.run(["bash", "-c", script])
            #expect(!done.output.hasPrefix("HTTP/1.1 2"), "\(done)")
            #expect(!mesh.upstream.program.log.contains("/sink"))
            #expect((try await curl(mesh.a.url("demo", "/seen"))).status == 200)
        }

        @Test func headersThatDoNotFitAreRefused() async throws {
            let mesh = try await TwoWorkers.start()
            let answer = try await curl(mesh.a.url("demo", "/seen"), "-H", "X-Long: " + String(repeating: "x", count: 20_000))
            #expect(answer.status == 431)
            let json = try await curl(
                "\(mesh.coordinator.http)/api/worker/heartbeat", "-H", "Content-Type: application/json", "-d", "{not json")
            #expect(json.status == 422 || json.status == 403, "\(json)")
            #expect((try await curl(mesh.a.url("demo", "/seen"))).status == 200)
        }
    }
}
