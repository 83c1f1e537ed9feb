import Wire

/// One service that this node offers, and the holders of its entry.
struct Publication: Sendable {
    struct Replica: Sendable {
        var contact: Contact
        /// Which version the holder has confirmed.
        var confirmed: ProviderEntry.Version?
    }

    var entry: ProviderEntry
    /// Bits of the split at which the entry is published.
    var split: UInt8 = 0
    var replicas: [Replica] = []
    /// Holders that others have replaced lately: they still give the entry out, and hear of what ends it.
    var former: [Contact] = []
    /// Whether this node is among the holders.
    var isOwn = false
    /// The search for holders that is under way.
    var lookup: UInt32?
    var refresh: Instant
    /// Searches so far: the first ones follow each other soon, while the mesh may still be coming together.
    var searches = 0
    /// Refreshes until the holders are looked for again, though none has failed.
    var untilSearch = 0
    /// Whether a holder has failed since the last search.
    var isShort = false
    /// Whether whoever published has been told.
    var isReported = false

    /// Refreshes between two searches while no holder fails: nodes that came since may be closer.
    static let searchEvery = 6

    /// Former holders that are remembered.
    private static let formerWidth = 16

    init(entry: ProviderEntry, now: Instant) {
        self.entry = entry
        refresh = now
    }

    var key: Bytes32 { .serviceKey(entry.offer.service, split: split, provider: entry.nodeID) }

    var confirmed: Int { replicas.count { $0.confirmed == entry.version } + (isOwn ? 1 : 0) }

    /// New holders; those that were holders before keep what they have confirmed.
    mutating func settle(on contacts: [Contact]) {
        let old = replicas
        replicas = contacts.map { contact in
            Replica(contact: contact, confirmed: old.first { $0.contact.nodeID == contact.nodeID }?.confirmed)
        }
        let left = old.map(\.contact).filter { contact in !contacts.contains { $0.nodeID == contact.nodeID } }
        former = Array((left + former.filter { one in !(contacts + left).contains { $0.nodeID == one.nodeID } }).prefix(Self.formerWidth))
        isShort = false
        untilSearch = contacts.count < Limits.replicas - 1 ? 0 : min(searches, Self.searchEvery)
        searches += 1
    }

    /// Whether a node that was not known before is closer than the last of the holders.
    func isCloser(_ id: NodeID) -> Bool {
        guard let last = replicas.last, !replicas.contains(where: { $0.contact.nodeID == id }) else { return false }
        return replicas.count < Limits.replicas - 1 || id.distance(to: key) < last.contact.nodeID.distance(to: key)
    }

    mutating func confirm(_ id: NodeID, _ version: ProviderEntry.Version?) {
        guard let index = replicas.firstIndex(where: { $0.contact.nodeID == id }) else { return }
        replicas[index].confirmed = version
    }

    mutating func lost(_ id: NodeID) {
        replicas.removeAll { $0.contact.nodeID == id }
        isShort = true
    }
}
