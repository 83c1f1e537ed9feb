import Foundation
import Testing

extension Integration {
    /// Programs that know nothing of the mesh.
    @Suite struct Clients {
        private func python(_ fixture: String, _ arguments: String...) async throws -> JSON {
            let done = try await Sandbox.current.run([Places.python, Places.fixture(fixture)] + arguments)
            guard done.code == 0 else { throw Failure("\(fixture): \(done)") }
            return try done.json()
        }

        @Test(arguments: Implementation.allCases)
        func httpx(of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b)
            let result = try await python("httpx_client.py", mesh.a.http, "demo")
            #expect(result["posted"] == 200)
            #expect(result["worker"] == "b")
            #expect(result["route"] == "direct")
            #expect(result["seen"]["headers"]["x-custom"] == "kept")
            #expect(result["uploaded"] == 4_194_304)
            #expect(result["events"] == 5)
            #expect(result["event_type"].string?.hasPrefix("text/event-stream") == true)
            #expect(result["missing"] == 404)
            #expect(result["detail"].string != nil)
            #expect(result["refused"] == 418)
            let stats = result["stats"]
            #expect(stats["worker_id"] == "a")
            #expect(stats["forwarded_requests"] == 4)
        }

        @Test(arguments: Implementation.allCases)
        func openai(of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b, service: "llm-inference")
            let result = try await python("openai_client.py", mesh.a.http, "llm-inference")
            #expect(result["whole"] == "Hello from the mesh: ping")
            #expect(result["streamed"] == "Hello from the mesh: ping")
            #expect(result["chunks"] == 7)
        }

        /// A worker as the replaced system had them: over HTTP it is found by wire workers and finds them.
        @Test func anHTTPOnlyWorker() async throws {
            let mesh = try await TwoWorkers.start(service: "demo", "--allow-http-workers")
            let input = Sandbox.current.folder.appending(path: "commands")
            #expect(mkfifo(input.path, 0o600) == 0)
            let writer = try #require(fopen(input.path, "r+"))
            defer { fclose(writer) }
            let old = try Sandbox.current.start(
                "old", [Places.python, Places.fixture("http_worker.py"), mesh.coordinator.http, "old-worker", "legacy"], input: input)
            let registered = try await old.event("registered") { $0["event"] == "registered" }
            let answer = registered["answer"]
            #expect(answer["status"] == "registered")
            #expect(answer["worker_id"] == "old-worker")
            try await mesh.coordinator.offers("legacy", by: "old-worker")

            let called = try await curl(mesh.a.url("legacy"), "-d", #"{"question":1}"#, "-H", "Content-Type: application/json")
            #expect(called.status == 200)
            #expect(called.headers["wiremesh-route"] == "http")
            #expect(try called.json()["worker"] == "old-worker")
            #expect(try called.json()["path"] == "/service/legacy")

            fputs("forward demo {\"from\":\"old\"}\n", writer)
            fflush(writer)
            let forwarded = try await old.event("forwarded") { $0["event"] == "forwarded" }
            #expect(forwarded["answer"]["status"] == "ok", "\(forwarded)")
        }

        @Test func anHTTPOnlyWorkerIsRefusedUnlessAllowed() async throws {
            let coordinator = try await Coordinator.start()
            let answer = try await curl(
                "\(coordinator.http)/api/worker/register", "-H", "Content-Type: application/json", "-d",
                #"{"worker_id":"old","tunnel_url":"http://127.0.0.1:9","capabilities":{}}"#)
            #expect(answer.status == 403)
            #expect(try answer.json()["detail"].string != nil)
        }

        /// A client that names no host is told the port that was picked, where a worker is reached through the coordinator.
        @Test func aClientWithoutHostGetsAURLThatAnswers() async throws {
            let coordinator = try await Coordinator.start()
            let upstream = try await Upstream.start()
            let token = try await coordinator.token()
            _ = try await WorkerProcess.start(
                "b", token: token, services: ["demo": upstream.url], "--http-advertise", "http://192.0.2.1:8000")
            try await coordinator.offers("demo", by: "b")
            let found = try await curl("\(coordinator.http)/api/services/discover/demo", "--http1.0", "-H", "Host:").json()
            let url = try #require(found["workers"].array.first?["tunnel_url"].string)
            #expect(url == "\(coordinator.http)/worker/b")
            #expect((try await curl("\(url)/service/demo/seen")).status == 200)
        }

        /// The URL that discovery hands out works for whoever gets it.
        @Test func theTunnelURLAnswers() async throws {
            let mesh = try await TwoWorkers.start()
            let found = try await curl("\(mesh.coordinator.http)/api/services/discover/demo").json()
            #expect(found["recommended"] == "b")
            let url = try #require(found["workers"].array.first?["tunnel_url"].string)
            let answer = try await curl("\(url)/service/demo/seen", "-d", "{}")
            #expect(answer.status == 200)
            let none = try await curl("\(mesh.coordinator.http)/api/services/discover/nothing")
            #expect(none.status == 503)
            #expect(try none.json()["detail"] == "No healthy workers found for service: nothing")
        }
    }
}
