/// The answer of a worker's `GET /api/mesh/explain/{service}`: which tiers its router would ask, what they said, and whom a call
/// may go to.
public struct ExplainedRoute: Hashable, Sendable {
    /// The worker that explains.
    public var worker: String
    /// In the order in which they are asked.
    public var tiers: [Tier]
    /// Best first; those that are left out last.
    public var candidates: [Candidate]

    /// One tier.
    public struct Tier: Hashable, Sendable {
        /// "local", "cache", "dht", "wire" or "http".
        public var name: String
        /// `nil` where it gave no answer.
        public var workers: [String]?
        public var ageMilliseconds: Double
        public var tookMilliseconds: Double
        /// One sentence for people.
        public var detail: String
    }

    /// One worker that a tier named.
    public struct Candidate: Hashable, Sendable {
        public var worker: String
        /// "local", "direct", "relay" or "http"; `nil` where no call can get there.
        public var route: String?
        /// 0 is idle, 1 is full, more means a queue.
        public var load: Double
        /// The expected time of one more call; `nil` where none was estimated.
        public var costMilliseconds: Double?
        /// Whether a call may go there now.
        public var isEligible: Bool
        /// Why: one sentence for people.
        public var reason: String
    }

    init?(_ json: JSONValue) {
        guard let worker = json["worker_id"]?.text, let tiers = json["tiers"]?.elements, let candidates = json["candidates"]?.elements
        else { return nil }
        self.worker = worker
        self.tiers = tiers.compactMap { Tier($0) }
        self.candidates = candidates.compactMap { Candidate($0) }
        guard self.tiers.count == tiers.count, self.candidates.count == candidates.count else { return nil }
    }
}

extension ExplainedRoute.Tier {
    init?(_ json: JSONValue) {
        guard let name = json["tier"]?.text else { return nil }
        self.name = name
        workers = json["workers"]?.elements?.compactMap(\.text)
        ageMilliseconds = json["age_ms"]?.double ?? 0
        tookMilliseconds = json["took_ms"]?.double ?? 0
        detail = json["detail"]?.text ?? ""
    }
}

extension ExplainedRoute.Candidate {
    init?(_ json: JSONValue) {
        guard let worker = json["worker_id"]?.text, let isEligible = json["eligible"]?.flag else { return nil }
        self.worker = worker
        self.isEligible = isEligible
        route = json["route"]?.text
        load = json["load"]?.double ?? 0
        costMilliseconds = json["cost_ms"]?.double
        reason = json["reason"]?.text ?? ""
    }
}
