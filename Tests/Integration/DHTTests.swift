import Foundation
import Testing

extension Integration {
    /// What people see of the DHT, and what doctor says when UDP is broken in one direction.
    @Suite struct DHT {
        private func wiremesh(_ arguments: [String], prefix: [String] = []) async throws -> Finished {
            try await Sandbox.current.run(prefix + [Places.wiremesh] + arguments)
        }

        // MARK: The command

        @Test func showsWhatMembersKnow() async throws {
            let mesh = try await TwoWorkers.start()
            let coordinator = ["--coordinator", mesh.coordinator.http]
            try await until(within: .seconds(20), "b's entry should be held") {
                try await wiremesh(["dht", "records", "--json"] + coordinator).json()["total"] == 1
            }
            try await until(within: .seconds(30), "both workers should be peers of the coordinator, which is one of theirs") {
                let there = try await wiremesh(["dht", "status", "--json"] + coordinator).json()["peers"].array
                let here = try await wiremesh(["dht", "status", "--json", "--worker", mesh.a.http]).json()
                return there.count { $0["status"] == "ok" } == 2 && here["health"]["status"] == "ok"
            }
            let status = try await wiremesh(["dht", "status"] + coordinator)
            #expect(status.code == 0 && status.output.contains("datagrams  ok") && status.output.contains("ROUND TRIP"), "\(status)")
            let json = try await wiremesh(["dht", "status", "--json", "--worker", mesh.b.http]).json()
            #expect(json["health"]["status"] == "ok" && json["health"]["cause"] == .null && json["view"] == "full")
            #expect(json["published"].array.map { $0["service"] } == ["demo"])
            #expect(json["peers"].array.contains { $0["name"].string?.hasPrefix("coordinator") == true && $0["status"] == "ok" })

            let lookup = try await wiremesh(["dht", "lookup", "demo"] + coordinator)
            #expect(lookup.code == 0 && lookup.output.contains("b ") && lookup.errors.contains("asked"), "\(lookup)")
            let found = try await wiremesh(["dht", "lookup", "demo", "--json", "--worker", mesh.a.http]).json()
            let provider = try #require(found["providers"].array.first)
            #expect(provider["provider"] == "b" && provider["endpoints"].array.count == 1 && provider["incarnation"].number ?? 0 > 0)
            #expect((provider["remaining_seconds"].number ?? 0) > 0 && found["path"] == "udp" && found["complete"] == true)
            let nobody = try await wiremesh(["dht", "lookup", "nothing"] + coordinator)
            #expect(nobody.code == 1 && nobody.errors.contains("wiremesh discover nothing"), "\(nobody)")

            let ping = try await wiremesh(["dht", "ping", "b", "--json"] + coordinator)
            #expect(ping.output.split(separator: "\n").count == 4 && ping.code == 0, "\(ping)")
            #expect((try await wiremesh(["dht", "ping", "coordinator", "--worker", mesh.a.http])).code == 0)
            #expect((try await wiremesh(["dht", "ping", "b", "--unasked"] + coordinator)).code == 0)
            let records = try await wiremesh(["dht", "records"] + coordinator)
            #expect(records.output.contains("demo") && records.output.contains("live"), "\(records)")

            let metrics = try await curl("\(mesh.coordinator.http)/metrics").body
            for line in [#"wiremesh_dht_health{status="ok",cause="none"} 1"#, "wiremesh_dht_peers 2", "wiremesh_relay_circuits 0"] {
                #expect(metrics.contains("\(line)\n"), "\(line)")
            }
            #expect(try await curl("\(mesh.a.http)/metrics").body.contains("wiremesh_dht_enabled 1\n"))
        }

        @Test func wrongUseAndNobodyThere() async throws {
            let coordinator = try await Coordinator.start()
            let there = ["--coordinator", coordinator.http]
            let nowhere = "http://127.0.0.1:\(try freePort())"
            for wrong in [
                ["dht", "lookup"], ["dht", "lookup", "no/such"] + there, ["dht", "records", "--limit", "0"], ["dht", "nothing"],
                ["dht", "ping", "b", "--unasked", "--worker", nowhere], ["dht", "status", "--worker", "nonsense"],
            ] {
                let done = try await wiremesh(wrong)
                #expect(done.code == 2, "\(wrong): \(done)")
            }
            let unknown = try await wiremesh(["dht", "ping", "nobody"] + there)
            #expect(unknown.code == 1 && unknown.errors.contains("no member is named nobody"), "\(unknown)")
            let away = try await wiremesh(["dht", "status", "--worker", nowhere])
            #expect(away.code == 1 && away.errors.contains("--worker"), "\(away)")
        }

        @Test func whoStaysOutSaysSo() async throws {
            let coordinator = try await Coordinator.start("--no-dht")
            let upstream = try await Upstream.start()
            let token = try await coordinator.token("--uses", "2")
            let a = try await WorkerProcess.start("a", token: token, "--no-dht")
            _ = try await WorkerProcess.start("b", token: token, services: ["demo": upstream.url])
            try await coordinator.offers("demo", by: "b")
            #expect((try await curl(a.url("demo", "/seen"))).status == 200)
            for arguments in [["--coordinator", coordinator.http], ["--worker", a.http]] {
                let status = try await wiremesh(["dht", "status"] + arguments)
                #expect(status.code == 1 && status.errors.contains("--no-dht"), "\(status)")
                #expect(try await wiremesh(["dht", "status", "--json"] + arguments).json()["dht_enabled"] == false)
                #expect((try await wiremesh(["dht", "lookup", "demo"] + arguments)).errors.contains("503"))
            }
            #expect(try await curl("\(a.http)/metrics").body.contains("wiremesh_dht_enabled 0\n"))
            let doctor = try await wiremesh(["doctor", "--coordinator", coordinator.http])
            #expect(doctor.output.contains("the coordinator is not in the DHT"), "\(doctor)")
        }

        // MARK: Doctor, on hosts of their own

        /// What doctor says on the host of worker "a", by its checks of datagrams.
        private func doctor(_ hosts: ThreeHosts) async throws -> [String: JSON] {
            let arguments = ["doctor", "--json", "--coordinator", hosts.coordinator.http, "--worker", hosts.a.http]
            let done = try await wiremesh(arguments, prefix: hosts.a.prefix)
            let checks = try done.json()["checks"].array
            return Dictionary(checks.compactMap { check in check["check"].string.map { ($0, check) } }, uniquingKeysWith: { $1 })
        }

        @Test func doctorNamesTheDirectionThatIsBroken() async throws {
            let hosts = try await ThreeHosts.start(sharesHTTP: true)
            let port = try #require(hosts.coordinator.wire.split(separator: ":").last)
            var checks = try await doctor(hosts)
            #expect(checks["datagrams"]?["verdict"] == "ok" && checks["answers"]?["verdict"] == "ok", "\(checks)")
            #expect(checks["inbound"]?["verdict"] == "ok", "\(checks)")

            func after(_ host: String, input: String = "", output: String = "") async throws -> [String: JSON] {
                try await hosts.filter(host, input: input, output: output)
                let said = try await doctor(hosts)
                try await hosts.unfilter(host)
                return said
            }
            // A stranger's datagrams do not come in.
            checks = try await after("a", input: "meta l4proto udp ct state new drop")
            #expect(checks["datagrams"]?["verdict"] == "ok" && checks["answers"]?["verdict"] == "ok", "\(checks)")
            #expect(checks["inbound"]?["verdict"] != "ok" && checks["inbound"]?["finding"].string?.contains("do not reach a") == true)
            // Answers do not come back.
            checks = try await after("a", input: "meta l4proto udp drop")
            #expect(checks["datagrams"]?["verdict"] == "ok", "\(checks)")
            #expect(checks["answers"]?["finding"].string?.contains("do not come back") == true, "\(checks)")
            // Nothing goes out.
            checks = try await after("c", input: "udp dport \(port) drop")
            #expect(checks["datagrams"]?["finding"].string?.contains("TCP works and UDP does not: of 8") == true, "\(checks)")
            // Only what is short goes out: 1,200 bytes and two headers are too long.
            checks = try await after("c", input: "meta l4proto udp meta length > 1200 drop")
            #expect(checks["datagrams"]?["finding"].string?.contains("those of 1200 bytes do not") == true, "\(checks)")
            // The port is closed, and says so.
            checks = try await after("c", input: "udp dport \(port) reject with icmp port-unreachable")
            #expect(checks["datagrams"]?["finding"].string?.contains("refuses datagrams") == true, "\(checks)")
            for check in checks.values where check["verdict"] == "fail" { #expect(check["next"].string?.isEmpty == false, "\(check)") }
        }
    }
}
