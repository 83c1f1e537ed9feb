package import Wire

/// A node of the DHT: the one machine that shells and the simulator drive. Without I/O, clock and randomness of its own.
///
/// Everything that it is told has been authenticated by the shell. It repeats requests, judges whether datagrams work, and keeps
/// its table, the entries of others and its own entries at their holders.
package struct DHTNode: Sendable {
    package let configuration: DHTConfiguration
    let verifier: any DHTVerifier
    /// What this node says of itself.
    package internal(set) var own: Contact
    /// Whether others cannot reach this node: then it is in nobody's table, and holds nothing for others.
    package internal(set) var isClient: Bool
    package internal(set) var table: RoutingTable
    package internal(set) var records = RecordStore()
    package internal(set) var view: FullView
    package internal(set) var health = Health()

    var exchanges = Exchanges()
    var lookups: [UInt32: Search] = [:]
    var nextLookup: UInt32 = 0
    var publications: [Publication] = []
    /// Contacts to begin with, and to come back to.
    var seeds: [Contact] = []
    /// Why those of them that are not in the table did not answer when they were asked last.
    var silentSeeds: [NodeID: DHTFailure] = [:]
    var roundTrips = RoundTrip()
    var upkeep = Upkeep()
    var outcomes = Outcomes()
    /// Splits of services that holders told, so that the next lookup begins at a shard.
    var splits: [String: UInt8] = [:]
    var probing = Reachability()
    var dice = Dice(0)
    var outbox: [DHTAction] = []
    /// The wake that the shell was told last and has not come with.
    private var woken: Instant?

    /// `own.endpoints` may be empty until the node knows where it is seen. `isClient` until somebody has reached it unasked.
    package init(
        own: Contact, isClient: Bool = false, configuration: DHTConfiguration = DHTConfiguration(), verifier: any DHTVerifier
    ) {
        self.own = own
        self.isClient = isClient
        self.configuration = configuration
        self.verifier = verifier
        table = RoutingTable(own: own.nodeID, configuration: configuration)
        view = FullView(limit: configuration.fullView)
    }

    /// Tells the node what happened, and returns what is to be done about it, in this order.
    package mutating func handle(_ event: DHTEvent, now: Instant, random: inout some RandomNumberGenerator) -> [DHTAction] {
        dice = Dice(random.next())
        let state = health.state
        switch event {
        case .start(let contacts): start(contacts, now: now)
        case .request(let request, let contact, let path, let inSession):
            heard(request, from: contact, via: path, inSession: inSession, now: now)
        case .answer(let answer, let contact, let path): answered(answer, from: contact, via: path, now: now)
        case .failed(let exchange, let failure): delivered(not: exchange, failure, now: now)
        case .tick: woken = nil
        case .lookup(let id, let service, let want): look(id, service: service, want: want, now: now)
        case .locate(let id, let target): locate(id, target, now: now)
        case .ping(let id, let contact): ping(id, contact, now: now)
        case .publish(let entry): publish(entry, now: now)
        case .unreachable(let entry): report(entry, now: now)
        case .networkChanged: networkChanged(now: now)
        case .own(let contact): renew(contact, now: now)
        }
        pass(now: now)
        if health.state != state {
            outbox.append(.health(health.state))
            if health.isOK { hastenPublications(now: now) }
        }
        wake(now: now)
        defer { outbox = [] }
        return outbox
    }

    /// What is due by now.
    private mutating func pass(now: Instant) {
        while let exchange = exchanges.due(now) { timedOut(exchange, now: now) }
        if upkeep.next <= now, upkeep.isBegun { lookAfter(now: now) }
        refreshPublications(now: now)
        probeHealth(now: now)
    }

    private mutating func wake(now: Instant) {
        var at = upkeep.isBegun ? upkeep.next : Instant(nanoseconds: .max)
        if let deadline = exchanges.deadline { at = min(at, deadline) }
        if let probe = health.probe, upkeep.isBegun { at = min(at, probe) }
        for publication in publications where publication.lookup == nil { at = min(at, publication.refresh) }
        guard at.nanoseconds < .max, at != woken else { return }
        woken = at
        outbox.append(.wake(at))
    }
}

/// A lookup and whom it is for.
struct Search: Sendable {
    enum Purpose: Sendable {
        case service(id: UInt64, name: String, split: UInt8)
        case nodes(id: UInt64)
        case holders(service: String)
        /// Whoever is to hear that a provider could not be reached.
        case hint(UnreachableHint)
        /// The node's own neighbourhood.
        case neighbours
    }

    var lookup: Lookup
    var purpose: Purpose
    /// Whether something was told of it already.
    var isToldOf = false
    /// Answers by datagram, and those over links.
    var answersByDatagram = 0
    var answersOverLinks = 0
}

/// How this node's own last requests ended: when most fail, the fault is ours.
struct Outcomes: Sendable {
    private var bits: UInt32 = 0
    private var count = 0

    private static let width = 20
    private static let mask: UInt32 = 1 << 20 - 1

    mutating func note(failed: Bool) {
        bits = (bits << 1 | (failed ? 1 : 0)) & Self.mask
        count = min(count + 1, Self.width)
    }

    /// More than three in five failed.
    var areBad: Bool { count >= 10 && bits.nonzeroBitCount * 5 > count * 3 }
}
