import Foundation
import Testing

extension Integration {
    /// A request enters one worker and is served by a service beside another.
    @Suite struct Hop {
        @Test(arguments: Implementation.allCases)
        func crossesTheMesh(of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b)
            let answer = try await curl(
                mesh.a.url("demo", "/seen/deep?x=1&y=%2F"), "-X", "PUT", "-d", #"{"hello":"mesh"}"#, "-H", "Content-Type: application/json",
                "-H", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "-H", "Connection: keep-alive, X-Hop",
                "-H", "X-Hop: dropped", "-H", "TE: trailers", "-H", "X-Kept: yes")
            #expect(answer.status == 200)
            #expect(answer.headers["wiremesh-worker"] == "b")
            #expect(answer.headers["wiremesh-route"] == "direct")
            #expect(answer.headers["server-timing"] != nil)
            let seen = try answer.json()
            #expect(seen["method"] == "PUT")
            #expect(seen["target"] == "/seen/deep?x=1&y=%2F")
            #expect(seen["body"] == #"{"hello":"mesh"}"#)
            let headers = seen["headers"]
            #expect(headers["x-kept"] == "yes")
            #expect(headers["x-hop"] == .null)
            #expect(headers["te"] == .null)
            #expect(headers["traceparent"].string?.hasPrefix("00-0af7651916cd43dd8448eb211c80319c-") == true)
        }

        @Test func servesItsOwnServiceLocally() async throws {
            let mesh = try await TwoWorkers.start()
            let answer = try await curl(mesh.b.url("demo", "/seen"))
            #expect(answer.status == 200)
            #expect(answer.headers["wiremesh-worker"] == "b")
            #expect(answer.headers["wiremesh-route"] == "local")
        }

        @Test(arguments: Implementation.allCases)
        func reachesNginx(of b: Implementation) async throws {
            let coordinator = try await Coordinator.start()
            let text = String(repeating: "a page of nginx\n", count: 20_000)
            let nginx = try await Nginx.start(serving: ["page.txt": text])
            let token = try await coordinator.token("--uses", "2")
            let a = try await WorkerProcess.start("a", token: token)
            _ = try await WorkerProcess.start("b", as: b, token: token, services: ["pages": nginx.url])
            try await coordinator.offers("pages", by: "b")
            let whole = try await curl(a.url("pages", "/page.txt"))
            #expect(whole.status == 200)
            #expect(whole.body == text)
            #expect(whole.headers["content-length"] == "\(text.utf8.count)")
            let part = try await curl(a.url("pages", "/page.txt"), "-H", "Range: bytes=2-5")
            #expect(part.status == 206)
            #expect(part.body == "page")
            let head = try await curl(a.url("pages", "/page.txt"), "-I")
            #expect(head.status == 200)
            #expect(head.exit == 0)
            #expect((try await curl(a.url("pages", "/missing"))).status == 404)
        }

        /// Events arrive while the service still makes the later ones, and no byte of them is changed.
        @Test(arguments: Implementation.allCases)
        func streamsEventsAsTheyCome(of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b)
            let client = try Sandbox.current.start("curl", ["curl", "-sSN", mesh.a.url("demo", "/events?count=40&interval=0.05")])
            try await until("the first event should arrive") { client.output.contains("id: 2\n") }
            #expect(client.exit == nil)
            #expect(!client.output.contains("id: 39\n"))
            #expect(try await client.waitForExit() == .code(0))
            let expected = (0..<40).map { "id: \($0)\nevent: tick\ndata: {\"number\": \($0)}\n\n" }.joined()
            #expect(client.output == expected)
        }

        /// The service answers none of them before all 200 are there.
        @Test(arguments: Implementation.allCases)
        func carriesTwoHundredStreamsAtOnce(of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b)
            let done = try await Sandbox.current.run(
                [Places.python, Places.fixture("streams.py"), mesh.a.url("demo", "/together?count=200"), "200"])
            #expect(try done.json() == .object(["ok": 200]), "\(done)")
        }

        @Test(arguments: Implementation.allCases)
        func saysWhyThereIsNoAnswer(of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b)
            let unknown = try await curl(mesh.a.url("nobody-offers-this"), "-d", "{}")
            #expect(unknown.status == 404)
            #expect(try unknown.json()["detail"].string != nil)
            let passed = try await curl(mesh.a.url("demo", "/status/418"))
            #expect(passed.status == 418)
            #expect(try passed.json()["detail"] == "as asked")
            let late = try await curl(mesh.a.url("demo", "/slow"), "-H", "Wiremesh-Timeout: 300ms")
            #expect(late.status == 504)
            #expect(try late.json()["detail"].string != nil)
            try await mesh.b.program.crash()
            try await until("the service should be known and without a worker") {
                try await curl(mesh.a.url("demo", "/seen")).status == 503
            }
        }
    }
}
