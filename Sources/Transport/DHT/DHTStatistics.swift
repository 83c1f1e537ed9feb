import DHT

/// What a node knows of its place in the DHT.
public struct DHTStatistics: Sendable, Hashable {
    /// Whether datagrams work altogether.
    public var health: DHTHealth
    /// Since `health` changed last, and how often it has.
    public var since: Duration
    public var changes: UInt64
    /// Whether others cannot reach this node, so that it asks and holds nothing for others.
    public var isClient: Bool
    /// Why it is a client, or a member.
    public var reason: Reason
    /// Whether it knows all nodes of the mesh; otherwise those of its buckets.
    public var hasFullView: Bool
    /// Nodes of the routing table: each has answered this node.
    public var peers: Int
    /// Nodes that the mesh has, as far as this node can tell.
    public var nodes: Int
    /// Entries of providers that this node holds for others, tombstones included.
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
    /// Requests that travelled over links, and those by datagram, repetitions included.
    public var overLinks: UInt64
    public var byDatagram: UInt64
    /// Datagrams that came, and those of them that were dropped.
    public var datagramsReceived: UInt64
    public var datagramsDropped: UInt64

    /// Why a node is a member of the DHT, or a client.
    public enum Reason: String, Sendable, CaseIterable {
        /// Its operator has said where others reach it.
        case addressGiven = "address-given"
        /// A node that it had not asked has reached it.
        case reached
        /// No node that it had not asked has reached it yet.
        case notReachedYet = "not-reached-yet"
        /// Others were asked to reach it, and nobody has.
        case notReached = "not-reached"

        init(_ reason: Reachability.Reason, isClient: Bool) {
            switch reason {
            case .asConfigured: self = isClient ? .notReachedYet : .addressGiven
            case .wasReached: self = .reached
            case .wasNotReached: self = .notReached
            }
        }

        /// For people.
        public var text: String {
            switch self {
            case .addressGiven: "it was told where others reach it"
            case .reached: "somebody whom it had not asked has reached it"
            case .notReachedYet: "nobody whom it had not asked has reached it yet"
            case .notReached: "others were asked to reach it, and nobody has"
            }
        }
    }
}
