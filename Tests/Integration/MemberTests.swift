import Foundation
import Testing

extension Integration {
    /// Who a worker is, and for how long.
    @Suite struct Members {
        @Test(arguments: Implementation.allCases)
        func aRestartNeedsNoTokenAndKeepsTheName(of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b)
            try await mesh.b.program.crash()
            _ = try await WorkerProcess.start("b", as: b, token: nil, services: ["demo": mesh.upstream.url])
            try await until("b should serve again") { try await curl(mesh.a.url("demo", "/seen")).status == 200 }
            try await mesh.coordinator.offers("demo", by: "b")
        }

        /// Another key asks for a name that is taken: it is told so, the holder goes on.
        @Test func aTakenNameIsRefused() async throws {
            let mesh = try await TwoWorkers.start()
            let token = try await mesh.coordinator.token()
            let thief = try WorkerProcess.spawn("b", token: token, data: Sandbox.current.path("thief"))
            #expect(try await thief.waitForExit() != .code(0))
            #expect(thief.log.contains("name"), "\(thief.log)")
            #expect((try await curl(mesh.a.url("demo", "/seen"))).status == 200)
        }

        /// The name is in the certificate: another --name with the same data folder does not change it silently.
        @Test func aRenameIsNotSilent() async throws {
            let mesh = try await TwoWorkers.start()
            try await mesh.b.program.crash()
            let renamed = try WorkerProcess.spawn("other", token: nil, data: mesh.b.data, services: ["demo": mesh.upstream.url])
            #expect(try await renamed.waitForExit() == .code(2))
            #expect(renamed.log.contains("other"), "\(renamed.log)")
            #expect(renamed.log.contains("b"), "\(renamed.log)")
        }

        /// A released name can be taken by a new key.
        @Test func aReleasedNameIsFree() async throws {
            let mesh = try await TwoWorkers.start()
            #expect((try await mesh.coordinator.administer(["revoke", "b", "--release-name"])).code == 0)
            let token = try await mesh.coordinator.token()
            _ = try await WorkerProcess.start("b", token: token, data: "new-b", services: ["demo": mesh.upstream.url])
            try await until("the new b should serve") { try await curl(mesh.a.url("demo", "/seen")).status == 200 }
        }

        /// Two running nodes with one key: the second is refused and says why, the first goes on.
        @Test func aCloneIsRefused() async throws {
            let mesh = try await TwoWorkers.start()
            try FileManager.default.copyItem(atPath: mesh.b.data, toPath: Sandbox.current.path("clone"))
            let clone = try WorkerProcess.spawn(
                "b", token: nil, data: Sandbox.current.path("clone"), services: ["demo": mesh.upstream.url])
            try await until("the clone should be told what it is") {
                clone.log.lowercased().contains("clone") || clone.log.contains("copy")
            }
            for _ in 0..<5 { #expect((try await curl(mesh.a.url("demo", "/seen"))).status == 200) }
            #expect(mesh.b.program.exit == nil)
            try await until("the coordinator should say so") { mesh.coordinator.program.log.lowercased().contains("clone") }
        }

        /// Nobody reaches a revoked worker, and it reaches nobody: within 5 s, over links that stood before.
        @Test(arguments: Implementation.allCases)
        func aRevokedWorkerIsOut(of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b)
            #expect((try await curl(mesh.a.url("demo", "/seen"))).status == 200)
            #expect((try await mesh.coordinator.administer(["revoke", "b"])).code == 0)
            try await until(within: .seconds(5), "calls to b should fail") { try await curl(mesh.a.url("demo", "/seen")).status != 200 }
            #expect(try await mesh.coordinator.discover("demo").isEmpty)
            mesh.b.program.signal(SIGKILL)
            let again = try WorkerProcess.spawn("b", as: b, token: nil, data: mesh.b.data, services: ["demo": mesh.upstream.url])
            try await until("b should be told") { again.log.contains("revoked") }
            #expect(try await mesh.coordinator.discover("demo").isEmpty)
            #expect((try await curl(mesh.a.url("demo", "/seen"))).status != 200)
        }

        @Test(arguments: Implementation.allCases)
        func aDrainedWorkerTakesNothingNew(of b: Implementation) async throws {
            let mesh = try await TwoWorkers.start(b: b)
            let open = try Sandbox.current.start("curl", ["curl", "-sSN", mesh.a.url("demo", "/events?count=60&interval=0.05")])
            try await mesh.upstream.event("request", "/events")
            #expect((try await mesh.coordinator.administer(["drain", "b"])).code == 0)
            try await mesh.coordinator.offers("demo")
            #expect(try await open.waitForExit() == .code(0))
            #expect(open.output.contains("id: 59\n"))
        }
    }

    /// Join tokens.
    @Suite struct Tokens {
        /// A worker whose token is refused ends, and says why in a sentence.
        private func isRefused(_ token: String, name: String, because reason: String) async throws {
            let program = try WorkerProcess.spawn(name, token: token, data: Sandbox.current.path(name))
            #expect(try await program.waitForExit() != .code(0))
            #expect(program.log.contains(reason), "\(program.log)")
        }

        @Test func isGoodOnce() async throws {
            let coordinator = try await Coordinator.start()
            let token = try await coordinator.token()
            _ = try await WorkerProcess.start("first", token: token)
            try await isRefused(token, name: "second", because: "used")
        }

        @Test func expires() async throws {
            let coordinator = try await Coordinator.start()
            let token = try await coordinator.token("--ttl", "1s")
            try await Task.sleep(for: .seconds(2.5))
            try await isRefused(token, name: "late", because: "expired")
        }

        @Test func canBeRevoked() async throws {
            let coordinator = try await Coordinator.start()
            let token = try await coordinator.token()
            let listed = try await coordinator.administer(["token", "list", "--json"])
            #expect(listed.code == 0)
            let id = try #require(listed.output.firstMatch(of: /"([0-9a-f]{8,32})"/)?.1, "\(listed)")
            #expect((try await coordinator.administer(["token", "revoke", String(id)])).code == 0)
            try await isRefused(token, name: "unwanted", because: "revoked")
        }

        /// Made while no coordinator runs, good when it does.
        @Test func canBeMadeBeforehand() async throws {
            let first = try await Coordinator.start()
            first.program.signal(SIGTERM)
            #expect(try await first.program.waitForExit() == .code(0))
            let token = try await first.token("--address", first.wire)
            _ = try await Coordinator.start(listen: first.wire)
            _ = try await WorkerProcess.start("a", token: token)
        }

        /// A secret that is not the coordinator's is met with silence; the joiner names the possible causes.
        @Test func aForgedOneIsMetWithSilence() async throws {
            let coordinator = try await Coordinator.start()
            let other = try await Coordinator.start(data: "other")
            let token = try await other.token("--address", coordinator.wire)
            let program = try WorkerProcess.spawn("a", token: token, data: Sandbox.current.path("a"))
            #expect(try await program.waitForExit() != .code(0))
            #expect(program.log.contains("token"), "\(program.log)")
            #expect(coordinator.program.exit == nil)
        }
    }
}
