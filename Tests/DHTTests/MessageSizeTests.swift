import MeshTestKit
import Testing
import Wire

/// What the simulator counts is what the codec writes.
@Suite struct MessageSizeTests {
    private let contact = Kit.contact(Kit.id(3), host: "2001:db8::1")

    @Test func requestsAreAsLongAsCounted() throws {
        let version = ProviderEntry.Version(incarnation: 1, sequence: 2)
        let questions: [DHTRequest.Question] = [
            .ping(nil), .ping(contact), .probe(contact), .find(FindRequest(target: Kit.id(1), entries: 1, contacts: 8)),
            .store(StoreRequest(key: Kit.id(1), version: version)),
            .unreachable(UnreachableHint(key: Kit.id(1), provider: Kit.id(2), version: version)),
            .sync(SyncRequest(digests: [1, 2, 3])), .sync(SyncRequest(bucket: 1, fingerprints: [1, 2])),
            .sync(SyncRequest(bucket: 1, entries: [ViewEntry(contact: contact), ViewEntry(contact: contact.unsigned)])),
        ]
        for question in questions {
            let request = DHTRequest(exchange: 1, question)
            #expect(try request.encode().count == MessageSize.of(request), "\(question)")
        }
    }

    @Test func answersAreAsLongAsCounted() throws {
        let replies: [DHTAnswer.Reply] = [
            .pong(Pong(observed: contact.endpoints[0])), .pong(Pong(observed: contact.endpoints[0], contact: contact)), .noted,
            .refused(.overloaded), .stored(StoreAnswer(outcome: .kept, split: 0)),
            .found(FindAnswer(contacts: [contact.unsigned, Kit.contact(Kit.id(1)).unsigned])), .found(FindAnswer()),
            .synced(SyncAnswer(differing: 1, entries: [ViewEntry(contact: contact)], wanted: [1, 2])),
        ]
        for reply in replies {
            let answer = DHTAnswer(exchange: 1, reply)
            #expect(try answer.encode().count == MessageSize.of(answer), "\(reply)")
        }
    }
}
