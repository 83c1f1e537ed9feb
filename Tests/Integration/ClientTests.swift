import Foundation
import Testing

extension Integration {
    /// Programs that know nothing of the mesh.
    @Suite struct Clients {
        private func python(_ fixture: String, _ arguments: String...) async throws -> [String: any Sendable] {
            let done = try await Sandbox.current.run([Places.python, Places.fixture(fixture)] + arguments)
            guard done.code == 0, let value = try done.json() as? [String: any Sendable] else { throw Failure("\(fixture): \(done)") }
            return value
        }

        @Test func httpx() async throws {
            let mesh = try await TwoWorkers.start()
            let result = try await python("httpx_client.py", mesh.a.http, "demo")
            #expect(result["posted"] as? Int == 200)
            #expect(result["worker"] as? String == "b")
            #expect(result["route"] as? String == "direct")
            #expect(((result["seen"] as? [String: any Sendable])?["headers"] as? [String: String])?["x-custom"] == "kept")
            #expect(result["uploaded"] as? Int == 64 * 65_536)
            #expect(result["events"] as? Int == 5)
            #expect((result["event_type"] as? String)?.hasPrefix("text/event-stream") == true)
            #expect(result["missing"] as? Int == 404)
            #expect(result["detail"] is String)
            #expect(result["refused"] as? Int == 418)
            let stats = result["stats"] as? [String: any Sendable] ?? [:]
            #expect(stats["worker_id"] as? String == "a")
            #expect(stats["forwarded_requests"] as? Int == 4)
        }

        @Test func openai() async throws {
            let mesh = try await TwoWorkers.start(service: "llm-inference")
            let result = try await python("openai_client.py", mesh.a.http, "llm-inference")
            #expect(result["whole"] as? String == "Hello from the mesh: ping")
            #expect(result["streamed"] as? String == "Hello from the mesh: ping")
            #expect(result["chunks"] as? Int == 7)
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
            let registered = try await old.event("registered") { $0["event"] as? String == "registered" }
            let answer = registered["answer"] as? [String: any Sendable]
            #expect(answer?["status"] as? String == "registered")
            #expect(answer?["worker_id"] as? String == "old-worker")
            try await mesh.coordinator.offers("legacy", by: "old-worker")

            let called = try await curl(mesh.a.url("legacy"), "-d", #"{"question":1}"#, "-H", "Content-Type: application/json")
            #expect(called.status == 200)
            #expect(called.headers["wiremesh-route"] == "http")
            #expect(try called.json()["worker"] as? String == "old-worker")
            #expect(try called.json()["path"] as? String == "/service/legacy")

            fputs("forward demo {\"from\":\"old\"}\n", writer)
            fflush(writer)
            let forwarded = try await old.event("forwarded") { $0["event"] as? String == "forwarded" }
            #expect((forwarded["answer"] as? [String: any Sendable])?["status"] as? String == "ok", "\(forwarded)")
        }

        @Test func anHTTPOnlyWorkerIsRefusedUnlessAllowed() async throws {
            let coordinator = try await Coordinator.start()
            let answer = try await curl(
                "\(coordinator.http)/api/worker/register", "-H", "Content-Type: application/json", "-d",
                #"{"worker_id":"old","tunnel_url":"http://127.0.0.1:9","capabilities":{}}"#)
            #expect(answer.status == 403)
            #expect(try answer.json()["detail"] is String)
        }

        /// The URL that discovery hands out works for whoever gets it.
        @Test func theTunnelURLAnswers() async throws {
            let mesh = try await TwoWorkers.start()
            let found = try await curl("\(mesh.coordinator.http)/api/services/discover/demo").json()
            #expect(found["recommended"] as? String == "b")
            let workers = found["workers"] as? [[String: any Sendable]] ?? []
            let url = try #require(workers.first?["tunnel_url"] as? String)
            let answer = try await curl("\(url)/service/demo/seen", "-d", "{}")
            #expect(answer.status == 200)
            let none = try await curl("\(mesh.coordinator.http)/api/services/discover/nothing")
            #expect(none.status == 503)
            #expect(try none.json()["detail"] as? String == "No healthy workers found for service: nothing")
        }
    }
}
