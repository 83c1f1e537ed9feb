import FuzzKit

@testable import DHT
@testable import Wire

/// Ids, contacts and entries as an input chooses them: few, so that they meet again.
enum Points {
    static func id(_ input: inout FuzzInput) -> NodeID {
        let byte = UInt64(input.byte())
        return Bytes32((byte << 56 | byte & 3, 0, 0, byte & 1))
    }

    static func contact(_ input: inout FuzzInput) -> Contact {
        let id = id(&input)
        let endpoints = input.byte() & 7 == 0 ? [] : [Endpoint(host: "10.0.0.\(input.byte())", port: 7_701)]
        return Contact(
            nodeID: id, staticKey: id, endpoints: endpoints, sequence: UInt64(input.byte()), signature: [UInt8](repeating: 1, count: 64))
    }

    /// Now and then a forged one, unless the node under test makes it itself.
    static func entry(_ input: inout FuzzInput, by provider: Contact? = nil, isOwn: Bool = false) -> ProviderEntry {
        var offer = ProviderEntry.Offer(
            service: "s\(input.byte() & 3)", incarnation: UInt64(input.byte() & 3), sequence: UInt64(input.byte() & 7))
        offer.isWithdrawn = input.byte() & 7 == 0
        offer.lifetime = UInt32(input.word()) << UInt32(input.byte() & 15)
        let provider = provider ?? contact(&input)
        return ProviderEntry(simulated: offer, provider: provider, name: input.byte() & 7 == 0 && !isOwn ? "forged" : "w", size: 450)
    }

    static func answer(_ input: inout FuzzInput) -> FindAnswer {
        FindAnswer(
            entries: (0..<input.choice(4)).map { _ in HeldEntry(entry: entry(&input), remaining: UInt32(input.word())) },
            total: UInt32(input.word()) << 16, split: input.byte(), contacts: (0..<input.choice(20)).map { _ in contact(&input) })
    }
}

/// Everything is genuine that is not called forged.
struct FuzzVerifier: DHTVerifier {
    func isGenuine(_ entry: ProviderEntry) -> Bool { entry.name != "forged" }
    func isGenuine(_ contact: Contact) -> Bool { true }
}
