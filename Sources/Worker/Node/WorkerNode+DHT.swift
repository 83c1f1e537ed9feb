package import Transport
package import Wire

/// The worker as a member of the DHT, for people.
extension WorkerNode {
    /// Its place in the DHT; `nil` where it has none.
    package var dht: DHTService? { wire?.dht?.service }

    /// The contact of a member by its name or its node id. Throws `notFound` with what is missing.
    package func dhtContact(_ who: String) async throws(CallError) -> Contact {
        guard let wire, let dht else { throw CallError(.unavailable, "this worker is not in the DHT") }
        let link = wire.link
        return try await dht.contact(of: who, links: wire.endpoint) { name throws(CallError) in
            let record = try await link.resolve(name, timeout: Limits.wireLookupTimeout)
            return record.flatMap { record in record.nodeID.map { MemberPlace(nodeID: $0, endpoints: record.endpoints) } }
        }
    }
}
