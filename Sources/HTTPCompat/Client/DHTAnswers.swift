// What a member says of its place in the DHT, over HTTP. For a coordinator's URL and a worker's alike.

/// The answer of `GET /api/dht/status`.
public struct DescribedDHT: Hashable, Sendable {
    /// Of the node that was asked.
    public var name: String
    /// `nil` where it is not in the DHT.
    public var place: Place?

    /// What it is there.
    public struct Place: Hashable, Sendable {
        public var nodeID: String
        public var endpoints: [String]
        public var health: DescribedHealth
        /// Since the health changed last.
        public var sinceSeconds: Double
        public var isClient: Bool
        /// "address-given", "reached", "not-reached-yet" or "not-reached", and the same for people.
        public var reason: String
        public var reasonText: String
        /// "full" or "buckets".
        public var view: String
        public var nodes, records, sessions: Int
        public var lookups, found: Int
        /// Requests by datagram, and those over links.
        public var byDatagram, overLinks: Int
        public var datagramsReceived, datagramsDropped: Int
        /// What the member publishes, and how many hold it.
        /// The services that it has published, and how many nodes hold the entry of each.
        public var published: [(service: String, holders: Int)] { zip(services, holders).map { ($0, $1) } }
        var services: [String]
        var holders: [Int]
        /// Members that it knows.
        /// Whom it knows.
        public var peers: [DescribedPeer]
    }

    init?(_ json: JSONValue) {
        guard let isEnabled = json["dht_enabled"]?.flag, let name = json["name"]?.text else { return nil }
        self.name = name
        guard isEnabled else { return }
        guard let place = Place(json) else { return nil }
        self.place = place
    }
}

/// "ok", "degraded" or "down", and why.
public struct DescribedHealth: Hashable, Sendable {
    public var status: String
    /// Such as "no-answer"; `nil` where all is well.
    public var cause: String?
    /// The cause for people.
    public var text: String?

    init?(_ json: JSONValue?) {
        guard let json, let status = json["status"]?.text else { return nil }
        self.status = status
        cause = json["cause"]?.text
        text = json["text"]?.text
    }
}

/// One peer in that answer.
public struct DescribedPeer: Hashable, Sendable {
    public var nodeID: String
    public var name: String?
    public var endpoints: [String]
    public var health: DescribedHealth
    public var latencyMilliseconds: Double?
    /// Since it answered last; `nil` if it never has.
    public var silenceSeconds: Double?

    init?(_ json: JSONValue) {
        guard let nodeID = json["node_id"]?.text, let health = DescribedHealth(json) else { return nil }
        self.nodeID = nodeID
        self.health = health
        name = json["name"]?.text
        endpoints = json["endpoints"]?.elements?.compactMap(\.text) ?? []
        latencyMilliseconds = json["latency_ms"]?.double
        silenceSeconds = json["silence_seconds"]?.double
    }
}

/// One entry of a provider, in the answers of `GET /api/dht/lookup/{service}` and `GET /api/dht/records`.
public struct DescribedEntry: Hashable, Sendable {
    public var service: String
    public var provider: String
    public var nodeID: String
    public var incarnation, sequence: UInt64
    public var endpoints: [String]
    /// How many relays it names.
    public var relays: Int
    public var region, zone: String?
    public var remainingSeconds: Double
    /// Since it is held; `nil` in the answer of a lookup.
    public var ageSeconds: Double?
    /// A tombstone.
    public var isWithdrawn: Bool

    init?(_ json: JSONValue) {
        guard let service = json["service"]?.text, let provider = json["provider"]?.text, let nodeID = json["node_id"]?.text,
            let remaining = json["remaining_seconds"]?.double
        else { return nil }
        self.service = service
        self.provider = provider
        self.nodeID = nodeID
        remainingSeconds = remaining
        incarnation = Self.number(json["incarnation"])
        sequence = Self.number(json["sequence"])
        endpoints = json["endpoints"]?.elements?.compactMap(\.text) ?? []
        relays = json["relays"]?.elements?.count ?? 0
        region = json["region"]?.text
        zone = json["zone"]?.text
        ageSeconds = json["age_seconds"]?.double
        isWithdrawn = json["withdrawn"]?.flag ?? false
    }

    /// These take all 64 bits.
    private static func number(_ json: JSONValue?) -> UInt64 {
        if case .number(let text) = json { UInt64(text) ?? 0 } else { 0 }
    }
}

/// The answer of `GET /api/dht/lookup/{service}`.
public struct DescribedLookup: Hashable, Sendable {
    public var providers: [DescribedEntry]
    /// "udp", "tcp", "both", or "none" where nobody answered.
    public var path: String
    public var rounds, asked: Int
    public var tookMilliseconds: Double
    public var isComplete: Bool

    init?(_ json: JSONValue) {
        guard let providers = json["providers"]?.elements, let path = json["path"]?.text else { return nil }
        self.providers = providers.compactMap { DescribedEntry($0) }
        guard self.providers.count == providers.count else { return nil }
        self.path = path
        rounds = json.count("rounds")
        asked = json.count("asked")
        tookMilliseconds = json["took_ms"]?.double ?? 0
        isComplete = json["complete"]?.flag ?? false
    }
}

/// The answer of `GET /api/dht/ping/{who}`.
public struct DescribedPing: Hashable, Sendable {
    public var nodeID: String
    public var endpoint: String?
    /// `nil` where there was no answer; then `cause` and `text` say why.
    public var latencyMilliseconds: Double?
    public var cause: String?
    public var text: String?

    init?(_ json: JSONValue) {
        guard let nodeID = json["node_id"]?.text, json["answered"]?.flag != nil else { return nil }
        self.nodeID = nodeID
        endpoint = json["endpoint"]?.text
        latencyMilliseconds = json["latency_ms"]?.double
        cause = json["cause"]?.text
        text = json["text"]?.text
    }
}

/// The answer of `GET /api/dht/records`.
public struct DescribedRecords: Hashable, Sendable {
    public var records: [DescribedEntry]
    /// How many there are; `records` may be fewer.
    public var total: Int

    init?(_ json: JSONValue) {
        guard let records = json["records"]?.elements else { return nil }
        self.records = records.compactMap { DescribedEntry($0) }
        guard self.records.count == records.count else { return nil }
        total = json.count("total")
    }
}

extension DescribedDHT.Place {
    init?(_ json: JSONValue) {
        guard let nodeID = json["node_id"]?.text, let health = DescribedHealth(json["health"]), let peers = json["peers"]?.elements
        else { return nil }
        self.nodeID = nodeID
        self.health = health
        self.peers = peers.compactMap { DescribedPeer($0) }
        guard self.peers.count == peers.count else { return nil }
        endpoints = json["endpoints"]?.elements?.compactMap(\.text) ?? []
        sinceSeconds = json["health"]?["since_seconds"]?.double ?? 0
        isClient = json["client"]?.flag ?? false
        reason = json["client_reason"]?.text ?? ""
        reasonText = json["client_text"]?.text ?? ""
        view = json["view"]?.text ?? ""
        nodes = json.count("nodes")
        records = json.count("records")
        sessions = json.count("sessions")
        lookups = json.count("lookups")
        found = json.count("found")
        byDatagram = json["requests"]?.count("udp") ?? 0
        overLinks = json["requests"]?.count("tcp") ?? 0
        datagramsReceived = json["datagrams"]?.count("received") ?? 0
        datagramsDropped = json["datagrams"]?.count("dropped") ?? 0
        services = (json["published"]?.elements ?? []).map { $0["service"]?.text ?? "" }
        holders = (json["published"]?.elements ?? []).map { $0.count("holders") }
    }
}

extension JSONValue {
    /// A member that counts something; 0 where it does not.
    fileprivate func count(_ name: String) -> Int { self[name]?.integer.flatMap { Int(exactly: $0) } ?? 0 }
}

extension CoordinatorHTTPClient {
    /// What the node that is asked is in the DHT.
    public func dhtStatus() async throws(ClientError) -> CoordinatorAnswer<DescribedDHT> {
        try await get("/api/dht/status") { DescribedDHT($0) }
    }

    /// What a search of that node finds. `refused` with 503 where it is not in the DHT.
    public func dhtLookup(_ service: String) async throws(ClientError) -> CoordinatorAnswer<DescribedLookup> {
        try await get("/api/dht/lookup/\(escaped(service))") { DescribedLookup($0) }
    }

    /// The round trip by datagram between that node and another.
    /// - Parameter unasked: as a stranger to whom the other has opened no way; only coordinators can.
    public func dhtPing(_ who: String, unasked: Bool = false) async throws(ClientError) -> CoordinatorAnswer<DescribedPing> {
        try await get("/api/dht/ping/\(escaped(who))\(unasked ? "?unasked=true" : "")") { DescribedPing($0) }
    }

    /// The entries that that node holds for others.
    public func dhtRecords(limit: Int) async throws(ClientError) -> CoordinatorAnswer<DescribedRecords> {
        try await get("/api/dht/records?limit=\(limit)") { DescribedRecords($0) }
    }
}
