import Wire

/// Whether others can reach this node unasked: what decides between a member and a client of the DHT.
///
/// The proof is a request from somebody whom this node has not asked, or from an address that it has not sent to: no translation of
/// addresses had a way open for it.
package struct Reachability: Sendable {
    /// The last nodes and addresses that were asked, as a ring.
    private var ring: [UInt64] = []
    private var at = 0
    /// When it is verified next, and until when an answer is awaited.
    var next = Instant(nanoseconds: 0)
    var deadline: Instant?
    /// Probes for others in the present second.
    private var second = Instant(nanoseconds: 0)
    private var probes = 0

    /// Why this node is what it is.
    var reason = Reason.asConfigured

    /// Why a node is a member of the DHT, or a client.
    package enum Reason: Sendable {
        /// The shell said so, and nothing has shown otherwise.
        case asConfigured
        /// Somebody whom it had not asked has reached it.
        case wasReached
        /// Others were asked to reach it, and nobody has.
        case wasNotReached
    }

    private static let width = 512
    private static let probesPerSecond = 4
    /// Time that somebody has to arrive, between two attempts of a client, and between two of a member.
    static let patience: Duration = .seconds(6)
    static let retry: Duration = .seconds(10)
    static let recheck: Duration = .seconds(900)

    /// This node opens a way to a peer.
    mutating func asked(_ contact: Contact) {
        note(contact.nodeID.prefix)
        for endpoint in contact.endpoints { note(Self.mark(endpoint)) }
    }

    private mutating func note(_ mark: UInt64) {
        guard !ring.contains(mark) else { return }
        if ring.count < Self.width {
            ring.append(mark)
        } else {
            ring[at] = mark
            at = (at + 1) % Self.width
        }
    }

    func wasAsked(_ id: NodeID) -> Bool { ring.contains(id.prefix) }

    func wasAsked(_ endpoint: Endpoint) -> Bool { ring.contains(Self.mark(endpoint)) }

    /// FNV-1a.
    private static func mark(_ endpoint: Endpoint) -> UInt64 {
        var mark: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in endpoint.host.utf8 { mark = (mark ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return (mark ^ UInt64(endpoint.port)) &* 0x100_0000_01B3
    }

    /// Whether one more probe is made for somebody else.
    mutating func mayProbe(now: Instant) -> Bool {
        if now - second >= .seconds(1) { (second, probes) = (now, 0) }
        probes += 1
        return probes <= Self.probesPerSecond
    }

    mutating func doubt(now: Instant) {
        next = now
        ring = []
        at = 0
    }
}

extension DHTNode {
    /// Asks to be probed where it is not known whether others can reach this node.
    mutating func verifyReachability(now: Instant) {
        if let deadline = probing.deadline, deadline <= now {
            probing.deadline = nil
            if !isClient, table.estimate >= configuration.witnesses { become(client: true) }
        }
        guard probing.deadline == nil, probing.next <= now, !health.isDown else { return }
        guard isClient || probing.next.nanoseconds > 0 else {
            probing.next = now + Reachability.recheck
            return
        }
        guard let peer = table.anybody(&dice) else { return }
        if !isClient { probing.deadline = now + Reachability.patience }
        probing.next = now + (isClient ? Reachability.retry : Reachability.recheck)
        for contact in [peer, table.anybody(&dice) ?? peer] { ask(.probe(nil), of: contact, for: .courtesy, now: now) }
    }

    /// Somebody's request has come.
    mutating func arrived(_ contact: Contact, now: Instant) {
        guard isClient || probing.deadline != nil else { return }
        let isStranger = !probing.wasAsked(contact.nodeID)
        let isElsewhere = table.estimate < configuration.witnesses && contact.endpoints.allSatisfy { !probing.wasAsked($0) }
        guard isStranger || isElsewhere else { return }
        probing.deadline = nil
        probing.next = now + Reachability.recheck
        guard isClient else { return }
        become(client: false)
        // A member holds entries, its own among them, and all hear of it.
        hastenPublications(now: now)
        upkeep.nextSync = now
    }

    private mutating func become(client: Bool) {
        isClient = client
        probing.reason = client ? .wasNotReached : .wasReached
        outbox.append(.reachability(isClient: client))
    }

    /// Probes the asker or, in a large mesh, has somebody else do it, who is a stranger to it; or probes whoever is named.
    mutating func probe(_ target: Contact?, for asker: Contact, via path: DHTPath, inSession: Bool, now: Instant) {
        guard inSession, path == .udp, !isClient, probing.mayProbe(now: now) else { return }
        guard let target else {
            // The address is the one that the asker was seen at, so that nobody can be made to knock elsewhere. DHT-5.5
            guard table.estimate >= configuration.witnesses else {
                return outbox.append(.knock(DHTRequest(exchange: exchanges.number(), .ping(nil)), at: asker.unsigned))
            }
            guard let other = table.anybody(&dice), other.nodeID != asker.nodeID else { return }
            ask(.probe(asker.unsigned), of: other, for: .courtesy, now: now)
            return
        }
        guard !table.contains(target.nodeID) else { return }
        ask(.ping(nil), of: target, for: .courtesy, now: now)
    }
}
