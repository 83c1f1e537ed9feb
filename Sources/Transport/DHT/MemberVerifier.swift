import DHT
import Synchronization
import Wire

/// Judges entries by the authority of the mesh, and contacts by the keys of the nodes that have shown theirs. Remembers the entries that
/// were genuine: one comes from many holders.
final class MemberVerifier: DHTVerifier, Sendable {
    private let authority: IdentityKey
    /// Of the node itself, whom everybody else talks about.
    private let own: Certificate?
    private let genuine = Mutex<Set<Bytes32>>([])
    /// Identity keys, from certificates that were checked.
    private let keys = Mutex<[NodeID: IdentityKey]>([:])

    /// Entries that are remembered, and keys.
    private static let most = 8_192

    init(authority: IdentityKey, own: Certificate?) {
        self.authority = authority
        self.own = own
    }

    func isGenuine(_ entry: ProviderEntry) -> Bool {
        let now = UnixTime.wallClock()
        let digest = SHA256.hash(entry.encoded)
        if genuine.withLock({ $0.contains(digest) }) { return entry.certificate?.isExpired(at: now) == false }
        guard entry.isGenuine(authority: authority, now: now) else { return false }
        if let certificate = entry.certificate { learn(certificate) }
        genuine.withLock { known in
            if known.count >= Self.most { known.removeAll(keepingCapacity: true) }
            known.insert(digest)
        }
        return true
    }

    /// A contact does not show the key that it is signed with. Where the node has shown its certificate, the signature must be by that
    /// key; of anybody else it is a hint until the node itself has answered (DHT-2.1), and whatever it says is taken back then.
    func isGenuine(_ contact: Contact) -> Bool {
        let key = contact.nodeID == own?.nodeID ? own?.identityKey : keys.withLock { $0[contact.nodeID] }
        return key.map(contact.isSigned(by:)) ?? true  // DHT-2.2
    }

    /// A certificate that the authority has signed, which this node has seen itself.
    func learn(_ certificate: Certificate) {
        keys.withLock { keys in
            guard keys[certificate.nodeID] == nil else { return }
            if keys.count >= Self.most { keys.removeAll(keepingCapacity: true) }
            keys[certificate.nodeID] = certificate.identityKey
        }
    }
}
