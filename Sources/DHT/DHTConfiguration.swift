import Wire

/// How a node of the DHT behaves. The standard is what the mesh runs; the others are controls for the simulator.
package struct DHTConfiguration: Sendable {
    /// Contacts of a bucket.
    package var k = 16
    /// Contacts of the farthest buckets, which hold most of the mesh: the more there are, the fewer rounds a lookup takes.
    package var farWidths = [128, 64, 32]
    /// Requests of a lookup under way at once, slow ones not counted.
    package var alpha = 4
    /// Holders that must have answered before a lookup is content with fewer entries than it wants.
    package var beta = 3
    /// Contacts that an answer carries.
    package var answerContacts = 8
    /// A lookup asks no further before all of a round have answered or failed.
    package var hasRounds = false
    /// The same wait for every peer, instead of one that follows its round trips.
    package var fixedTimeout: Duration?
    /// Sends of one request over datagrams.
    package var sends = Limits.dhtSends
    /// Failures, and the time that they span, before a contact may be evicted.
    package var evictionFailures = Limits.evictionFailures
    package var evictionSpan = Limits.evictionSpan
    /// Whether a contact stays until somebody alive takes its place.
    package var evictsForLiveOnly = true
    /// Whether nobody is evicted while most of this node's own requests fail.
    package var freezes = true
    /// Nodes of the full view; 0 for none.
    package var fullView = Limits.fullView
    /// Whether requests go over TCP as well after two timeouts, and alone while datagrams do not work.
    package var usesLinks = true
    /// Bytes a second for looking after the table, and how many may be spent at once.
    package var upkeep = 200.0
    package var upkeepBurst = 24_000.0
    /// The same for the full view: a newcomer fetches all of it.
    package var viewUpkeep = 200.0
    package var viewBurst = 800_000.0
    /// Nodes from which on only strangers can show that a node is reached: in a smaller mesh everybody has been asked before, and an
    /// address that has not is proof enough.
    package var witnesses = 1_024
    /// Time between two steps of looking after the table.
    package var step: Duration = .seconds(2)

    package init() {}

    /// Kademlia as the paper has it: rounds, one fixed timeout, a contact is dropped at its first failure.
    package static var textbook: DHTConfiguration {
        var configuration = twenty
        configuration.hasRounds = true
        configuration.fixedTimeout = .seconds(5)
        configuration.sends = 1
        configuration.evictionFailures = 1
        configuration.evictionSpan = .zero
        configuration.evictsForLiveOnly = false
        configuration.freezes = false
        return configuration
    }

    /// The usual parameters, k = 20 and alpha = 3, without wide buckets and without a full view.
    package static var twenty: DHTConfiguration {
        var configuration = DHTConfiguration()
        configuration.k = 20
        configuration.farWidths = []
        configuration.alpha = 3
        configuration.fullView = 0
        return configuration
    }

    /// Contacts of the bucket whose contacts have `bits` bits in common with this node.
    func width(_ bits: Int) -> Int { bits < farWidths.count ? farWidths[bits] : k }
}
