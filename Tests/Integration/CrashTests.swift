import Foundation
import Testing

extension Integration {
    /// Processes that end without a word.
    @Suite struct Crashes {
        /// Neither a chunked body nor one with a length may look whole when its worker dies.
        @Test(arguments: ["chunked=1&", ""], Implementation.allCases)
        func aWorkerKilledInMidAnswerIsAnError(framing: String, of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b)
            let client = try Sandbox.current.start(
                "curl", ["curl", "-sSN", "-w", "\n%{http_code}", mesh.a.url("demo", "/source?\(framing)bytes=10000000&stop=1000000")])
            try await until("the answer should have begun") { client.outputSize > 500_000 }
            try await mesh.b.program.crash()
            let exit = try await client.waitForExit(within: .seconds(10))
            #expect(exit == .code(18) || exit == .code(56), "curl ended with \(exit): \(client.errors)")
            let after = try await curl(mesh.a.url("demo", "/seen"))
            #expect(after.status == 503 || after.status == 502, "\(after)")
        }

        @Test(arguments: Implementation.allCases)
        func aServiceThatDiesInMidAnswerIsAnError(of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b)
            let client = try Sandbox.current.start(
                "curl", ["curl", "-sSN", mesh.a.url("demo", "/source?chunked=1&bytes=10000000&stop=1000000")])
            try await until("the answer should have begun") { client.outputSize > 500_000 }
            try await mesh.upstream.program.crash()
            let exit = try await client.waitForExit(within: .seconds(10))
            #expect(exit == .code(18) || exit == .code(56), "curl ended with \(exit): \(client.errors)")
        }

        /// With another worker for the service, the next request is answered.
        @Test(arguments: Implementation.allCases)
        func theNextRequestGoesElsewhere(of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b)
            let token = try await mesh.coordinator.token()
            _ = try await WorkerProcess.start("c", token: token, services: ["demo": mesh.upstream.url])
            try await mesh.coordinator.offers("demo", by: "b", "c")
            try await mesh.b.program.crash()
            for _ in 0..<20 {
                let answer = try await curl(mesh.a.url("demo", "/seen"))
                #expect(answer.status == 200)
                #expect(answer.headers["wiremesh-worker"] == "c")
            }
        }

        /// Workers that know each other go on without a coordinator; a new one serves the last registrations, marked stale, until
        /// the workers are back.
        @Test(arguments: Implementation.allCases)
        func aCoordinatorKilledAndStartedAgain(of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b)
            #expect((try await curl(mesh.a.url("demo", "/seen"))).status == 200)
            try await mesh.coordinator.program.crash()
            for _ in 0..<5 {
                let answer = try await curl(mesh.a.url("demo", "/seen"))
                #expect(answer.status == 200)
                #expect(answer.headers["wiremesh-route"] == "direct")
                try await Task.sleep(for: .milliseconds(200))
            }
            mesh.b.program.signal(SIGSTOP)
            let http = mesh.coordinator.http.replacing("http://", with: "")
            let again = try await Coordinator.start(listen: mesh.coordinator.wire, http: http)
            let served = try await curl("\(again.http)/api/services/discover/demo")
            #expect(served.status == 200, "\(served)")
            #expect(served.body.contains(#""b""#))
            let listed = try await curl("\(again.http)/api/admin/workers")
            #expect(listed.body.contains("stale"), "\(listed)")
            mesh.b.program.signal(SIGCONT)
            try await until("b should be back") {
                let workers = try await curl("\(again.http)/api/admin/workers").json()["workers"].array
                return workers.contains { $0["worker_id"] == "b" && $0["status"] != "stale" }
            }
            #expect((try await curl(mesh.a.url("demo", "/seen"))).status == 200)
        }

        /// A drain is the operator's decision: it outlives the coordinator that took it, and ends with the worker's next start.
        @Test func aDrainOutlivesTheCoordinator() async throws {
            let mesh = try await TwoWorkers.start()
            #expect((try await mesh.coordinator.administer(["drain", "b"])).code == 0)
            try await mesh.coordinator.program.crash()
            let http = mesh.coordinator.http.replacing("http://", with: "")
            let again = try await Coordinator.start(listen: mesh.coordinator.wire, http: http)
            #expect(try await again.discover("demo").isEmpty)
            try await until("b should be back") {
                let workers = try await curl("\(again.http)/api/admin/workers").json()["workers"].array
                return workers.contains { $0["worker_id"] == "b" && ($0["age_seconds"].number ?? 99) < 1 }
            }
            #expect(try await again.discover("demo").isEmpty)
            try await mesh.b.program.crash()
            _ = try await WorkerProcess.start("b", token: nil, services: ["demo": mesh.upstream.url])
            try await again.offers("demo", by: "b")
        }

        /// From the client's death to the service's notice, through two workers. The promise is 100 ms; a busy machine may miss it
        /// once, not five times.
        @Test(arguments: Implementation.allCases)
        func aClientThatLeavesCancelsTheService(of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b)
            var took: [Double] = []
            for turn in 0..<5 where took.allSatisfy({ $0 > 0.1 }) {
                let client = try Sandbox.current.start("curl", ["curl", "-sS", mesh.a.url("demo", "/slow?turn=\(turn)")])
                try await mesh.upstream.event("request", "/slow?turn=\(turn)")
                let left = Date().timeIntervalSince1970
                client.signal(SIGKILL)
                took.append(try await mesh.upstream.event("gone", "/slow?turn=\(turn)") - left)
            }
            #expect(took.min() ?? 1 <= 0.1, "it took \(took) s")
        }

        @Test(arguments: Implementation.allCases)
        func aDeadlineCancelsTheService(of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b)
            let answer = try await curl(mesh.a.url("demo", "/slow?late=1"), "-H", "Wiremesh-Timeout: 200ms")
            #expect(answer.status == 504)
            try await mesh.upstream.event("gone", "/slow?late=1")
        }
    }
}

extension Program {
    /// How many bytes it has written by now.
    fileprivate var outputSize: Int {
        (try? FileManager.default.attributesOfItem(atPath: stdout.path)[.size] as? Int) ?? 0
    }
}
