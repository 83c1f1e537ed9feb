/// How an answer came to the worker that was asked: the value of the head field `Route.field`.
public enum Route: String, Sendable, Hashable, CaseIterable {
    /// A service of this worker.
    case local
    /// One link to the worker that has it.
    case direct
    /// A link to the worker that has it, which a relay passes on.
    case relay
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
