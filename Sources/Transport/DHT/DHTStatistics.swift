/// What a node knows of its place in the DHT.
public struct DHTStatistics: Sendable, Hashable {
    /// Whether datagrams work, in a word: "ok", or "degraded" or "down" with the cause.
    public var health: String
    /// Whether others cannot reach this node.
    public var isClient: Bool
    /// Nodes of the routing table: each has answered this node.
    public var peers: Int
    /// Nodes that the mesh has, as far as this node can tell.
    public var nodes: Int
    /// Entries of providers that this node holds for others.
    public var records: Int
    /// Services that this node has published.
    public var published: Int
    /// Sessions by datagrams that stand.
    public var sessions: Int
    /// Lookups that were made here, and those that found somebody.
    public var lookups: UInt64
    public var found: UInt64
    /// Requests of others that this node has answered, on whatever way they came.
    public var answered: UInt64
    /// Requests that travelled over links.
    public var overLinks: UInt64
}
