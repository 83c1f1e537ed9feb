import Foundation
import Testing

extension Integration {
    /// The command in the hands of an operator, against a mesh that runs.
    @Suite struct Commands {
        private func wiremesh(_ coordinator: Coordinator, _ arguments: String..., environment: [String: String] = [:]) async throws
            -> Finished
        {
            try await Sandbox.current.run([Places.wiremesh] + arguments + ["--coordinator", coordinator.http], environment: environment)
        }

        // MARK: Reading

        @Test func listsServicesAndWorkers() async throws {
            let mesh = try await TwoWorkers.start()
            let services = try await wiremesh(mesh.coordinator, "services")
            #expect(services.code == 0)
            #expect(services.output.contains("demo") && services.output.contains("WORKERS"), "\(services)")
            #expect(try await wiremesh(mesh.coordinator, "services", "--json").json()["services"]["demo"]["healthy_workers"] == 1)
            let workers = try await wiremesh(mesh.coordinator, "workers")
            #expect(workers.output.split(separator: "\n").count == 3, "\(workers)")
            let listed = try await wiremesh(mesh.coordinator, "workers", "--json").json()["workers"].array
            #expect(listed.compactMap { $0["worker_id"].string }.sorted() == ["a", "b"])
        }

        /// The coordinator's URL: a flag is stronger than WIREMESH_COORDINATOR, that than COORDINATOR_URL, that than a file.
        @Test func findsTheCoordinatorBySettings() async throws {
            let coordinator = try await Coordinator.start()
            let nowhere = "http://127.0.0.1:\(try freePort())"
            let file = Sandbox.current.path("settings")
            try Data("COORDINATOR_URL=\(nowhere)\n".utf8).write(to: URL(filePath: file))
            func services(_ environment: [String: String], _ arguments: String...) async throws -> Int32? {
                try await Sandbox.current.run([Places.wiremesh, "services"] + arguments, environment: environment).code
            }
            #expect(try await services(["COORDINATOR_URL": coordinator.http]) == 0)
            #expect(try await services(["COORDINATOR_URL": nowhere]) == 1)
            #expect(try await services(["COORDINATOR_URL": nowhere, "WIREMESH_COORDINATOR": coordinator.http]) == 0)
            #expect(try await services(["WIREMESH_COORDINATOR": nowhere], "--coordinator", coordinator.http) == 0)
            #expect(try await services(["COORDINATOR_URL": coordinator.http], "--config", file) == 0)
            #expect(try await services([:], "--config", file) == 1)
        }

        @Test func explainsADiscovery() async throws {
            let mesh = try await TwoWorkers.start()
            let token = try await mesh.coordinator.token()
            _ = try await WorkerProcess.start("c", token: token, services: ["demo": mesh.upstream.url])
            try await mesh.coordinator.offers("demo", by: "b", "c")
            #expect((try await mesh.coordinator.administer(["drain", "c"])).code == 0)
            try await mesh.coordinator.offers("demo", by: "b")
            #expect((try await curl(mesh.a.url("demo", "/seen"))).status == 200)

            let text = try await wiremesh(mesh.coordinator, "discover", "demo", "--explain", "--worker", mesh.a.http)
            #expect(text.code == 0)
            #expect(text.output.contains("b") && !text.output.contains("TIER"), "the result alone is on standard output: \(text)")
            #expect(text.errors.contains("c is left out: draining"), "\(text)")
            for word in ["local", "cache", "dht", "wire", "learnt from", "1 healthy", "direct", "may be drawn"] {
                #expect(text.errors.contains(word), "\(word): \(text)")
            }
            // Who drains withdraws from the DHT within a second.
            var json = JSON.null
            try await until("the DHT should name b alone") {
                json = try await wiremesh(mesh.coordinator, "discover", "demo", "--explain", "--json", "--worker", mesh.a.http).json()
                return json["explanation"]["candidates"].array.map { $0["worker_id"] } == ["b"]
            }
            #expect(json["discovery"]["recommended"] == "b")
            #expect(json["left_out"].array.map { $0["worker_id"] } == ["c"])
            let tiers = json["explanation"]["tiers"].array
            #expect(tiers.map { $0["tier"] } == ["local", "cache", "dht", "wire"])
            #expect([tiers[0], tiers[1], tiers[3]].map { $0["workers"] } == [.null, .array(["b"]), .array(["b"])])
            let candidates = json["explanation"]["candidates"].array
            #expect(candidates.first?["route"] == "direct")
            #expect(candidates.first?["eligible"] == true)

            let own = try await curl("\(mesh.b.http)/api/mesh/explain/demo").json()
            #expect(own["candidates"].array.first?["route"] == "local")
            let plain = try await wiremesh(mesh.coordinator, "discover", "demo", "--json").json()
            #expect(plain["recommended"] == "b")
            let nobody = try await wiremesh(mesh.coordinator, "discover", "nothing", "--explain", "--worker", mesh.a.http)
            #expect(nobody.code == 1)
            #expect(nobody.errors.contains("nobody ever offered it"), "\(nobody)")
            let wrong = try await wiremesh(
                mesh.coordinator, "discover", "demo", "--explain", "--worker", "http://127.0.0.1:\(try freePort())")
            #expect(wrong.code == 1)
        }

        @Test func callsAService() async throws {
            let mesh = try await TwoWorkers.start()
            let file = Sandbox.current.path("body")
            try Data("from a file".utf8).write(to: URL(filePath: file))
            let get = try await wiremesh(mesh.coordinator, "call", "demo", "--path", "/seen/x?y=1").json()
            #expect(get["method"] == "GET")
            #expect(get["target"] == "/seen/x?y=1")
            let text = try await wiremesh(mesh.coordinator, "call", "demo", "--path", "seen", "--data", "{\"a\":1}").json()
            #expect(text["method"] == "POST")
            #expect(text["body"] == "{\"a\":1}")
            #expect(text["headers"]["content-type"] == "application/json")
            #expect(
                try await wiremesh(mesh.coordinator, "call", "demo", "--path", "/seen", "--data", "@\(file)").json()["body"]
                    == "from a file")
            let input = try Sandbox.current.start(
                "call", [Places.wiremesh, "call", "demo", "--path", "/seen", "--data", "-", "--coordinator", mesh.coordinator.http],
                input: URL(filePath: file))
            #expect(try await input.waitForExit() == .code(0))
            #expect(try JSON(input.output)["body"] == "from a file")
            let refused = try await wiremesh(mesh.coordinator, "call", "demo", "--path", "/status/418")
            #expect(refused.code == 1)
            #expect(refused.output.contains("as asked") && refused.errors.contains("418"), "\(refused)")
            let late = try await wiremesh(mesh.coordinator, "call", "demo", "--path", "/slow", "--timeout", "300ms")
            #expect(late.code == 1)
            #expect((try await wiremesh(mesh.coordinator, "call", "demo", "--timeout", "soon")).code == 2)
            #expect((try await wiremesh(mesh.coordinator, "call", "demo", "--data", "@/nowhere/at/all")).code == 2)
        }

        @Test func pingsAndExamines() async throws {
            let mesh = try await TwoWorkers.start()
            let ping = try await wiremesh(mesh.coordinator, "ping", "b", "--json")
            #expect(ping.code == 0)
            #expect(ping.output.split(separator: "\n").count == 4)
            for line in ping.output.split(separator: "\n") { #expect(try JSON(String(line))["latency_ms"].number ?? 0 > 0) }
            let unknown = try await wiremesh(mesh.coordinator, "ping", "nobody")
            #expect(unknown.code == 1)
            #expect(unknown.errors.contains("not found"), "\(unknown)")
            let doctor = try await wiremesh(mesh.coordinator, "doctor", "--json", "--data", mesh.b.data)
            let report = try doctor.json()
            #expect(doctor.code == 0, "\(doctor)")
            #expect(report["healthy"] == true)
            #expect(Set(report["checks"].array.compactMap { $0["check"].string }).isSuperset(of: ["coordinator", "registry", "clock"]))
            let ill = try await Sandbox.current.run([Places.wiremesh, "doctor", "--coordinator", "http://127.0.0.1:\(try freePort())"])
            #expect(ill.code == 1)
            #expect(ill.output.contains("nothing answers"), "\(ill)")
        }

        @Test func saysVersionsAndReadsFrames() async throws {
            let version = try await Sandbox.current.run([Places.wiremesh, "version", "--json"])
            #expect(try version.json()["protocol"] == "WM/1 draft")
            #expect((try await Sandbox.current.run([Places.wiremesh, "version"])).output.hasPrefix("wiremesh "))
            let wrong = try await Sandbox.current.run([Places.wiremesh, "decode", "xyz"])
            #expect(wrong.code == 2)
        }

        // MARK: Tokens

        /// One line, good for nothing but to be copied; made beside the running coordinator by way of a socket that is its owner's.
        @Test func makesTokens() async throws {
            let coordinator = try await Coordinator.start(data: "c", "--advertise", "mesh.example:7700")
            let token = try await coordinator.token("--name", "laptop", "--ttl", "5m", "--uses", "3")
            #expect(token.hasPrefix("wmj1_"))
            let socket = try FileManager.default.attributesOfItem(atPath: coordinator.data + "/control.sock")
            #expect((socket[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            let listed = try await coordinator.administer(["token", "list", "--json"]).json()["tokens"].array
            #expect(listed.count == 1)
            #expect(listed.first?["name"] == "laptop")
            #expect(listed.first?["uses"] == 3)
            #expect((try await coordinator.administer(["token", "list"])).output.contains("laptop"))
            #expect((try await coordinator.administer(["token", "revoke", "laptop"])).code == 0)
            let gone = try await coordinator.administer(["token", "list", "--json"]).json()["tokens"].array
            #expect(gone.first?["state"] == "revoked")
            #expect((try await coordinator.administer(["token", "revoke", "nothing"])).code == 1)
            for wrong in [["--uses", "0"], ["--ttl", "0s"], ["--address", "nowhere"]] {
                #expect((try await coordinator.administer(["token", "create"] + wrong)).code == 2, "\(wrong)")
            }
        }

        // MARK: Ports

        /// In a network of their own: ports that nobody asked for move on and say so, where the log is JSON as well.
        @Test func defaultPortsMoveOn() async throws {
            let script = """
                ip link set lo up
                python3 -c 'import socket, time
                held = [socket.create_server(("0.0.0.0", port)) for port in (7700, 8080)]
                print("held", flush=True); time.sleep(60)' & read -t 10 < <(sleep 1); \
                exec "$0" coordinator --data "$1" --json
                """
            let program = try Sandbox.current.start(
                "coordinator", ["unshare", "-n", "bash", "-c", script, Places.wiremesh, Sandbox.current.path("c")])
            #expect(try await program.listening("wire").hasSuffix(":7701"))
            #expect(try await program.listening("http") == "127.0.0.1:8081")
            for port in ["7700", "8080"] {
                _ = try await program.event("that \(port) is in use") {
                    $0["level"] == "notice" && $0["message"].string?.contains("\(port) is in use") == true
                }
            }
        }

        /// `wiremesh dev` on the default ports of a network of its own: what it prints works, and a request has crossed the mesh.
        @Test func devShowsAMesh() async throws {
            let script = "ip link set lo up; exec \"$0\" dev --demo"
            let program = try Sandbox.current.start("dev", ["unshare", "-n", "bash", "-c", script, Places.wiremesh])
            try await until(within: .seconds(40), "dev should come up") { program.output.contains("Ctrl-C ends it.") }
            for text in ["wiremesh-worker: bob", "wiremesh-route: direct", "data: 5", "http://127.0.0.1:8080", "http://127.0.0.1:8000"] {
                #expect(program.output.contains(text), "\(text): \(program.log)")
            }
            let inside = ["nsenter", "-n", "-t", "\(program.pid)"]
            let explained = try await Sandbox.current.run(inside + [Places.wiremesh, "discover", "hello", "--explain"])
            #expect(explained.code == 0)
            #expect(explained.errors.contains("ada asks these tiers"), "\(explained)")
            let echo = try await Sandbox.current.run(inside + [Places.wiremesh, "call", "echo", "--data", "hello"])
            #expect(echo.output == "hello")
            program.signal(SIGINT)
            #expect(try await program.waitForExit() == .code(0))
        }
    }
}
