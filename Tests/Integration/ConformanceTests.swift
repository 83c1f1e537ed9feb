import Foundation
import Testing

extension Integration {
    /// The conformance run against nodes of both implementations, as processes.
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
            try Self.check(report, passed: 700, mayLack: ["worker", "echo", "--expired-token"])
        }

        @Test(arguments: Implementation.allCases)
        func aWorkerConforms(implementation: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: implementation, service: "echo")
            let report = try await Self.run(
                "--target", try await implementation.wire(of: mesh.b), "--join", try await mesh.coordinator.token("--uses", "100"),
                "--path", "/echo", "--authority", mesh.coordinator.data + "/authority.key")
            #expect(report["kind"] == "worker")
            try Self.check(report, passed: 600, mayLack: ["coordinator", "relay"])
        }

        @Test(arguments: Implementation.allCases)
        func aWorkerThatDialsConforms(implementation: Implementation) async throws {
            let upstream = try await Upstream.start()
            let command = implementation.command(
                "{NAME}", token: "{TOKEN}", data: "{FOLDER}", services: ["echo": upstream.url], listen: "127.0.0.1:0", http: "127.0.0.1:0")
            let report = try await Self.run(
                "--role", "initiator", "--path", "/echo", "--lanes", "4", "--exec", command.joined(separator: " "))
            try Self.check(report, passed: 120, mayLack: [])
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
            let missing = try await Sandbox.current.run(base + ["--filter", "certificate/wrong-node-id"])
            #expect(missing.code == 2 && missing.output.contains("skipped 1: not given: --authority"), "\(missing)")
            let revoked = try await coordinator.token("--uses", "100")
            _ = try await coordinator.administer(["token", "revoke", revoked])
            let refused = try await Sandbox.current.run(
                [Places.wiremesh, "conformance", "run", "--target", coordinator.wire, "--join", revoked])
            #expect(refused.code == 1 && refused.errors.contains("does not admit the run"), "\(refused)")
            let usage = try await Sandbox.current.run([Places.wiremesh, "conformance", "run"])
            #expect(usage.code == 2, "\(usage)")
            let http = String(coordinator.http.dropFirst("http://".count))
            let none = try await Sandbox.current.run([
                Places.wiremesh, "conformance", "run", "--target", http, "--join", token, "--filter", "mac1",
            ])
            #expect(none.code == 1 && none.errors.contains("does not speak WM/1"), "\(none)")
        }

        /// Without `--exec` the run says what to start, and when: here the test is who reads it.
        @Test(arguments: Implementation.allCases)
        func aTargetThatSomebodyElseStartsConforms(implementation: Implementation) async throws {
            let cases = ["dial/first-flight", "dial/granted-altered", "member/registers", "member/registers-again"]
            let run = try Sandbox.current.start(
                "run", [Places.wiremesh, "conformance", "run", "--role", "initiator"] + cases.flatMap { ["--filter", $0] })
            var target: Program?
            for index in 0..<5 {
                let started: [Substring]? = try await eventually(within: .seconds(90), "no line to start case \(index)") {
                    let lines = run.errors.split(separator: "\n").filter { $0.hasPrefix("start ") }
                    if lines.count > index { return .some(lines[index].split(separator: " ")) }
                    return run.exit == nil ? nil : .some(nil)
                }
                guard let words = started else { break }
                try await target?.crash()
                target = try WorkerProcess.spawn(
                    "target-\(index)", as: implementation, token: String(try #require(words.last)),
                    data: Sandbox.current.path("target-\(index)"), services: ["echo": "http://127.0.0.1:1"])
            }
            #expect(try await run.waitForExit() == .code(0), "\(run.log)")
            #expect(run.output.contains("4 passed, 0 failed"), "\(run.log)")
        }

        @Test(arguments: [
            ([], "No target has dialled"), (["--exec", "false {TOKEN}"], "its command ended"),
            (["--exec", "sh -c 'echo no such worker >&2; exit 3' {TOKEN}"], "no such worker"),
            (["--exec", "sh -c 'sleep 60' {TOKEN}"], "nothing came within 2 s"),
            (
                ["--exec", "bash -c 'exec 3<>/dev/tcp/${0%:*}/${0##*:}; echo GET / HTTP/1.1 >&3; sleep 60' {ADDRESS} {TOKEN}"],
                "GET / HTTP/1.1"
            ),
        ])
        func aTargetThatDialsNobodyIsSaid(options: [String], verdict: String) async throws {
            let done = try await Sandbox.current.run(
                [Places.wiremesh, "conformance", "run", "--role", "initiator", "--timeout", "2s"] + options)
            #expect(done.code == 1 && done.errors.contains(verdict), "\(done)")
        }

        @Test(arguments: [
            ["--target", "127.0.0.1:1"], ["--listen", "0.0.0.0:0"], ["--exec", "/no/such/worker {TOKEN}"], ["--exec", "true"],
            ["--lacks", "authority"],
        ])
        func whatATargetThatDialsCannotUseIsAUsageError(options: [String]) async throws {
            let done = try await Sandbox.current.run([Places.wiremesh, "conformance", "run", "--role", "initiator"] + options)
            #expect(done.code == 2, "\(done)")
        }

        /// A node whose first handshake, record or PONG is wrong fails the case that is named for it; the others cannot tell anything.
        @Test(arguments: [
            ("wrong-prologue", "first/transcript [HS-3.1]"), ("answers-before-message-3", "first/silence [HS-7.5]"),
            ("lets-frames-span-records", "first/whole-frames [REC-1.2]"), ("ignores-ping", "first/pong [FRAME-5.4]"),
        ])
        func aBrokenFirstHandshakeFailsByName(mutant: String, named: String) async throws {
            let coordinator = try await Coordinator.start()
            let token = try await coordinator.token("--uses", "100")
            let package = Places.root.appending(path: "spec/python")
            let worker = try Sandbox.current.start(
                mutant,
                [
                    "env", "PYTHONPATH=" + package.path, Places.python, package.appending(path: "tests/mutants.py").path, mutant, "serve",
                    "--name", mutant, "--listen", "127.0.0.1:0", "--join", token, "--data", Sandbox.current.path("identity"),
                    "echo=http://127.0.0.1:1",
                ])
            let port = try await eventually("it should listen") { worker.log.firstMatch(of: /listening on port (\d+)/)?.1 }
            let done = try await Sandbox.current.run([
                Places.wiremesh, "conformance", "run", "--target", "127.0.0.1:\(port)", "--join", token, "--filter", "mac1/zero",
            ])
            #expect(done.code == 1 && done.output.contains("FAILED \(named)"), "\(done)")
            #expect(done.output.contains("skipped 1: lacks a first handshake that succeeds"), "\(done)")
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
            let lacking = Set(results.compactMap { $0["lacks"].string ?? $0["notGiven"].string })
            #expect(results.count { $0["outcome"] == "passed" } >= passed)
            #expect(lacking.isSubset(of: mayLack.union(["--soak"])), "\(lacking)")
            let warned = results.filter { $0["outcome"] == "warned" }
            #expect(warned.isEmpty, "\(warned)")
        }
    }
}
