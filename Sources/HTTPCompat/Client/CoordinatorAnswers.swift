/// One answer of a coordinator: what was understood of it, and its text as it came.
public struct CoordinatorAnswer<Value: Sendable>: Sendable {
    public var value: Value
    /// The JSON text of the whole answer.
    public var json: String
}

/// One line of `GET /api/services/list`.
public struct ListedService: Hashable, Sendable {
    public var name: String
    public var healthyWorkers: Int
    /// 0 outside the catalogue.
    public var tier: Int
    /// What a worker must be to run it: "gpu", "cpu", "storage", "edge" or "unknown".
    public var requires: String

    init?(_ json: JSONValue) {
        guard let name = json["name"]?.text, let workers = json["healthy_workers"]?.integer else { return nil }
        self.name = name
        healthyWorkers = Int(workers)
        tier = Int(json["tier"]?.integer ?? 0)
        requires = json["requires"]?.text ?? "unknown"
    }
}

/// One worker in the answer of `GET /api/services/discover/{service}`.
public struct DiscoveredWorker: Hashable, Sendable {
    public var name: String
    /// `POST {tunnelURL}/service/{service}` reaches it.
    public var tunnelURL: String
    /// 0 is idle, 1 is full, more means a queue.
    public var load: Double
    public var region: String?
    public var capabilities: JSONValue
    /// ISO 8601 in the coordinator's local time.
    public var lastHeartbeat: String

    init?(_ json: JSONValue) {
        guard let name = json["worker_id"]?.text, let tunnelURL = json["tunnel_url"]?.text else { return nil }
        self.name = name
        self.tunnelURL = tunnelURL
        load = json["load"]?.double ?? 0
        region = json["location"]?["region"]?.text
        capabilities = json["capabilities"] ?? .object([])
        lastHeartbeat = json["last_heartbeat"]?.text ?? ""
    }
}

/// The answer of `GET /api/services/discover/{service}`.
public struct DiscoveredService: Hashable, Sendable {
    public var service: String
    /// Best first.
    public var workers: [DiscoveredWorker]
    /// How many healthy workers there are; `workers` is shorter when a limit was asked for.
    public var total: Int

    init?(_ json: JSONValue) {
        guard let service = json["service"]?.text, let workers = json["workers"]?.elements else { return nil }
        self.service = service
        self.workers = workers.compactMap { DiscoveredWorker($0) }
        guard self.workers.count == workers.count else { return nil }
        total = json["total"]?.integer.flatMap { Int(exactly: $0) } ?? workers.count
    }
}

/// One worker in the answer of `GET /api/admin/workers`.
public struct MemberWorker: Hashable, Sendable {
    public var name: String
    public var isHealthy: Bool
    /// "online", "healthy" or "degraded", and what later versions add.
    public var status: String
    /// "gpu", "cpu", "storage" or "edge".
    public var type: String
    public var services: [String]
    /// 0 is idle, 1 is full, more means a queue.
    public var load: Double
    /// Since it was last heard of.
    public var ageSeconds: Double
    public var tunnelURL: String
    /// Whether the coordinator could dial its address for links; `nil` while that is not known, and for one without a link.
    public var isReachable: Bool?

    init?(_ json: JSONValue) {
        guard let name = json["worker_id"]?.text, let status = json["status"]?.text else { return nil }
        self.name = name
        self.status = status
        isHealthy = json["is_healthy"]?.flag ?? false
        type = json["worker_type"]?.text ?? "unknown"
        services = (json["assigned_services"]?.elements ?? []).compactMap(\.text)
        load = json["current_load"]?.double ?? 0
        ageSeconds = json["age_seconds"]?.double ?? 0
        tunnelURL = json["tunnel_url"]?.text ?? ""
        isReachable = json["reachable"]?.flag
    }
}

/// What a worker has measured of the way to another one.
public struct PingedWorker: Hashable, Sendable {
    /// The round trip.
    public var latency: Duration
    /// "direct" or "relay".
    public var route: String
    /// Name of the relay; `nil` where there is none.
    public var relay: String?
}

extension Duration {
    /// The round trip in the answer of `POST /api/admin/workers/{worker}/ping`; `nil` where there is none that can be.
    init?(latencyIn json: JSONValue) {
        guard let milliseconds = json["latency_ms"]?.double, (0...86_400_000).contains(milliseconds) else { return nil }
        self = .microseconds(milliseconds * 1_000)
    }
}
