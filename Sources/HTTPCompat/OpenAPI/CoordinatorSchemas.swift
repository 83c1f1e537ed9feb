/// What a coordinator's endpoints take and give.
enum CoordinatorSchemas {
    static let all: KeyValuePairs<String, Schema> = [
        "ServiceList": serviceList, "Discovery": discovery, "NoHealthyWorkers": noHealthyWorkers, "Probed": probed,
        "ProbeRequest": probeRequest, "Registration": registration, "Registered": registered, "Heartbeat": heartbeat,
        "Acknowledged": acknowledged, "WorkerRecord": .record(workerMembers), "WorkerList": workerList,
        "AdminWorkers": adminWorkers, "Pinged": pinged, "AdminServices": adminServices, "Gaps": gaps, "Health": health, "Seeds": seeds,
        "DHTStatistics": dhtStatistics, "DHTTopology": dhtTopology, "DHTStatus": DHTSchemas.status, "DHTLookup": DHTSchemas.lookup,
        "DHTPing": DHTSchemas.ping, "DHTRecords": DHTSchemas.records, "ProxyRefusal": proxyRefusal,
    ]

    private static let serviceList: Schema = .record([
        "services": [
            "type": "object",
            "additionalProperties": .record([
                "name": .text, "healthy_workers": .count, "tier": .count,
                "requires": .oneOf(["gpu", "cpu", "storage", "edge", "unknown"]),
            ]),
        ],
        "total_available": .count, "timestamp": .time,
    ])

    private static let discovery: Schema = .record(
        [
            "service": .text, "count": .count, "recommended": .text,
            "workers": .list(
                .record([
                    "worker_id": .text, "tunnel_url": .text, "vpn_ip": .nullable(.text), "capabilities": .map, "load": .number,
                    "last_heartbeat": .time, "location": location,
                ])),
        ],
        optional: ["total": .count])

    private static let location: Schema = .record(["region": .nullable(.text), "latency_ms": .nullable(.number)])

    private static let noHealthyWorkers: Schema = .record(["detail": .text, "known": .flag])

    private static let probed: Schema = .record([
        "service": .text, "worker_id": .text, "healthy": .flag, "latency_ms": .nullable(.number), "checked_at": .time,
        "detail": .nullable(.text),
    ])

    private static let probeRequest: Schema = .record(["service": .text, "worker_id": .text])

    private static let registration: Schema = .record(
        [
            "worker_id": ["type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"],
            "tunnel_url": ["type": "string", "pattern": "^https?://[A-Za-z0-9]", "maxLength": 2_048], "capabilities": .map,
        ],
        optional: [
            "services": .nullable(.list(.map)), "containers": .nullable(.list(.map)), "vpn_ip": .nullable(.text),
            "region": .nullable(.text), "zone": .nullable(.text), "assign": .nullable(.flag),
        ])

    private static let registered: Schema = .record([
        "status": .oneOf(["registered"]), "worker_id": .text, "worker_type": workerType, "tier": .count,
        "assigned_services": .list(.text),
        "service_configs": .list(.record(["name": .text, "port": .integer, "priority": .integer])), "message": .text,
    ])

    private static let heartbeat: Schema = .record(
        ["worker_id": .text],
        optional: [
            "status": .nullable(.text), "current_load": .nullable(.number), "available_memory": .nullable(.number),
            "loaded_models": .nullable(.list(.text)), "active_requests": .nullable(.integer),
            "gpu_utilization": .nullable(.number), "services_status": .nullable(.map), "specialization": .nullable(.text),
        ])

    private static let acknowledged: Schema = .record(["status": .oneOf(["ok"])], optional: ["message": .text])

    private static let workerType: Schema = .oneOf(["gpu", "cpu", "storage", "edge"])

    private static let workerMembers: KeyValuePairs<String, Schema> = [
        "worker_id": .text, "tunnel_url": .text, "vpn_ip": .nullable(.text), "capabilities": .map, "worker_type": workerType,
        "tier": .count, "assigned_services": .list(.text), "services": .list(.map), "containers": .list(.map),
        "registered_at": .time, "last_heartbeat": .time, "status": .text, "tasks_completed": .count, "current_load": .number,
        "available_memory": .nullable(.number), "loaded_models": .list(.text), "active_requests": .count,
        "gpu_utilization": .nullable(.number), "services_status": .map, "location": location,
    ]

    private static let pinged: Schema = .record(["worker_id": .text, "latency_ms": .number])

    private static let workerList: Schema = .record([
        "workers": .list(.named("WorkerRecord")), "count": .count, "timestamp": .time,
    ])

    private static let adminWorkers: Schema = .record([
        "workers": .list([
            "allOf": [.named("WorkerRecord"), .record(["age_seconds": .number, "is_healthy": .flag])]
        ]),
        "total": .count, "healthy": .count,
    ])

    private static let adminServices: Schema = .record([
        "services": .list(.record(["name": .text, "workers": .list(.text), "worker_count": .count])), "total_services": .count,
    ])

    private static let gaps: Schema = .record([
        "gaps": .list(
            .record([
                "service": .text, "required_type": workerType, "priority": .integer, "current_workers": .count,
                "status": .oneOf(["critical", "warning", "ok"]), "port": .integer,
            ])),
        "critical_gaps": .count, "warnings": .count,
        "summary": .record(["total_services": .count, "covered": .count, "needs_attention": .count]),
    ])

    private static let health: Schema = .record([
        "status": .oneOf(["healthy"]), "coordinator": .text, "timestamp": .time,
        "workers": .record(["total": .count, "active": .count, "stale": .count]),
    ])

    private static let seeds: Schema = .record([
        "seeds": .list(.record(["worker_id": .text, "tunnel_url": .text, "dht_port": .integer])), "seed_count": .count,
        "timestamp": .time,
    ])

    private static let dhtStatistics: Schema = .record(
        ["dht_enabled": .flag],
        optional: [
            "node_count": .count, "coordinator_count": .count, "coordinators": .list(.text), "local_workers": .count,
            "healthy_workers": .count, "health": .text, "peers": .count, "records": .count, "sessions": .count,
        ])

    private static let dhtTopology: Schema = .record(
        [:],
        optional: ["dht_enabled": .flag, "message": .text, "nodes": .list(.map), "edges": .list(.map)])

    private static let proxyRefusal: Schema = .record(["error": .text, "message": .text], optional: ["service": .text])
}
