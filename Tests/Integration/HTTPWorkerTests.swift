import Foundation
import Testing

extension Integration {
    /// `wiremesh worker` in the place of a worker of the replaced system: a coordinator's URL, and neither token nor identity.
    @Suite struct HTTPWorkers {
        /// Such a worker, set by the environment as the replaced ones were.
        private struct HTTPWorker {
            let program: Program
            let http: String

            static func start(
                _ name: String, _ coordinator: String, services: [String: String] = [:], beat: String = "0.2", _ extra: String...
            ) async throws -> HTTPWorker {
                var command = [Places.wiremesh, "worker", "--http", "127.0.0.1:0", "--insecure-http", "--json"] + extra
                for (service, url) in services { command += ["--service", "\(service)=\(url)"] }
                let program = try Sandbox.current.start(
                    name, command,
                    environment: ["COORDINATOR_URL": coordinator, "WORKER_ID": name, "HEARTBEAT_INTERVAL_SECONDS": beat])
                return HTTPWorker(program: program, http: "http://" + (try await program.listening("http")))
            }

            func url(_ service: String, _ path: String = "") -> String { "\(http)/service/\(service)\(path)" }

            func readiness() async throws -> Int { try await curl("\(http)/readyz").status }
        }

        private func record(_ name: String, at coordinator: Coordinator) async throws -> JSON {
            let workers = try await curl("\(coordinator.http)/api/admin/workers").json()["workers"].array
            return workers.first { $0["worker_id"] == .string(name) } ?? .null
        }

        @Test func wantsTheOperatorToAcceptPlainHTTP() async throws {
            let done = try await Sandbox.current.run(
                [Places.wiremesh, "worker", "--name", "old", "--http", "127.0.0.1:0", "--coordinator-url", "http://127.0.0.1:9"],
                within: .seconds(20))
            #expect(done.code == 2, "\(done)")
            #expect(done.errors.contains("--insecure-http"), "\(done)")
        }

        @Test func registersBeatsAndLeaves() async throws {
            let coordinator = try await Coordinator.start("--allow-http-workers")
            let upstream = try await Upstream.start()
            let old = try await HTTPWorker.start("old", coordinator.http, services: ["legacy": upstream.url], "--region", "eu")
            let warning = try await old.program.event("a warning") { $0["level"] == "warning" }
            #expect(warning["message"].string?.contains("HTTP only") == true, "\(warning)")
            try await coordinator.offers("legacy", by: "old")
            try await until("a heartbeat should say how it is") { try await record("old", at: coordinator)["status"] == "healthy" }
            let first = try await record("old", at: coordinator)
            #expect(first["location"]["region"] == "eu")
            #expect(first["services_status"]["legacy"] == "healthy")
            try await until("another heartbeat should come") {
                try await record("old", at: coordinator)["last_heartbeat"] != first["last_heartbeat"]
            }
            try await until("its own address should have been measured") {
                try await record("old", at: coordinator)["location"]["latency_ms"].number ?? 0 > 0
            }
            old.program.signal(SIGTERM)
            #expect(try await old.program.waitForExit() == .code(0))
            #expect(try await record("old", at: coordinator) == .null)
        }

        /// Without services of its own it is a member that nothing is sent to: the coordinator must not choose some for it.
        @Test func aWorkerWithoutServicesGetsNone() async throws {
            let coordinator = try await Coordinator.start("--allow-http-workers")
            _ = try await HTTPWorker.start("old", coordinator.http)
            try await until("it should register") { try await record("old", at: coordinator) != .null }
            #expect(try await record("old", at: coordinator)["assigned_services"] == .array([]))
            #expect(try await curl("\(coordinator.http)/api/services/list").json()["total_available"] == 0)
        }

        @Test func registersAgainWhenItIsForgotten() async throws {
            let coordinator = try await Coordinator.start("--allow-http-workers")
            let upstream = try await Upstream.start()
            _ = try await HTTPWorker.start("old", coordinator.http, services: ["legacy": upstream.url])
            try await coordinator.offers("legacy", by: "old")
            #expect((try await curl("\(coordinator.http)/api/worker/unregister/old", "-X", "DELETE")).status == 200)
            try await coordinator.offers("legacy", by: "old")
            try await coordinator.program.crash()
            let address = coordinator.http.replacing("http://", with: "")
            let empty = try await Coordinator.start(data: "another", http: address, "--allow-http-workers")
            try await empty.offers("legacy", by: "old", within: .seconds(60))
        }

        @Test func isReadyOnceItIsRegistered() async throws {
            let port = try freePort()
            let worker = try await HTTPWorker.start("old", "http://127.0.0.1:\(port)")
            #expect(try await worker.readiness() == 503)
            #expect((try await curl("\(worker.http)/healthz")).status == 200)
            let closed = try await Coordinator.start(http: "127.0.0.1:\(port)")
            _ = try await worker.program.event("why it is refused") {
                $0["reason"].string?.contains("--allow-http-workers") == true
            }
            #expect(try await worker.readiness() == 503)
            try await closed.program.crash()
            let open = try await Coordinator.start(data: "open", http: "127.0.0.1:\(port)", "--allow-http-workers")
            try await until(within: .seconds(60), "it should be ready") { try await worker.readiness() == 200 }
            try await open.program.crash()
            try await until("a coordinator that is gone should be noticed") { try await worker.readiness() == 503 }
        }

        /// A wire worker finds it and forwards to its tunnel URL; it finds a wire worker, whose tunnel URL answers; and another one
        /// like itself.
        @Test func forwardsAndIsForwardedTo() async throws {
            let mesh = try await TwoWorkers.start(service: "demo", "--allow-http-workers")
            let own = try await Upstream.start("own")
            let old = try await HTTPWorker.start("old", mesh.coordinator.http, services: ["legacy": own.url])
            let older = try await HTTPWorker.start("older", mesh.coordinator.http)
            try await mesh.coordinator.offers("legacy", by: "old")
            for entry in [mesh.a.url("legacy", "/seen?x=1"), older.url("legacy", "/seen?x=1")] {
                let answer = try await curl(entry, "-d", "{\"n\":1}", "-H", "X-Kept: yes")
                #expect(answer.status == 200)
                #expect(answer.headers["wiremesh-route"] == "http")
                #expect(answer.headers["wiremesh-worker"] == "old")
                let seen = try answer.json()
                #expect(seen["target"] == "/seen?x=1")
                #expect(seen["body"] == "{\"n\":1}")
                #expect(seen["headers"]["x-kept"] == "yes")
            }
            let found = try await curl(old.url("demo", "/seen/deep"), "-X", "PUT", "-d", "{}")
            #expect(found.status == 200, "\(found)")
            #expect(found.headers["wiremesh-worker"] == "b")
            #expect(found.headers["wiremesh-route"] == "http")
            #expect(try found.json()["method"] == "PUT")
            #expect((try await curl(old.url("legacy", "/seen"))).headers["wiremesh-route"] == "local")
            #expect((try await curl(old.url("nothing"))).status == 404)
            let stats = try await curl("\(old.http)/stats").json()
            #expect(stats["http_lookups"] == 1)
            #expect(stats["forwarded_requests"] == 1)
            let url = try await curl("\(mesh.coordinator.http)/api/services/discover/demo").json()["workers"].array[0]["tunnel_url"]
            #expect((try await curl("\(url.string ?? "")/service/demo/seen")).status == 200)
        }

        /// Events pass both HTTP hops as they come; a worker that dies in mid-answer breaks it off.
        @Test func streamsThroughHTTP() async throws {
            let mesh = try await TwoWorkers.start(service: "demo", "--allow-http-workers")
            let own = try await Upstream.start("own")
            let old = try await HTTPWorker.start("old", mesh.coordinator.http, services: ["legacy": own.url])
            try await mesh.coordinator.offers("legacy", by: "old")
            let client = try Sandbox.current.start("curl", ["curl", "-sSN", mesh.a.url("legacy", "/events?count=20&interval=0.05")])
            try await until("the first event should arrive") { client.output.contains("id: 2\n") }
            #expect(!client.output.contains("id: 19\n"))
            #expect(try await client.waitForExit() == .code(0))
            let cut = try Sandbox.current.start("curl", ["curl", "-sSN", mesh.a.url("legacy", "/events?count=1000&interval=0.05")])
            try await until("the first event should arrive") { cut.output.contains("id: 2\n") }
            try await old.program.crash()
            let exit = try await cut.waitForExit(within: .seconds(10))
            #expect(exit == .code(18) || exit == .code(56), "curl ended with \(exit): \(cut.errors)")
        }

        /// A coordinator behind TLS with a CA of its own, and a token.
        @Test func speaksHTTPSToItsCoordinator() async throws {
            let files = try await TLSFiles()
            let program = try Sandbox.current.start(
                "coordinator",
                [Places.wiremesh, "coordinator", "--data", Sandbox.current.path("c"), "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
                    + ["--allow-http-workers", "--json"] + files.options)
            let url = "https://" + (try await program.listening("http"))
            let stranger = try await HTTPWorker.start("stranger", url)
            _ = try await stranger.program.event("whom it does not trust") { $0["reason"].string?.contains("--http-ca") == true }
            let member = try await HTTPWorker.start("member", url, "--http-ca", files.certificate, "--http-token-file", files.tokens)
            let bearer = "Authorization: Bearer \(files.token)"
            try await until("it should be ready") { try await curl("\(member.http)/readyz", "-H", bearer).status == 200 }
            #expect(try await stranger.readiness() == 503)
        }
    }
}
