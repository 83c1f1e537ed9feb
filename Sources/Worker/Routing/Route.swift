/// How an answer came to the worker that was asked: the value of the head field `Route.field`.
public enum Route: String, Sendable, Hashable, CaseIterable {
    /// A service of this worker.
    case local
    /// One link to the worker that has it.
    case direct
    /// HTTP to a member that speaks nothing else.
    case http

    /// The field that the router adds to an answer's head; lower case, as all names of fields.
    public static let field = "wiremesh-route"
}

/// Where the router learnt who offers a service.
public enum RouteTier: String, Sendable, Hashable, CaseIterable {
    case local
    case cache
    case dht
    case wire
    case http
}

/// Which tier knows what about a service, and how old that is: what `discover --explain` prints.
public struct RouteExplanation: Sendable, Hashable {
    public var service: String
    public var steps: [Step] = []

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
}
