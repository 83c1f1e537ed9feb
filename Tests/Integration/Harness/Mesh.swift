import Foundation

/// A coordinator that runs as a process of its own.
struct Coordinator {
    let program: Program
    /// Its data folder.
    let data: String
    /// Address of its wire port and base of its HTTP URLs.
    let wire: String
    let http: String
    /// What comes before each command that administers it, such as "ip netns exec HOST".
    let prefix: [String]

    /// Starts it and waits until it listens. `listen` and `http` are ports 0 unless a test needs the same ones again.
    static func start(
        data: String = "coordinator", listen: String = "127.0.0.1:0", http: String = "127.0.0.1:0", prefix: [String] = [],
        _ extra: String...
    ) async throws -> Coordinator {
        let folder = Sandbox.current.path(data)
        let arguments = ["coordinator", "--data", folder, "--listen", listen, "--http", http, "--json"] + extra
        let program = try Sandbox.current.start("coordinator", prefix + [Places.wiremesh] + arguments)
        return Coordinator(
            program: program, data: folder, wire: try await program.listening("wire"),
            http: "http://" + (try await program.listening("http")),
            prefix: prefix)
    }

    /// A join token; it is alone on its line.
    func token(_ arguments: String...) async throws -> String {
        let done = try await administer(["token", "create"] + arguments)
        let token = done.output.trimmingCharacters(in: .newlines)
        guard done.code == 0, token.hasPrefix("wmj1_"), !token.contains("\n") else { throw Failure("no token: \(done)") }
        return token
    }

    /// Runs a command that takes --data.
    func administer(_ arguments: [String]) async throws -> Finished {
        try await Sandbox.current.run(prefix + [Places.wiremesh] + arguments + ["--data", data])
    }

    /// The ids of the workers that discovery answers with; none where it answers 503.
    func discover(_ service: String) async throws -> [String] {
        let answer = try await curl("\(http)/api/services/discover/\(service)", prefix: prefix)
        guard answer.status == 200 else { return [] }
        return try answer.json()["workers"].array.compactMap { $0["worker_id"].string }
    }

    /// Waits until exactly these workers are handed out.
    func offers(_ service: String, by workers: String..., within limit: Duration = .seconds(20)) async throws {
        try await until(within: limit, "\(service) should be offered by \(workers)") {
            try await discover(service).sorted() == workers.sorted()
        }
    }
}

/// Who wrote the worker that a test runs: the one of this repository's program, or the one written from spec/ alone.
enum Implementation: String, CaseIterable {
    case program, reference

    /// The command that runs such a worker.
    func command(_ name: String, token: String?, data: String, services: [String: String], listen: String, http: String)
        -> [String]
    {
        let offered = services.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let common = ["--name", name, "--listen", listen] + (token.map { ["--join", $0] } ?? [])
        switch self {
        case .program:
            return [Places.wiremesh, "worker", "--data", data, "--http", http, "--json"] + common + offered.flatMap { ["--service", $0] }
        case .reference:
            let package = "PYTHONPATH=" + Places.root.appending(path: "spec/python").path
            return ["env", package, Places.python, "-m", "wiremesh_reference", "serve", "--data", data + "/identity"] + common + offered
        }
    }
}

extension Implementation {
    /// Where a worker of this implementation takes links.
    func wire(of worker: WorkerProcess) async throws -> String {
        switch self {
        case .program: return try await worker.program.listening("wire")
        case .reference:
            let port = worker.program.log.firstMatch(of: /listening on port (\d+)/)?.1
            guard let port else { throw Failure("\(worker.name) never said where it listens\n\(worker.program.log)") }
            return "127.0.0.1:\(port)"
        }
    }
}

/// A worker that runs as a process of its own.
struct WorkerProcess {
    let name: String
    let program: Program
    let data: String
    /// Base of its HTTP URLs.
    let http: String
    let prefix: [String]

    /// Starts it and waits until it has registered. Without a token it must have joined before. The reference has no HTTP front.
    static func start(
        _ name: String, as implementation: Implementation = .program, token: String?, data: String? = nil, services: [String: String] = [:],
        listen: String = "127.0.0.1:0", http: String = "127.0.0.1:0", prefix: [String] = [], _ extra: String...
    ) async throws -> WorkerProcess {
        let folder = Sandbox.current.path(data ?? name)
        let program = try spawn(
            name, as: implementation, token: token, data: folder, services: services, listen: listen, http: http, prefix: prefix, extra)
        var front = ""
        switch implementation {
        case .program:
            front = "http://" + (try await program.listening("http"))
            _ = try await program.event("registered") { $0["message"].string?.hasPrefix("registered") == true }
        case .reference: try await until("\(name) should register") { program.log.contains("registered as \(name)") }
        }
        return WorkerProcess(name: name, program: program, data: folder, http: front, prefix: prefix)
    }

    /// Starts one that is not expected to come up.
    static func spawn(
        _ name: String, as implementation: Implementation = .program, token: String?, data: String, services: [String: String] = [:],
        listen: String = "127.0.0.1:0", http: String = "127.0.0.1:0", prefix: [String] = [], _ extra: [String] = []
    ) throws -> Program {
        let command = implementation.command(name, token: token, data: data, services: services, listen: listen, http: http)
        return try Sandbox.current.start(name, prefix + command + extra)
    }

    /// A URL of one of the mesh's services through this worker.
    func url(_ service: String, _ path: String = "") -> String { "\(http)/service/\(service)\(path)" }
}

extension Program {
    /// The address of the `wire` or `http` port, from the log.
    func listening(_ what: String) async throws -> String {
        let event = try await event("listening, with the \(what) address") { event in
            event["message"] == "listening" && event[what].string != nil
        }
        return event[what].string ?? ""
    }
}

/// The Python service of Fixtures/upstream.py.
struct Upstream {
    let program: Program
    let url: String

    static func start(_ name: String = "upstream", host: String = "127.0.0.1", prefix: [String] = []) async throws -> Upstream {
        let program = try Sandbox.current.start(name, prefix + [Places.python, Places.fixture("upstream.py"), host])
        let event = try await program.event("listening") { $0["event"] == "listening" }
        return Upstream(program: program, url: "http://\(host):\(Int(event["port"].number ?? 0))")
    }

    /// Waits for a request whose target contains `target`, or for its end ("gone": the client left, "done": answered whole).
    @discardableResult
    func event(_ kind: String, _ target: String, within limit: Duration = .seconds(10)) async throws -> Double {
        let event = try await program.event(within: limit, "\(kind) \(target)") {
            $0["event"] == .string(kind) && ($0["target"].string ?? "").contains(target)
        }
        return event["at"].number ?? 0
    }
}

/// What most tests need: a coordinator, an upstream, worker "b" that hosts it as "demo", and worker "a" that hosts nothing.
struct TwoWorkers {
    let coordinator: Coordinator
    let upstream: Upstream
    let a: WorkerProcess
    let b: WorkerProcess

    static func start(b implementation: Implementation = .program, service: String = "demo", _ extra: String...) async throws -> TwoWorkers
    {
        async let upstreamStarts = Upstream.start()
        let coordinator: Coordinator
        switch extra.first {
        case let flag?: coordinator = try await Coordinator.start(flag)
        case nil: coordinator = try await Coordinator.start()
        }
        let upstream = try await upstreamStarts
        let token = try await coordinator.token("--uses", "2")
        async let a = WorkerProcess.start("a", token: token)
        async let b = WorkerProcess.start("b", as: implementation, token: token, services: [service: upstream.url])
        let mesh = try await TwoWorkers(coordinator: coordinator, upstream: upstream, a: a, b: b)
        try await coordinator.offers(service, by: "b")
        return mesh
    }
}
