import Foundation
import Testing

extension Integration {
    /// Hosts of their own, in network namespaces on one switch. Needs root.
    @Suite struct Hosts {
        /// The coordinator on host "c", worker "a" on host "a", worker "b" with the service on host "b".
        private struct Network {
            let prefix: String
            let coordinator: Coordinator
            let upstream: Upstream
            let a: WorkerProcess
            let b: WorkerProcess

            static func on(_ host: String, _ prefix: String) -> [String] { ["ip", "netns", "exec", "\(prefix)-\(host)"] }

            func seen() async throws -> Answer { try await curl(a.url("demo", "/seen"), prefix: a.prefix) }

            func cable(_ verb: String, _ host: String) async throws {
                let done = try await Sandbox.current.run([Places.script("test-hosts"), verb, prefix, host])
                guard done.code == 0 else { throw Failure("\(done)") }
            }
        }

        private func network() async throws -> Network {
            let prefix = "wm\(UInt32.random(in: 0..<100_000))"
            let made = try await Sandbox.current.run([Places.script("test-hosts"), "up", prefix, "c", "a", "b"])
            guard made.code == 0 else { throw Failure("no network namespaces here, which this test needs root for: \(made.errors)") }
            Sandbox.current.atEnd { removeHosts(prefix) }
            let coordinator = try await Coordinator.start(listen: "10.77.0.1:0", prefix: Network.on("c", prefix))
            let upstream = try await Upstream.start(prefix: Network.on("b", prefix))
            let token = try await coordinator.token("--uses", "2")
            let a = try await WorkerProcess.start("a", token: token, listen: "10.77.0.2:0", prefix: Network.on("a", prefix))
            let b = try await WorkerProcess.start(
                "b", token: token, services: ["demo": upstream.url], listen: "10.77.0.3:0", prefix: Network.on("b", prefix))
            try await coordinator.offers("demo", by: "b")
            return Network(prefix: prefix, coordinator: coordinator, upstream: upstream, a: a, b: b)
        }

        @Test func workersOnDifferentHostsForwardToEachOther() async throws {
            let network = try await network()
            let answer = try await network.seen()
            #expect(answer.status == 200)
            #expect(answer.headers["wiremesh-worker"] == "b")
            #expect(answer.headers["wiremesh-route"] == "direct")
        }

        /// Nothing says that the cable is cut: silence does, within 3 s, to the coordinator and to whoever has a call open.
        @Test func aCutCableIsNoticed() async throws {
            let network = try await network()
            #expect((try await network.seen()).status == 200)
            let open = try Sandbox.current.start(
                "curl", network.a.prefix + ["curl", "-sSN", network.a.url("demo", "/events?count=1000&interval=0.1")])
            try await network.upstream.event("request", "/events")
            let cut = ContinuousClock.now
            try await network.cable("cut", "b")
            try await network.coordinator.offers("demo", within: .seconds(10))
            let noticed = ContinuousClock.now - cut
            // Asking takes a moment as well.
            #expect(noticed < .seconds(3.3), "the coordinator noticed after \(noticed)")
            let exit = try await open.waitForExit(within: .seconds(10))
            #expect(exit == .code(18) || exit == .code(56), "curl ended with \(exit): \(open.errors)")
            let broken = ContinuousClock.now - cut
            #expect(broken < .seconds(4), "the caller noticed after \(broken)")
            #expect((try await network.seen()).status >= 500)
            try await network.cable("mend", "b")
            try await network.coordinator.offers("demo", by: "b")
            try await until("b should serve again") { try await network.seen().status == 200 }
        }
    }
}

/// Synchronous, for the end of a test.
private func removeHosts(_ prefix: String) {
    let process = Process()
    process.executableURL = URL(filePath: Places.script("test-hosts"))
    process.arguments = ["down", prefix, "c", "a", "b"]
    try? process.run()
    process.waitUntilExit()
}
