import Foundation
import Testing

extension Integration {
    /// The conformance run against this program's own nodes, as processes.
    @Suite struct Conformance {
        @Test func aCoordinatorConforms() async throws {
            let coordinator = try await Coordinator.start()
            let (used, revoked) = (try await coordinator.token(), try await coordinator.token())
            _ = try await coordinator.administer(["token", "revoke", revoked])
            _ = try await WorkerProcess.start("uses-it-up", token: used)
            let report = try await Self.run(
                "--target", coordinator.wire, "--join", try await coordinator.token("--uses", "100"), "--used-token", used,
                "--revoked-token", revoked, "--authority", coordinator.data + "/authority.key")
            #expect(report["kind"] == "coordinator")
            try Self.check(report, passed: 650, mayLack: ["worker", "echo", "expired-token"])
        }

        @Test func aWorkerConforms() async throws {
            let mesh = try await TwoWorkers.start(service: "echo")
            let report = try await Self.run(
                "--target", try await mesh.b.program.listening("wire"), "--join", try await mesh.coordinator.token("--uses", "100"),
                "--path", "/echo", "--authority", mesh.coordinator.data + "/authority.key")
            #expect(report["kind"] == "worker")
            try Self.check(report, passed: 600, mayLack: ["coordinator"])
        }

        @Test func aWorkerThatDialsConforms() async throws {
            let upstream = try await Upstream.start()
            let report = try await Self.run(
                "--role", "initiator", "--path", "/echo", "--lanes", "4", "--exec",
                "\(Places.wiremesh) worker --data {FOLDER} --join {TOKEN} --name {NAME} --listen 127.0.0.1:0 --http 127.0.0.1:0 "
                    + "--service echo=\(upstream.url)")
            try Self.check(report, passed: 90, mayLack: [])
        }

        /// Exit codes and files, with cases that take no time.
        @Test func aRunSaysWhatItDidInEveryForm() async throws {
            let coordinator = try await Coordinator.start()
            let token = try await coordinator.token("--uses", "100")
            let junit = Sandbox.current.path("junit.xml")
            let base = [Places.wiremesh, "conformance", "run", "--target", coordinator.wire, "--join", token, "--lanes", "2"]
            let done = try await Sandbox.current.run(base + ["--filter", "mac1/zero", "--junit", junit])
            #expect(done.code == 0, "\(done)")
            #expect(done.output.contains("1 passed, 0 failed"))
            #expect(try String(contentsOfFile: junit, encoding: .utf8).contains("name=\"mac1/zero\""))
            let lacking = try await Sandbox.current.run(base + ["--filter", "watch", "--lacks", "watch"])
            #expect(lacking.code == 127, "\(lacking)")
            #expect(lacking.output.contains("lacks watch"))
            let usage = try await Sandbox.current.run([Places.wiremesh, "conformance", "run"])
            #expect(usage.code == 2, "\(usage)")
            let http = String(coordinator.http.dropFirst("http://".count))
            let none = try await Sandbox.current.run([
                Places.wiremesh, "conformance", "run", "--target", http, "--join", token, "--filter", "mac1",
            ])
            #expect(none.code == 1 && none.errors.contains("does not speak WM/1"), "\(none)")
        }

        private static func run(_ arguments: String...) async throws -> JSON {
            let file = Sandbox.current.path("report.json")
            let done = try await Sandbox.current.run(
                [Places.wiremesh, "conformance", "run", "--patience", "10s", "--json", file] + arguments, within: .seconds(300))
            #expect(done.code == 0, "\(done.output)\(done.errors)")
            return try JSON(String(contentsOfFile: file, encoding: .utf8))
        }

        private static func check(_ report: JSON, passed: Int, mayLack: Set<String>) throws {
            let results = report["results"].array
            let lacking = Set(results.compactMap { $0["lacks"].string })
            #expect(results.count { $0["outcome"] == "passed" } >= passed)
            #expect(lacking.isSubset(of: mayLack.union(["soak"])), "\(lacking)")
        }
    }
}
