package import DHT

/// What is simulated: how many nodes, what the network does to them, what they look for.
package struct SimulationPlan: Sendable {
    package var nodes: Int
    package var seed: UInt64
    /// Time that is measured, behind the time in which the mesh comes together.
    package var duration: Duration = .seconds(600)
    package var warmUp: Duration = .seconds(300)
    /// Time in which all nodes join.
    package var joining: Duration = .seconds(60)
    package var medianRoundTrip: Duration = .milliseconds(50)
    /// Share of datagrams lost, each way.
    package var loss = 0.0
    /// The median life of a node, which another replaces at its death; `nil` for nodes that stay.
    package var medianSession: Duration?
    /// Share of nodes that die at once when the measured time begins, and are not replaced.
    package var killed = 0.0
    /// Share of nodes behind a translation of addresses.
    package var clients = 0.0
    /// Share of nodes that lie: forged entries, invented contacts, nothing given out of what they hold.
    package var liars = 0.0
    /// Nodes' clocks go wrong by up to this share, and differ from the beginning.
    package var skew = 0.0
    /// Whether links carry requests while datagrams do not.
    package var hasLinks = false
    /// Lookups of each node in a minute.
    package var lookups = 1.0
    /// Entries that a lookup wants.
    package var want = 1
    /// Providers of each service; each node offers one service.
    package var providers = 4
    /// Bytes of a provider's entry.
    package var entrySize = 450
    package var configuration = DHTConfiguration()

    package init(nodes: Int, seed: UInt64) {
        self.nodes = nodes
        self.seed = seed
    }

    /// Services in the mesh.
    package var services: Int { max(nodes / max(providers, 1), 1) }
}
