import Foundation

/// Two workers behind gateways of their own, which masquerade and publish nothing: worker "a" behind "ga", worker "b" with the service
/// "demo" behind "gb". The coordinator stands on host "c", which both reach. Needs root.
struct HiddenHosts {
    let prefix: String
    let coordinator: Coordinator
    let upstream: Upstream
    let a: WorkerProcess
    let b: WorkerProcess

    /// Where "b" listens, behind its gateway.
    static let port = 7_701

    /// Gateways rewrite ports by `masquerade`, an option of nft, and forget datagrams' ways after so many seconds.
    static func start(masquerade: String = "", forgetsAfter seconds: Int? = nil) async throws -> HiddenHosts {
        let prefix = "wm\(UInt32.random(in: 0..<100_000))"
        Sandbox.current.atEnd { remove(prefix) }
        for verb in [["up", prefix, "c", "ga", "gb"], ["hide", prefix, "ga", "a"], ["hide", prefix, "gb", "b"]] {
            let made = try await Sandbox.current.run([Places.script("test-hosts")] + verb)
            guard made.code == 0 else { throw Failure("no network namespaces here, which this test needs root for: \(made.errors)") }
        }
        for gateway in ["ga", "gb"] {
            var commands: [[String]] = []
            if !masquerade.isEmpty {
                commands.append(["nft", "flush", "chain", "ip", "nat", "out"])
                commands.append(["nft", "add", "rule", "ip", "nat", "out", "oifname", "eth0", "masquerade", masquerade])
            }
            for name in seconds == nil ? [] : ["nf_conntrack_udp_timeout", "nf_conntrack_udp_timeout_stream"] {
                commands.append(["sh", "-c", "echo \(seconds ?? 0) > /proc/sys/net/netfilter/\(name)"])
            }
            for command in commands {
                let done = try await Sandbox.current.run(["ip", "netns", "exec", "\(prefix)-\(gateway)"] + command)
                guard done.code == 0 else { throw Failure("\(done)") }
            }
        }
        func on(_ host: String) -> [String] { ["ip", "netns", "exec", "\(prefix)-\(host)"] }
        let coordinator = try await Coordinator.start(listen: "10.77.0.1:0", prefix: on("c"))
        let upstream = try await Upstream.start(prefix: on("b"))
        let token = try await coordinator.token("--uses", "2")
        let a = try await WorkerProcess.start("a", token: token, listen: "0.0.0.0:\(port)", prefix: on("a"))
        let b = try await WorkerProcess.start(
            "b", token: token, services: ["demo": upstream.url], listen: "0.0.0.0:\(port)", prefix: on("b"))
        try await coordinator.offers("demo", by: "b")
        return HiddenHosts(prefix: prefix, coordinator: coordinator, upstream: upstream, a: a, b: b)
    }

    func seen() async throws -> Answer { try await curl(a.url("demo", "/seen"), prefix: a.prefix) }

    /// What a ping from "a" to "b" says.
    func ping() async throws -> JSON {
        let done = try await Sandbox.current.run(a.prefix + [Places.wiremesh, "ping", "b", "--from", a.http, "--json"])
        guard done.code == 0, let line = done.output.split(separator: "\n").last else { throw Failure("no ping: \(done)") }
        return try JSON(String(line))
    }

    /// From now on the gateway of "b" passes connections and datagrams on; with `hidingSources` as if they came from itself.
    func publish(hidingSources: Bool = false) async throws {
        if hidingSources {
            let rule = ["add", "rule", "ip", "nat", "out", "oifname", "inner", "masquerade"]
            let done = try await Sandbox.current.run(["ip", "netns", "exec", "\(prefix)-gb", "nft"] + rule)
            guard done.code == 0 else { throw Failure("\(done)") }
        }
        let done = try await Sandbox.current.run([Places.script("test-hosts"), "publish", prefix, "gb", "\(Self.port)"])
        guard done.code == 0 else { throw Failure("\(done)") }
    }

    /// Synchronous, for the end of a test.
    private static func remove(_ prefix: String) {
        let process = Process()
        process.executableURL = URL(filePath: Places.script("test-hosts"))
        process.arguments = ["down", prefix, "c", "ga", "gb", "a", "b"]
        try? process.run()
        process.waitUntilExit()
    }
}
