/// Which tier knows what about a service, how old that is, and whom a call may go to: what `discover --explain` prints.
public struct RouteExplanation: Sendable, Hashable {
    public var service: String
    public var steps: [Step] = []
    /// Everyone whom the tiers named: first those that a call may go to, best first, then those that are left, with the reason.
    public var candidates: [Candidate] = []

    public init(service: String) { self.service = service }

    /// One tier that was asked.
    public struct Step: Sendable, Hashable {
        public var tier: RouteTier
        /// Names of the workers it gave; `nil` where it gave no answer.
        public var workers: [String]?
        /// How old the answer is; zero when it was given just now.
        public var age: Duration
        /// How long the tier took.
        public var took: Duration
        /// One sentence for people.
        public var detail: String

        public init(tier: RouteTier, workers: [String]?, age: Duration, took: Duration, detail: String) {
            self.tier = tier
            self.workers = workers
            self.age = age
            self.took = took
            self.detail = detail
        }
    }

    /// One worker that a tier named.
    public struct Candidate: Sendable, Hashable {
        public var worker: String
        /// How a call would get there; `nil` where none can from here.
        public var route: Route?
        /// 0 is idle, 1 is full, more means a queue; own calls included.
        public var load: Double
        /// The expected time of one more call, which the balancer compares; `nil` where it compares nothing.
        public var cost: Duration?
        /// Whether a call may go there now.
        public var isEligible: Bool
        /// Why it may or may not: one sentence for people.
        public var reason: String

        public init(worker: String, route: Route?, load: Double, cost: Duration?, isEligible: Bool, reason: String) {
            self.worker = worker
            self.route = route
            self.load = load
            self.cost = cost
            self.isEligible = isEligible
            self.reason = reason
        }
    }
}
