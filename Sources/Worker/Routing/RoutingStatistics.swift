/// What the router has done since the worker started. The counters obey two sums:
///
/// - every request that was not served locally is one `cacheHits` or one `cacheMisses`;
/// - every miss is one lookup, counted under the tier that answered it, or one of `failedRequests`.
///
/// Requests that wait for a lookup which is already under way are hits: the first one's answer serves them from the cache.
public struct RoutingStatistics: Hashable, Sendable {
    /// Requests that a service of this worker answered.
    public var localRequests: UInt64 = 0
    /// Requests that another worker answered.
    public var forwardedRequests: UInt64 = 0
    public var cacheHits: UInt64 = 0
    public var cacheMisses: UInt64 = 0
    /// Misses that the DHT answered.
    public var dhtLookups: UInt64 = 0
    /// Misses that a coordinator answered over the wire protocol.
    public var wireLookups: UInt64 = 0
    /// Misses that a coordinator answered over HTTP.
    public var httpLookups: UInt64 = 0
    /// Requests that no worker answered, whatever the reason.
    public var failedRequests: UInt64 = 0
    /// Services whose workers the cache knows now.
    public var cacheSize: Int = 0

    public init() {}

    /// hits / (hits + misses); 0 before the first.
    public var cacheHitRate: Double {
        let total = Double(cacheHits) + Double(cacheMisses)
        return total == 0 ? 0 : Double(cacheHits) / total
    }
}
