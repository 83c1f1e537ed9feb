import Foundation
import Testing

extension Integration {
    /// Hosts between which UDP is broken in one way or another, and networks that translate addresses: every call is answered, and the
    /// statistics say by which tier.
    @Suite struct UDPFaults {
        /// A call for a service that nobody has called before, so that its worker has to be looked up. Throws what it comes to instead of
        /// 200.
        private func callNext(_ number: inout Int, from a: WorkerProcess) async throws {
            number += 1
            let answer = try await curl(a.url("more-\(number)", "/seen"), "--max-time", "20", prefix: a.prefix)
            guard answer.status == 200 else { throw Failure("more-\(number): \(answer)") }
            try await Task.sleep(for: .milliseconds(100))
        }

        private func status(of worker: WorkerProcess) async throws -> JSON {
            try await curl("\(worker.http)/api/dht/status", prefix: worker.prefix).json()
        }

        /// Lookups that the DHT has answered.
        private func lookups(of worker: WorkerProcess) async throws -> Double {
            try await curl("\(worker.http)/stats", prefix: worker.prefix).json()["routing"]["dht_lookups"].number ?? 0
        }

        /// Waits until datagrams work for both, and both are members.
        private func settled(_ hosts: ThreeHosts) async throws {
            try await until(within: .seconds(40), "both should be members of the DHT") {
                [try await status(of: hosts.a), try await status(of: hosts.b)].allSatisfy {
                    $0["client"] == false && $0["health"]["status"] == "ok" && $0["published"].array.allSatisfy { $0["holders"] != 0 }
                }
            }
        }

        /// No call fails, and datagrams come back by themselves.
        @Test func datagramsComeBackWhereTheyWereCut() async throws {
            let hosts = try await ThreeHosts.start(more: 100)
            try await settled(hosts)
            var number = 0
            try await callNext(&number, from: hosts.a)
            #expect(try await lookups(of: hosts.a) >= 1)

            try await hosts.filter("a", input: "meta l4proto udp drop", output: "meta l4proto udp drop")
            let cut = ContinuousClock.now
            while ContinuousClock.now - cut < .seconds(6) { try await callNext(&number, from: hosts.a) }
            #expect(try await status(of: hosts.a)["health"]["status"] == "down")

            try await hosts.unfilter("a")
            try await until(within: .seconds(35), "datagrams should work again") {
                try await callNext(&number, from: hosts.a)
                return try await status(of: hosts.a)["health"]["status"] == "ok"
            }
            let before = try await lookups(of: hosts.a)
            try await callNext(&number, from: hosts.a)
            #expect(try await lookups(of: hosts.a) == before + 1)
        }

        @Test(arguments: ["in", "out"])
        func noCallFailsWhereOneDirectionIsBroken(direction: String) async throws {
            let hosts = try await ThreeHosts.start(more: 100)
            try await settled(hosts)
            let rule = "meta l4proto udp drop"
            try await hosts.filter("a", input: direction == "in" ? rule : "", output: direction == "out" ? rule : "")
            var number = 0
            let cut = ContinuousClock.now
            while ContinuousClock.now - cut < .seconds(4) { try await callNext(&number, from: hosts.a) }
        }

        /// The largest that is sent has 1,200 bytes and two headers of 28 together.
        @Test func datagramsOverThirteenHundredBytesAreNotNeeded() async throws {
            let hosts = try await ThreeHosts.start(more: 10)
            let rule = "meta l4proto udp meta length > 1300 drop"
            for host in ["a", "b", "c"] { try await hosts.filter(host, input: rule, output: rule) }
            try await settled(hosts)
            var number = 0
            try await callNext(&number, from: hosts.a)
            #expect(try await lookups(of: hosts.a) >= 1)
        }

        /// The coordinator is gone, and nothing was ever cached.
        @Test func withoutACoordinatorServicesAreFound() async throws {
            let hosts = try await ThreeHosts.start(more: 5)
            try await until(within: .seconds(80), "a should hold what b publishes") {
                try await status(of: hosts.a)["records"] == 6
            }
            try await hosts.coordinator.program.crash()
            var number = 0
            for _ in 0..<5 { try await callNext(&number, from: hosts.a) }
            #expect(try await lookups(of: hosts.a) == 5)
        }

        /// Its host has no network when it starts.
        @Test func whoStartsBeforeItsNetworkJoinsLater() async throws {
            let hosts = try await ThreeHosts.start(more: 10)
            hosts.b.program.signal(SIGTERM)
            _ = try await hosts.b.program.waitForExit()
            try await hosts.cable("cut", "b")
            let again = try WorkerProcess.spawn(
                "b", token: nil, data: hosts.b.data, services: ["demo": hosts.upstream.url, "late": hosts.upstream.url],
                listen: "10.77.0.3:0", prefix: hosts.b.prefix)
            try await Task.sleep(for: .seconds(5))
            #expect(again.exit == nil)
            try await hosts.cable("mend", "b")
            try await until(within: .seconds(60), "b should be found") {
                try await curl(hosts.a.url("late", "/seen"), "--max-time", "5", prefix: hosts.a.prefix).status == 200
            }
            try await until(within: .seconds(60), "b should be in the DHT") {
                try await curl("\(hosts.a.http)/api/dht/lookup/late", prefix: hosts.a.prefix).json()["count"] == 1
            }
        }

        // MARK: Behind translations of addresses

        /// Two networks that masquerade: their workers are clients of the DHT, and are found in it.
        @Test(arguments: ["", "fully-random"])
        func behindTranslationsWorkersAreClients(masquerade: String) async throws {
            let hosts = try await HiddenHosts.start(masquerade: masquerade)
            try await until(within: .seconds(30), "datagrams should work") {
                let statuses = [try await status(of: hosts.a), try await status(of: hosts.b)]
                return statuses.allSatisfy { $0["health"]["status"] == "ok" } && statuses[1]["published"].array.first?["holders"] == 1
            }
            let answer = try await hosts.seen()
            #expect(answer.status == 200 && answer.headers["wiremesh-route"] == "relay")
            #expect(try await lookups(of: hosts.a) == 1)
            // Long enough for a knock that came through.
            try await Task.sleep(for: .seconds(4))
            for worker in [hosts.a, hosts.b] { #expect(try await status(of: worker)["client"] == true) }
        }

        /// A published port makes a member of a client; then with the gateway's own address as the source of whatever comes in.
        @Test(arguments: [false, true])
        func aPublishedPortMakesAMember(hidesSources: Bool) async throws {
            let hosts = try await HiddenHosts.start()
            try await hosts.publish(hidingSources: hidesSources)
            try await until(within: .seconds(40), "b should be a member") { try await status(of: hosts.b)["client"] == false }
            #expect(try await hosts.seen().status == 200)
            #expect(try await lookups(of: hosts.a) == 1)
        }

        /// What a gateway forgets within two seconds is opened again.
        @Test func gatewaysThatForgetSoonAreNoHindrance() async throws {
            let hosts = try await HiddenHosts.start(forgetsAfter: 2)
            try await until(within: .seconds(30), "b's entry should be held") {
                try await status(of: hosts.b)["published"].array.first?["holders"] == 1
            }
            try await Task.sleep(for: .seconds(10))
            #expect(try await hosts.seen().status == 200)
            #expect(try await lookups(of: hosts.a) == 1)
        }
    }
}
