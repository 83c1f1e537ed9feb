package import Wire

// What people are told of a node. Nothing here decides anything.

/// A contact as this node sees it.
package struct ContactReport: Sendable {
    package var contact: Contact
    package var state: Health.State
    /// As measured over some round trips; `nil` before the first.
    package var roundTrip: Duration?
    /// Since it answered last; `nil` for one that never has.
    package var silence: Duration?
}

extension DHTNode {
    /// Requests without an answer after which a peer counts as down.
    private static let troublesOfOneDown = 3

    /// Why this node is a member, or a client.
    package var reason: Reachability.Reason { probing.reason }

    /// Whether it knows all nodes of the mesh, as far as they know each other; otherwise its buckets.
    package var hasFullView: Bool { view.isOn && !isClient && table.estimate <= configuration.fullView }

    /// The contacts of the table, then those to begin with that have never answered.
    package func peers(now: Instant) -> [ContactReport] {
        let known = table.entries.map { entry in
            ContactReport(
                contact: entry.contact, state: state(of: entry), roundTrip: entry.roundTrip.mean, silence: now - entry.answered)
        }
        let never = seeds.filter { !table.contains($0.nodeID) }.map { contact in
            ContactReport(contact: contact, state: .down(silentSeeds[contact.nodeID] ?? .noAnswer), roundTrip: nil, silence: nil)
        }
        return known + never
    }

    private func state(of entry: RoutingTable.Entry) -> Health.State {
        if let trouble = entry.trouble { return entry.troubles < Self.troublesOfOneDown ? .degraded(trouble) : .down(trouble) }
        // While nobody answers it is not asked, and is no better off than the others.
        if case .down(let cause) = health.state { return .down(cause) }
        return .ok
    }

    /// What came of a request to somebody, for people.
    mutating func noteTrouble(_ id: NodeID, _ failure: DHTFailure) {
        if !table.troubled(id, failure), seeds.contains(where: { $0.nodeID == id }) { silentSeeds[id] = failure }
    }

    /// Services that this node has published, and at how many nodes their entries are.
    package var published: [(service: String, holders: Int)] {
        publications.map { ($0.entry.offer.service, $0.confirmed) }.sorted { $0.0 < $1.0 }
    }

    /// What this node has heard of a node, from the best source: one that answered, a seed, the full view.
    package func contact(_ id: NodeID) -> Contact? {
        table.entry(id)?.contact ?? seeds.first { $0.nodeID == id } ?? view.entry(id).flatMap { $0.isGone ? nil : $0.contact }
    }

    /// Asks whether a node is there.
    mutating func ping(_ id: UInt64, _ contact: Contact, now: Instant) {
        guard ask(.ping(nil), of: contact, for: .ping(id), now: now, via: .udp) else {
            outbox.append(.pinged(id: id, .failure(.withheld)))
            return
        }
    }
}
