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
    /// The link in use for a peer.
    private var byNode: [NodeID: LinkID] = [:]
    /// The link in use for a target that names roles and not a node.
    private var byTarget: [LinkTarget: LinkID] = [:]
    private var dials: [LinkTarget: Dial] = [:]
    private var backoffs: [LinkTarget: (backoff: Backoff, until: Instant)] = [:]
    private var nextID: UInt64 = 1
    /// Connections that have not authenticated, by source address.
    private var strangers: [String: Int] = [:]
    private var strangerCount = 0

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

    /// Registers a link that is up. Of two links between the same nodes that were dialled from either side, both sides prefer the
    /// one that the smaller node id dialled; of two dialled from the same side, the newer one. Returns the link that is to drain.
    mutating func add(_ entry: LinkEntry, id: LinkID, own: NodeID?, target: LinkTarget?) -> LinkEntry? {
        links[id] = entry
        if let target, case .roles = target.expectation { byTarget[target] = id }
        guard let node = entry.peer.nodeID else { return nil }
        guard let oldID = byNode[node], let old = links[oldID] else {
            byNode[node] = id
            return nil
        }
        guard old.isInitiator != entry.isInitiator, old.peer.bootEpoch == entry.peer.bootEpoch, let own else {
            byNode[node] = id
            return old
        }
        if (own < node) == entry.isInitiator { byNode[node] = id }
        return nil
    }

    /// No new calls go to this link.
    mutating func retire(_ id: LinkID) {
        byTarget = byTarget.filter { $0.value != id }
        guard let node = links[id]?.peer.nodeID, byNode[node] == id else { return }
        byNode[node] = links.filter { $0.value.peer.nodeID == node && $0.key != id }.keys.max()
    }

    /// Forgets a link. Returns whether it was there.
    mutating func remove(_ id: LinkID) -> Bool {
        retire(id)
        return links.removeValue(forKey: id) != nil
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
        var backoff = backoffs[target]?.backoff ?? Backoff()
        backoffs[target] = (backoff, now + backoff.next(random: random))
        backoffs[target]?.backoff = backoff
    }

    // MARK: Strangers

    /// Whether another connection from `source` may begin a handshake.
    mutating func admitStranger(_ source: String) -> Bool {
        guard !isShutDown, strangerCount < Limits.unauthenticated, strangers[source, default: 0] < Limits.unauthenticatedPerSource
        else { return false }
        strangers[source, default: 0] += 1
        strangerCount += 1
        return true
    }

    mutating func forgetStranger(_ source: String) {
        guard let count = strangers[source] else { return }
        strangerCount -= 1
        strangers[source] = count > 1 ? count - 1 : nil
    }
}
