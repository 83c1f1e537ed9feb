internal import Wire

/// The endpoints that say what a member knows of the DHT: the same at workers and coordinators.
enum DHTOperations {
    static let status = Operation(
        method: "GET", path: "/api/dht/status",
        summary: "Say whether datagrams work, altogether and to each peer, and what this node is in the DHT",
        answers: [.ok(.named("DHTStatus"))])

    static let lookup = Operation(
        method: "GET", path: "/api/dht/lookup/{service}", summary: "Look for the providers of a service in the DHT, and say how that went",
        parameters: [.init(name: "service", schema: .text, summary: "Name of the service.")],
        answers: [.ok(.named("DHTLookup")), .doesNotFit, .refusal(503, "This node is not in the DHT.")])

    static let ping = Operation(
        method: "GET", path: "/api/dht/ping/{who}", summary: "Measure the round trip to a member by datagram, or say why there is none",
        parameters: [
            .init(name: "who", schema: .text, summary: "Name of a member, its node id, or the beginning of either."),
            .init(
                name: "unasked", schema: .flag,
                summary: "As a stranger to whom the member has opened no way: what a firewall there lets in. Coordinators only."),
        ],
        answers: [
            .ok(.named("DHTPing"), "Whether it answered, and if not, why."), .refusal(400, "Not here, or not of this node."),
            .refusal(404, "No such member, or its key is not known."), .refusal(409, "More than one begins so."),
            .refusal(503, "This node is not in the DHT."),
        ])

    static let records = Operation(
        method: "GET", path: "/api/dht/records", summary: "List the entries of providers that this node holds for others",
        parameters: [.init(name: "limit", schema: .count, summary: "How many at most: 1000 unless it is said.")],
        answers: [.ok(.named("DHTRecords")), .doesNotFit, .refusal(503, "This node is not in the DHT.")])

    static let all = [status, lookup, ping, records]
}

/// What they answer.
enum DHTSchemas {
    private static let health: Schema = .oneOf(["ok", "degraded", "down"])
    private static let cause: Schema = .nullable(
        .oneOf(["no-peers", "no-answer", "refused", "authentication", "mtu", "no-route", "withheld"]))

    static let status: Schema = .record(
        ["dht_enabled": .flag, "name": .text, "timestamp": .time],
        optional: [
            "node_id": .text, "endpoints": .list(.text),
            "health": .record([
                "status": health, "cause": cause, "text": .nullable(.text), "since_seconds": .number, "changes": .count,
            ]),
            "client": .flag, "client_reason": .oneOf(["address-given", "reached", "not-reached-yet", "not-reached"]),
            "client_text": .text, "view": .oneOf(["full", "buckets"]), "nodes": .count, "records": .count, "sessions": .count,
            "lookups": .count, "found": .count, "requests": .record(["udp": .count, "tcp": .count]),
            "datagrams": .record(["received": .count, "dropped": .count]),
            "published": .list(.record(["service": .text, "holders": .count])), "peers": .list(peer),
        ])

    private static let peer: Schema = .record([
        "node_id": .text, "name": .nullable(.text), "endpoints": .list(.text), "status": health, "cause": cause, "text": .nullable(.text),
        "latency_ms": .nullable(.number), "silence_seconds": .nullable(.number),
    ])

    private static let entryMembers: KeyValuePairs<String, Schema> = [
        "service": .text, "provider": .text, "node_id": .text, "incarnation": .count, "sequence": .count, "endpoints": .list(.text),
        "relays": .list(.record(["node_id": .text, "endpoints": .list(.text)])), "region": .nullable(.text), "zone": .nullable(.text),
        "remaining_seconds": .number,
    ]

    static let lookup: Schema = .record([
        "service": .text, "name": .text, "timestamp": .time, "providers": .list(.record(entryMembers)), "count": .count,
        "path": .oneOf(["udp", "tcp", "both", "none"]), "rounds": .count, "asked": .count,
        "answers": .record(["udp": .count, "tcp": .count]), "took_ms": .number, "complete": .flag,
    ])

    static let ping: Schema = .record([
        "who": .text, "node_id": .text, "endpoint": .nullable(.text), "unasked": .flag, "answered": .flag,
        "latency_ms": .nullable(.number), "cause": cause, "text": .nullable(.text),
    ])

    static let records: Schema = .record([
        "name": .text, "timestamp": .time,
        "records": .list(["allOf": [.record(entryMembers), .record(["age_seconds": .number, "withdrawn": .flag])]]),
        "count": .count, "total": .count,
    ])
}
