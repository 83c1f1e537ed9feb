public import Wire

// What a node says of its place in the DHT, one struct for each question.

/// A peer, as a node sees it.
public struct DHTPeer: Sendable, Hashable {
    public var nodeID: NodeID
    /// Its certified name, where this node has seen its certificate.
    public var name: String?
    /// Where it is asked, best first.
    public var endpoints: [Endpoint]
    public var health: DHTHealth
    /// The mean round trip by datagram; `nil` before the first.
    public var roundTrip: Duration?
    /// Since it answered last by datagram; `nil` if it never has.
    public var silence: Duration?
}

/// A service that a node has published.
public struct DHTPublication: Sendable, Hashable {
    public var service: String
    /// Nodes that have confirmed that they hold its entry.
    public var holders: Int
}

/// All that a node knows of its place in the DHT.
public struct DHTStatus: Sendable, Hashable {
    public var nodeID: NodeID
    /// Where the node says that others reach it.
    public var endpoints: [Endpoint]
    public var statistics: DHTStatistics
    public var peers: [DHTPeer]
    public var publications: [DHTPublication]
}

/// An entry that a node holds for others.
public struct DHTRecord: Sendable {
    public var entry: ProviderEntry
    /// Since the node has it, in any version.
    public var age: Duration
    /// Until the node forgets it, unless it is renewed.
    public var remaining: Duration
}

/// What a lookup has found, and how.
public struct DHTFinding: Sendable {
    /// Genuine, in the order in which they were found, with the time that is left of each.
    public var providers: [(entry: ProviderEntry, remaining: Duration)]
    /// How many requests deep the first was found; 0 where it was known without asking.
    public var rounds: Int
    /// Nodes that were asked.
    public var asked: Int
    /// Answers by datagram, and those over links.
    public var answersByDatagram: Int
    public var answersOverLinks: Int
    /// From the question to the end of the search.
    public var took: Duration
    /// Whether the search came to its end within its time.
    public var isComplete: Bool
}
