import DHT
import MeshTestKit
import Testing
import Wire

/// What others say of a node, the node itself included.
@Suite struct HearsayTests {
    private let peer = Kit.contact(Kit.id(5))

    /// Knows who has signed what: contacts whose signature begins with 1 are their node's own.
    private struct Strict: DHTVerifier {
        func isGenuine(_ entry: ProviderEntry) -> Bool { true }
        func isGenuine(_ contact: Contact) -> Bool { contact.signature.first == 1 }
    }

    private func contact(_ id: NodeID, sequence: UInt64, genuine: Bool = true) -> Contact {
        var contact = Kit.contact(id)
        contact.sequence = sequence
        contact.signature = [UInt8](repeating: genuine ? 1 : 2, count: 64)
        return contact
    }

    private func given(_ entries: [ViewEntry]) -> DHTEvent {
        .request(DHTRequest(exchange: 1, .sync(SyncRequest(bucket: 0, entries: entries))), from: peer, via: .udp, inSession: true)
    }

    /// The last number there is, said of the node itself: there is no greater one to answer with, and no crash.
    @Test(arguments: [false, true])
    func theLastSequenceIsSurvived(gone: Bool) {
        var driven = Driven()
        driven.introduce([peer])
        driven.tell(given([ViewEntry(contact: contact(Kit.id(0), sequence: .max), isGone: gone)]))
        driven.tell(.tick, after: .seconds(30))
        #expect(driven.node.own.sequence == 1)
    }

    // DHT-6.2
    @Test func aNodeThatIsSaidToBeGoneSignsAGreaterSequence() {
        var driven = Driven()
        driven.introduce([peer])
        let actions = driven.tell(given([ViewEntry(contact: contact(Kit.id(0), sequence: 7), isGone: true)]))
        #expect(actions.contains { if case .sign(sequence: 8) = $0 { true } else { false } })
    }

    // DHT-2.2
    @Test func whatItsNodeHasNotSignedIsNotTaken() {
        var node = DHTNode(own: Kit.contact(Kit.id(0)), verifier: Strict())
        var random = SeededRandom(seed: 1)
        let other = Kit.id(9)
        for entry in [
            ViewEntry(contact: contact(other, sequence: 9, genuine: false)),
            ViewEntry(contact: contact(other, sequence: 9, genuine: false), isGone: true),
            ViewEntry(contact: contact(Kit.id(0), sequence: 9, genuine: false), isGone: true),
        ] {
            let actions = node.handle(given([entry]), now: Kit.epoch, random: &random)
            #expect(actions.answers == [.synced(SyncAnswer())])
            #expect(node.view.entry(entry.contact.nodeID) == nil)
        }
        _ = node.handle(
            given([ViewEntry(contact: contact(other, sequence: 9, genuine: false)), ViewEntry(contact: contact(other, sequence: 3))]),
            now: Kit.epoch, random: &random)
        #expect(node.view.entry(other)?.contact.sequence == 3, "the genuine one of a message is taken")
    }
}
