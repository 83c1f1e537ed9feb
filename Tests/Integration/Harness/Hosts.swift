import Foundation

/// Hosts of their own, in network namespaces on one switch, which needs root: the coordinator on host "c", worker "a" on host "a", worker
/// "b" with the service "demo" on host "b".
struct ThreeHosts {
    let prefix: String
    let coordinator: Coordinator
    let upstream: Upstream
    let a: WorkerProcess
    let b: WorkerProcess

    /// `environment` is that of the coordinator and of both workers; `ready` runs when the hosts are there and nothing else is. With
    /// `sharesHTTP` the coordinator's HTTP listens where the other hosts reach it. "b" offers so many `more` services, "more-1" and up.
    static func start(
        environment: [String: String] = [:], sharesHTTP: Bool = false, more: Int = 0,
        ready: (_ on: (_ host: String) -> [String]) async throws -> Void = { _ in }
    ) async throws -> ThreeHosts {
        let prefix = "wm\(UInt32.random(in: 0..<100_000))"
        let made = try await Sandbox.current.run([Places.script("test-hosts"), "up", prefix, "c", "a", "b"])
        guard made.code == 0 else { throw Failure("no network namespaces here, which this test needs root for: \(made.errors)") }
        Sandbox.current.atEnd { remove(prefix) }
        let variables = environment.map { "\($0.key)=\($0.value)" }
        func on(_ host: String) -> [String] { ["ip", "netns", "exec", "\(prefix)-\(host)", "env"] + variables }
        try await ready(on)
        let coordinator =
            sharesHTTP
            ? try await Coordinator.start(listen: "10.77.0.1:0", http: "10.77.0.1:0", prefix: on("c"), "--insecure-http")
            : try await Coordinator.start(listen: "10.77.0.1:0", prefix: on("c"))
        let upstream = try await Upstream.start(prefix: on("b"))
        let token = try await coordinator.token("--uses", "2")
        var services = ["demo": upstream.url]
        for number in 0..<more { services["more-\(number + 1)"] = upstream.url }
        let a = try await WorkerProcess.start("a", token: token, listen: "10.77.0.2:0", prefix: on("a"))
        let b = try await WorkerProcess.start(
            "b", token: token, services: services, listen: "10.77.0.3:0", prefix: on("b"))
        try await coordinator.offers("demo", by: "b")
        return ThreeHosts(prefix: prefix, coordinator: coordinator, upstream: upstream, a: a, b: b)
    }

    func seen() async throws -> Answer { try await curl(a.url("demo", "/seen"), prefix: a.prefix) }

    /// The rules of a host's firewall, for what comes in and what goes out.
    func filter(_ host: String, input: String = "", output: String = "") async throws {
        let rules = """
            table ip broken {
                chain in {
                    type filter hook input priority filter; policy accept;
                    \(input)
                }
                chain out {
                    type filter hook output priority filter; policy accept;
                    \(output)
                }
            }
            """
        let file = Sandbox.current.path("rules-\(host)")
        try Data(rules.utf8).write(to: URL(filePath: file))
        try await run(on: host, "nft", "-f", file)
    }

    /// Takes them away again.
    func unfilter(_ host: String) async throws { try await run(on: host, "nft", "delete", "table", "ip", "broken") }

    private func run(on host: String, _ command: String...) async throws {
        let done = try await Sandbox.current.run(["ip", "netns", "exec", "\(prefix)-\(host)"] + command)
        guard done.code == 0 else { throw Failure("\(done)") }
    }

    /// Cuts the cable of a host, or mends it.
    func cable(_ verb: String, _ host: String) async throws {
        let done = try await Sandbox.current.run([Places.script("test-hosts"), verb, prefix, host])
        guard done.code == 0 else { throw Failure("\(done)") }
    }

    /// Synchronous, for the end of a test.
    private static func remove(_ prefix: String) {
        let process = Process()
        process.executableURL = URL(filePath: Places.script("test-hosts"))
        process.arguments = ["down", prefix, "c", "a", "b"]
        try? process.run()
        process.waitUntilExit()
    }
}
