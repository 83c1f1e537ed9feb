package import Transport
package import Wire

/// Somebody whom the router can ask who offers a service: a tier of the lookup chain.
package protocol RouteSource: Sendable {
    /// Its place in the chain, its time, and whether its "nobody" is the last word.
    var tier: LookupChain.Tier { get }
    /// The workers of `key`, within `timeout`. Where `key` pins a worker, the answer holds that one or nobody.
    func find(_ key: RouteKey, timeout: Duration) async throws(CallError) -> DiscoverAnswer
    /// A worker that it has named for `service` could not be reached.
    func notReached(_ worker: WorkerRecord, for service: String)
}

extension RouteSource {
    /// Who knows better does nothing.
    package func notReached(_ worker: WorkerRecord, for service: String) {}
}
