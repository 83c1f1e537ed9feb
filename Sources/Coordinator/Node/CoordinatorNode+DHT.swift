import NIOCore
import Synchronization
public import Transport
public import Wire

/// The coordinator as a member of the DHT, for people.
extension CoordinatorNode {
    /// Its place in the DHT; `nil` where it has none.
    package var dht: DHTService? { core.dht.withLock { $0 } }

    /// What it knows of the DHT; `nil` where it is not in it.
    public func dhtStatistics() async -> DHTStatistics? { await dht?.statistics() }

    /// Nodes of the DHT that have answered it.
    public func dhtContacts() async -> [Contact] { await dht?.contacts() ?? [] }

    /// The contact of a member by its name or its node id. Throws `notFound` with what is missing.
    package func dhtContact(_ who: String) async throws(CallError) -> Contact {
        guard let dht else { throw CallError(.unavailable, "this coordinator is not in the DHT") }
        return try await dht.contact(of: who, links: endpoint) { [self] name throws(CallError) in
            resolve(name).flatMap { record in record.nodeID.map { MemberPlace(nodeID: $0, endpoints: record.endpoints) } }
        }
    }

    /// The round trip by datagram to a member, as a stranger to whom it has opened no way: from another socket, and as another node, which
    /// the authority makes for this once. So nothing that the member and the coordinator have with each other is touched.
    package func pingUnasked(_ contact: Contact) async throws -> Result<Duration, DHTUnanswered> {
        let authority = core.membership.authority
        let identity = try IdentityKeyPair(seed: SystemRandom.secret())
        let key = try StaticKeyPair(secret: SystemRandom.secret())
        let now = UnixTime.wallClock()
        let subject = Certificate.Subject(
            name: "\(authority.name)-ping", roles: .client, identityKey: identity.publicKey, staticKey: key.publicKey,
            salt: SystemRandom.bytes(16), features: .local)
        let certificate = try Certificate.issue(
            subject, serial: now.seconds &* 1_000_000, now: now, life: Self.strangerLife, authority: authority.keys)
        let stranger = NodeCredentials(
            identity: identity, staticKey: key, authority: authority.keys.publicKey, certificate: certificate)
        return try await UnaskedPing.send(to: contact, as: stranger, timeout: Self.strangerTimeout, on: endpoint.group.next())
    }

    /// Seconds that the certificate of such a node is good for, clocks that differ included.
    private static let strangerLife: UInt64 = 600
    /// Time for the answer: an initiation is sent twice in it.
    private static let strangerTimeout: Duration = .seconds(3)
}
