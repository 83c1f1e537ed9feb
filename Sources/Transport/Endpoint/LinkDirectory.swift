import NIOCore
import Wire

/// A link that is up, as other threads see it. A class, because each call takes a reference to it.
final class LinkEntry: Sendable {
    let peer: PeerInfo
    let isInitiator: Bool
    let loop: any EventLoop
    let bound: NIOLoopBound<Link>

    init(peer: PeerInfo, isInitiator: Bool, loop: any EventLoop, bound: NIOLoopBound<Link>) {
        self.peer = peer
        self.isInitiator = isInitiator
        self.loop = loop
        self.bound = bound
    }

    /// Runs `body` on the link's loop.
    func with(_ body: @escaping @Sendable (Link) -> Void) {
        loop.run { [bound] in body(bound.value) }
    }
}

/// Which links there are, which one is used for which peer, and what is being dialled. Held under a lock, without I/O.
struct LinkDirectory {
    var credentials: NodeCredentials
    var listeners: [any Channel] = []
    var isShutDown = false
    private(set) var links: [LinkID: LinkEntry] = [:]
    /// Those of them that take no new calls, for as long as they last.
    private var retired: Set<LinkID> = []
    /// The link in use for a peer.
    private var byNode: [NodeID: LinkID] = [:]
    /// The link in use for a target that names roles and not a node.
    private var byTarget: [LinkTarget: LinkID] = [:]
    private var dials: [LinkTarget: Dial] = [:]
    private var backoffs: [LinkTarget: (backoff: Backoff, until: Instant)] = [:]
    /// Nodes that are reached by relay and dialled now and then: whether that is under way, and when it may be again.
    private var upgrades: [NodeID: (isUnderWay: Bool, until: Instant, backoff: Backoff)] = [:]
    /// How long a connection and a handshake with an address took, last time.
    private var roundTrips: [Endpoint: Duration] = [:]
    private var nextID: UInt64 = 1
    /// Connections that have not authenticated, oldest first.
    private var strangers: [Stranger] = []
    private var nextStranger: UInt64 = 0

    init(credentials: NodeCredentials) { self.credentials = credentials }

    mutating func newLinkID() -> LinkID {
        defer { nextID += 1 }
        return LinkID(rawValue: nextID)
    }

    // MARK: Links

    /// Where a call to `target` goes: a link that is up, or a dial that is under way.
    enum Route {
        case up(LinkEntry)
        case dialling(Dial)
        case backingOff(Duration)
        /// Nothing there: the caller dials, on its loop.
        case none
    }

    func route(_ target: LinkTarget, now: Instant) -> Route {
        if let id = link(for: target), let entry = links[id] { return .up(entry) }
        if let dial = dials[target] { return .dialling(dial) }
        if let (_, until) = backoffs[target], now < until { return .backingOff(until - now) }
        return .none
    }

    private func link(for target: LinkTarget) -> LinkID? {
        switch target.expectation {
        case .node(let node): byNode[node]
        case .roles: byTarget[target]
        }
    }

    /// Registers a link that is up. Of a direct and a relayed link between the same nodes both sides prefer the direct one; of two links
    /// that were dialled from either side, the one that the smaller node id dialled; of two dialled from the same side, the newer one.
    /// Returns the link that is to drain.
    mutating func add(_ entry: LinkEntry, id: LinkID, own: NodeID?, target: LinkTarget?) -> LinkEntry? {
        links[id] = entry
        if let target, case .roles = target.expectation { byTarget[target] = id }
        guard let node = entry.peer.nodeID else { return nil }
        guard let oldID = byNode[node], let old = links[oldID] else {
            byNode[node] = id
            return nil
        }
        if old.peer.isRelayed != entry.peer.isRelayed, old.peer.bootEpoch == entry.peer.bootEpoch {  // RELAY-5.2
            guard old.peer.isRelayed else { return nil }
            byNode[node] = id
            return old
        }
        guard old.isInitiator != entry.isInitiator, old.peer.bootEpoch == entry.peer.bootEpoch, let own else {
            byNode[node] = id
            return old
        }
        if (own < node) == entry.isInitiator { byNode[node] = id }  // HS-10.1
        return nil
    }

    /// No new calls go to this link.
    mutating func retire(_ id: LinkID) {
        byTarget = byTarget.filter { $0.value != id }
        if links[id] != nil { retired.insert(id) }
        guard let node = links[id]?.peer.nodeID, byNode[node] == id else { return }
        let others = links.filter { $0.value.peer.nodeID == node && !retired.contains($0.key) }
        byNode[node] = others.max { a, b in (b.value.peer.isRelayed ? 0 : 1, a.key) < (a.value.peer.isRelayed ? 0 : 1, b.key) }?.key
    }

    /// Forgets a link. Returns whether it was there.
    mutating func remove(_ id: LinkID) -> Bool {
        retire(id)
        retired.remove(id)
        return links.removeValue(forKey: id) != nil
    }

    /// A link to `node` that no relay passes on.
    func direct(_ node: NodeID) -> LinkEntry? {
        guard let id = byNode[node], let entry = links[id], entry.peer.isRelayed else { return byNode[node].flatMap { links[$0] } }
        return links.first { !retired.contains($0.key) && $0.value.peer.nodeID == node && !$0.value.peer.isRelayed }?.value
    }

    /// Where a link to `target` lives best: beside the link to its relay, if that is all there is.
    func loop(for target: LinkTarget) -> (any EventLoop)? {
        guard target.endpoints.isEmpty else { return nil }
        return target.relays.lazy.compactMap { self.direct($0.nodeID)?.loop }.first
    }

    // MARK: From relayed to direct

    /// Whether the direct addresses of a node that is reached by relay are to be tried now.
    mutating func beginUpgrade(_ node: NodeID, now: Instant) -> Bool {
        if let upgrade = upgrades[node], upgrade.isUnderWay || now < upgrade.until { return false }
        if upgrades.count >= 4_096 { upgrades = upgrades.filter { $0.value.isUnderWay || $0.value.until > now } }
        let backoff = upgrades[node]?.backoff ?? Backoff(first: Limits.directRetry, limit: Limits.directRetryMaximum)
        upgrades[node] = (true, now, backoff)
        return true
    }

    mutating func endUpgrade(_ node: NodeID, succeeded: Bool, now: Instant, random: UInt64) {
        guard !succeeded, var upgrade = upgrades[node] else {
            upgrades[node] = nil
            return
        }
        upgrade.isUnderWay = false
        upgrade.until = now + upgrade.backoff.next(random: random)
        upgrades[node] = upgrade
    }

    func roundTrip(_ endpoint: Endpoint) -> Duration? { roundTrips[endpoint] }

    mutating func measured(_ endpoint: Endpoint, roundTrip: Duration) {
        if roundTrips.count >= Limits.roundTrips { roundTrips.removeAll() }
        roundTrips[endpoint] = roundTrip
    }

    // MARK: Dials

    mutating func begin(_ dial: Dial, to target: LinkTarget) { dials[target] = dial }

    mutating func succeeded(_ target: LinkTarget) {
        dials[target] = nil
        backoffs[target] = nil
    }

    mutating func failed(_ target: LinkTarget, now: Instant, random: UInt64) {
        dials[target] = nil
        if backoffs.count >= 4_096 { backoffs = backoffs.filter { $0.value.until > now } }
        // Whoever waits here waits between attempts as well: half of the time for each.
        var backoff = backoffs[target]?.backoff ?? Backoff(limit: Limits.redial / 2)  // MSG-2.2
        backoffs[target] = (backoff, now + backoff.next(random: random))
        backoffs[target]?.backoff = backoff
    }

    // MARK: Strangers

    /// Gives a connection that somebody opened a place for its handshake. Where the places are taken, the oldest connection of its
    /// source, or of all, loses its own: who only holds places keeps nobody out. `nil` refuses it.
    mutating func admitStranger(_ channel: any Channel, source: String) -> AdmittedStranger? {
        guard !isShutDown else { return nil }
        var displaced: (any Channel)?  // HS-8.4
        if strangers.count(where: { $0.source == source }) >= Limits.unauthenticatedPerSource {
            displaced = strangers.firstIndex { $0.source == source }.map { strangers.remove(at: $0).channel }
        } else if strangers.count >= Limits.unauthenticated {
            displaced = strangers.removeFirst().channel
        }
        nextStranger += 1
        strangers.append(Stranger(number: nextStranger, source: source, channel: channel))
        return AdmittedStranger(number: nextStranger, displaced: displaced)
    }

    var strangerCount: Int { strangers.count }

    mutating func forgetStranger(_ number: UInt64) { strangers.removeAll { $0.number == number } }
}

/// A connection that has not authenticated.
struct Stranger {
    let number: UInt64
    let source: String
    let channel: any Channel
}

/// A stranger with a place, and the one that lost its own: to be closed.
struct AdmittedStranger {
    let number: UInt64
    let displaced: (any Channel)?
}
