import Testing

extension Integration {
    /// What goes over a real network between machines.
    @Suite struct Hosts {
        @Test func workersOnDifferentHostsForwardToEachOther() async throws {
            let network = try await ThreeHosts.start()
            let answer = try await network.seen()
            #expect(answer.status == 200)
            #expect(answer.headers["wiremesh-worker"] == "b")
            #expect(answer.headers["wiremesh-route"] == "direct")
        }

        /// Nothing says that the cable is cut: silence does, within 3 s, to the coordinator and to whoever has a call open.
        @Test func aCutCableIsNoticed() async throws {
            let network = try await ThreeHosts.start()
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
