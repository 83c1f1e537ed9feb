package import Wire

/// Where a registry says that a member is.
package struct MemberPlace: Sendable {
    package var nodeID: NodeID
    package var endpoints: [Endpoint]

    package init(nodeID: NodeID, endpoints: [Endpoint]) {
        self.nodeID = nodeID
        self.endpoints = endpoints
    }
}

extension DHTService {
    /// Digits of a node id that are enough to name a peer.
    private static let fewestDigits = 4
    private static let searchTime: Duration = .seconds(2)

    /// The contact of a member by its name, its node id, or the beginning of either where one peer alone has it.
    ///
    /// A peer of this node's comes first; then `place`, what a registry has under the name, with the key that the member's link has shown;
    /// then a search. Throws `notFound` with what is missing.
    package func contact(
        of who: String, links: MeshEndpoint, place: @Sendable (String) async throws(CallError) -> MemberPlace?
    ) async throws(CallError) -> Contact {
        let linked = links.peers.map(\.peer)
        if let id = try await peer(who) ?? linked.first(where: { $0.name == who })?.nodeID ?? NodeID(hex: who) {
            if let contact = await locate(id, timeout: Self.searchTime), !contact.endpoints.isEmpty { return contact }
        }
        guard let place = Name.isValid(who) ? try await place(who) : nil else {
            throw CallError(.notFound, "no member is named \(who), and no peer of this node has an id that begins so")
        }
        if var contact = await locate(place.nodeID, timeout: Self.searchTime) {
            // A client may not know where it is seen: the registry does.
            if contact.endpoints.isEmpty { contact.endpoints = place.endpoints }
            return contact
        }
        guard let key = linked.first(where: { $0.nodeID == place.nodeID })?.staticKey else {
            throw CallError(
                .notFound, "\(who) is in nobody's table, as a client is not, and no link stands to it, so that its key is not known here")
        }
        return Contact(nodeID: place.nodeID, staticKey: key, endpoints: place.endpoints)
    }

    /// The one peer with this name or id, or with this beginning of them.
    private func peer(_ who: String) async throws(CallError) -> NodeID? {
        let peers = await status()?.peers ?? []
        if let exact = peers.first(where: { $0.name == who || $0.nodeID.hex == who.lowercased() }) { return exact.nodeID }
        guard who.utf8.count >= Self.fewestDigits else { return nil }
        let some = peers.filter { $0.name?.hasPrefix(who) == true || $0.nodeID.hex.hasPrefix(who.lowercased()) }
        guard some.count <= 1 else { throw CallError(.conflict, "\(some.count) peers begin with \(who): give more of the name or the id") }
        return some.first?.nodeID
    }
}
