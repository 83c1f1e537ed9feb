import DHT
import Synchronization
import Wire

/// Judges entries by the authority of the mesh. Remembers those that were genuine: one entry comes from many holders.
final class MemberVerifier: DHTVerifier, Sendable {
    private let authority: IdentityKey
    private let genuine = Mutex<Set<Bytes32>>([])

    /// Entries that are remembered.
    private static let most = 8_192

    init(authority: IdentityKey) { self.authority = authority }

    func isGenuine(_ entry: ProviderEntry) -> Bool {
        let now = UnixTime.wallClock()
        let digest = SHA256.hash(entry.encoded)
        if genuine.withLock({ $0.contains(digest) }) { return entry.certificate?.isExpired(at: now) == false }
        guard entry.isGenuine(authority: authority, now: now) else { return false }
        genuine.withLock { known in
            if known.count >= Self.most { known.removeAll(keepingCapacity: true) }
            known.insert(digest)
        }
        return true
    }

    /// A contact does not show the key that it is signed with: it is a hint until the node itself has answered.
    func isGenuine(_ contact: Contact) -> Bool { true }
}
