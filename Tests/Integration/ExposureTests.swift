import Foundation
import Testing

extension Integration {
    /// HTTP that other machines can reach.
    @Suite struct Exposure {
        /// A coordinator that is ready to start but for its HTTP options.
        private var coordinator: [String] {
            [Places.wiremesh, "coordinator", "--data", Sandbox.current.path("data"), "--listen", "127.0.0.1:0", "--json"]
        }

        /// TLS without tokens is as open as tokens without TLS; nothing is made in either case.
        @Test(arguments: ["0.0.0.0:0", "[::]:0"])
        func wantsTLSAndTokens(address: String) async throws {
            let files = try await TLSFiles()
            let mesh = try await Coordinator.start()
            let worker = [
                Places.wiremesh, "worker", "--data", Sandbox.current.path("data"), "--join", try await mesh.token(), "--name", "w",
            ]
            for command in [coordinator, worker] {
                for options in [[], ["--http-token-file", files.tokens], ["--http-cert", files.certificate, "--http-key", files.key]] {
                    let done = try await Sandbox.current.run(command + ["--http", address] + options, within: .seconds(20))
                    #expect(done.code == 2, "\(options): \(done)")
                    #expect(done.errors.contains("--insecure-http"), "\(done)")
                    #expect(!FileManager.default.fileExists(atPath: Sandbox.current.path("data")))
                }
            }
        }

        @Test func insecureHTTPIsTakenAndWarnedAbout() async throws {
            let program = try Sandbox.current.start("coordinator", coordinator + ["--http", "0.0.0.0:0", "--insecure-http"])
            let port = try await port(of: program)
            #expect((try await curl("http://127.0.0.1:\(port)/health")).status == 200)
            let warning = try await program.event("a warning") { $0["level"] == "warning" }
            #expect(warning["message"].string?.contains("open to other machines") == true, "\(warning)")
        }

        @Test func servesOverTLSToWhoeverHasAToken() async throws {
            let files = try await TLSFiles()
            let url = try await secureCoordinator(files)
            let ca = ["--cacert", files.certificate]
            func ask(_ path: String, _ more: String...) async throws -> Finished {
                try await Sandbox.current.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}"] + ca + more + [url + path])
            }
            #expect(try await ask("/api/services/list", "-H", "Authorization: Bearer \(files.token)").output == "200")
            #expect(try await ask("/api/services/list").output == "401")
            #expect(try await ask("/api/services/list", "-H", "Authorization: Bearer \(files.token)x").output == "401")
            #expect(try await ask("/metrics").output == "401")
            #expect(try await ask("/healthz").output == "200")
            let plain = try await curl(url.replacing("https://", with: "http://") + "/healthz")
            #expect(plain.status == 0 && plain.exit != 0)
            let stranger = try await curl(url + "/healthz")
            #expect(stranger.exit == 60, "curl must not believe the certificate: \(stranger)")
        }

        /// The command as a client: with the CA and the token it works, without either it says what is missing.
        @Test func theCommandIsAClientOfIt() async throws {
            let files = try await TLSFiles()
            let url = try await secureCoordinator(files)
            func services(_ options: [String], environment: [String: String] = [:]) async throws -> Finished {
                try await Sandbox.current.run(
                    [Places.wiremesh, "services", "--json", "--coordinator", url] + options, environment: environment)
            }
            let good = try await services(files.clientOptions)
            #expect(good.code == 0, "\(good)")
            #expect(try good.json()["total_available"] == 0)
            let set = try await services(
                [], environment: ["WIREMESH_HTTP_CA": files.certificate, "WIREMESH_HTTP_TOKEN_FILE": files.tokens])
            #expect(set.code == 0, "\(set)")
            let unknown = try await services(["--http-token-file", files.tokens])
            #expect(unknown.code == 1)
            #expect(unknown.errors.contains("cannot be trusted") && unknown.errors.contains("--http-ca"), "\(unknown)")
            let closed = try await services(["--http-ca", files.certificate])
            #expect(closed.code == 1)
            #expect(closed.errors.contains("--http-token-file"), "\(closed)")
            let none = try await services(["--http-ca", files.tokens, "--http-token-file", files.tokens])
            #expect(none.code == 2)
            #expect(none.errors.contains(files.tokens), "\(none)")
        }

        @Test func aWorkersFrontAsWell() async throws {
            let files = try await TLSFiles()
            let coordinator = try await Coordinator.start()
            let upstream = try await Upstream.start()
            let token = try await coordinator.token()
            let program = try WorkerProcess.spawn(
                "w", token: token, data: Sandbox.current.path("w"), services: ["demo": upstream.url], http: "0.0.0.0:0", files.options)
            let url = "https://localhost:\(try await port(of: program))"
            try await until("the worker should be ready") { try await curl(url + "/readyz", "--cacert", files.certificate).status == 200 }
            let closed = try await curl(url + "/service/demo/seen", "--cacert", files.certificate)
            #expect(closed.status == 401)
            let bearer = "Authorization: Bearer \(files.token)"
            let open = try await curl(url + "/service/demo/seen", "--cacert", files.certificate, "-H", bearer)
            #expect(open.status == 200)
            #expect(!open.body.contains(files.token), "the token is not the service's business")
        }

        // MARK: Parts

        private func port(of program: Program) async throws -> String {
            String(try await program.listening("http").split(separator: ":").last ?? "")
        }

        private func secureCoordinator(_ files: TLSFiles) async throws -> String {
            let program = try Sandbox.current.start("coordinator", coordinator + ["--http", "0.0.0.0:0"] + files.options)
            return "https://127.0.0.1:\(try await port(of: program))"
        }
    }
}
