package import NIOCore

/// The document behind a worker's `/openapi.json`.
package enum WorkerDocument {
    /// - Parameter version: of the program.
    package static func encoded(version: String) -> ByteBuffer {
        OpenAPIDocument(
            title: "Wiremesh worker", summary: "Forwards requests to services of the mesh, over HTTP.", version: version,
            operations: operations,
            schemas: [
                "Statistics": statistics, "WorkerHealth": health, "Explanation": explanation, "PingedMember": pinged,
                "DHTStatus": DHTSchemas.status, "DHTLookup": DHTSchemas.lookup, "DHTPing": DHTSchemas.ping,
                "DHTRecords": DHTSchemas.records,
            ]
        ).encoded
    }

    static let operations: [Operation] =
        ["POST", "GET", "PUT", "PATCH", "DELETE"].flatMap { [service($0, path: false), service($0, path: true)] } + [
            Operation(
                method: "GET", path: "/stats", summary: "Count what the router has done", answers: [.ok(.named("Statistics"))]),
            Operation(
                method: "GET", path: "/health", summary: "Say that the worker runs, and what it offers",
                answers: [.ok(.named("WorkerHealth"))]),
            explain, ping,
        ] + DHTOperations.all + ProcessOperations.all

    /// Asks the router's tiers, which nothing else does without sending a request.
    static let explain = Operation(
        method: "GET", path: "/api/mesh/explain/{service}", summary: "Say where this worker would look for a service, and whom it may take",
        parameters: [Operation.Parameter(name: "service", schema: .text, summary: "Name of the service.")],
        answers: [.ok(.named("Explanation"))])

    /// Goes the way that a call would go.
    static let ping = Operation(
        method: "POST", path: "/api/mesh/ping/{worker_id}",
        summary: "Measure the round trip to another worker, and say whether a relay passes the link on",
        parameters: [Operation.Parameter(name: "worker_id", schema: .text, summary: "Name of the worker.")],
        answers: [
            .ok(.named("PingedMember")), .refusal(404, "No such worker, or it speaks HTTP only."),
            .refusal(502, "The worker could not be reached."), .refusal(503, "No coordinator says where it is."),
            .refusal(504, "No answer in time."),
        ])

    /// A request to a service, with or without a rest of the path.
    private static func service(_ method: String, path: Bool) -> Operation {
        var parameters = [
            Operation.Parameter(name: "service", schema: .text, summary: "Name of the service.")
        ]
        if path {
            parameters.append(
                Operation.Parameter(name: "path", schema: .text, summary: "Rest of the path, handed to the service; may hold slashes."))
        }
        return Operation(
            method: method, path: path ? "/service/{service}/{path}" : "/service/{service}",
            summary: "Send a request to the service, here or at another worker", parameters: parameters,
            body: ["POST", "PUT", "PATCH"].contains(method)
                ? Operation.Content(type: "*/*", schema: .anything, isRequired: false) : nil,
            answers: [
                Operation.Answer(
                    status: 200, summary: "What the service answers, whatever its status.",
                    content: Operation.Content(type: "*/*", schema: .anything)),
                .refusal(404, "Nobody ever offered the service."), .refusal(431, "The header block does not fit a HEAD frame."),
                .refusal(502, "The request could not be forwarded."),
                .refusal(503, "No healthy worker, or too much work just now (then with Retry-After)."),
                .refusal(504, "No answer in time."),
            ])
    }

    private static let counters: [String] = [
        "local_requests", "forwarded_requests", "cache_hits", "cache_misses", "dht_lookups", "wire_lookups", "http_lookups",
        "failed_requests", "cache_size",
    ]

    private static let statistics: Schema = {
        let routing = counters.map { JSONValue.Member($0, .count) } + [JSONValue.Member("cache_hit_rate", .number)]
        let others: [JSONValue.Member] = [
            .init("worker_id", .text), .init("vpn_ip", .nullable(.text)), .init("services", .list(.text)),
            .init("capabilities", .map),
            .init("routing", object(routing)),
        ]
        return object(routing + others)
    }()

    private static let health: Schema = .record([
        "status": .text, "worker_id": .text, "vpn_ip": .nullable(.text), "services": .list(.text), "dht_enabled": .flag,
        "uptime": .number,
    ])

    private static let pinged: Schema = .record([
        "worker_id": .text, "latency_ms": .number, "route": .oneOf(["direct", "relay"]), "relay": .nullable(.text),
    ])

    private static let explanation: Schema = .record([
        "service": .text, "worker_id": .text, "timestamp": .time,
        "tiers": .list(
            .record([
                "tier": .oneOf(["local", "cache", "dht", "wire", "http"]), "workers": .nullable(.list(.text)), "age_ms": .number,
                "took_ms": .number, "detail": .text,
            ])),
        "candidates": .list(
            .record([
                "worker_id": .text, "route": .nullable(.oneOf(["local", "direct", "relay", "http"])), "load": .number,
                "cost_ms": .nullable(.number), "eligible": .flag, "reason": .text,
            ])),
    ])

    private static func object(_ members: [JSONValue.Member]) -> Schema {
        ["type": "object", "properties": .object(members), "required": .array(members.map { .string($0.name) })]
    }
}

/// What every process answers about itself.
enum ProcessOperations {
    static let live = Operation(
        method: "GET", path: "/healthz", summary: "Say that the process runs", answers: [answer(200, "It runs.")])
    static let ready = Operation(
        method: "GET", path: "/readyz", summary: "Say whether it can do its work",
        answers: [answer(200, "It is ready."), answer(503, "It is not, and why.")])
    static let metrics = Operation(
        method: "GET", path: "/metrics", summary: "Count what has happened, as Prometheus reads it",
        answers: [answer(200, "The Prometheus text format, version 0.0.4.")])
    static let document = Operation(
        method: "GET", path: "/openapi.json", summary: "Describe these endpoints", answers: [.ok(.map, "OpenAPI 3.1.")])

    static let all = [live, ready, metrics, document]

    private static func answer(_ status: Int, _ summary: String) -> Operation.Answer {
        Operation.Answer(status: status, summary: summary, content: Operation.Content(type: "text/plain", schema: .text))
    }
}
