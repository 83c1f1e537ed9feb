import DHT
import MeshTestKit
import Wire

/// Nodes and entries for tests: ids with a wanted beginning, and nothing that is signed.
enum Kit {
    static let epoch = Instant(nanoseconds: 1_000_000_000_000)

    static func id(_ prefix: UInt64, _ rest: UInt64 = 0) -> NodeID { Bytes32((prefix, rest, 0, 0)) }

    static func contact(_ id: NodeID, host: String = "10.0.0.1") -> Contact {
        Contact(
            nodeID: id, staticKey: id, endpoints: [Endpoint(host: host, port: 7_701)], sequence: 1,
            signature: [UInt8](repeating: 1, count: 64))
    }

    static func entry(
        _ service: String = "ocr", by id: NodeID, incarnation: UInt64 = 1, sequence: UInt64 = 1, withdrawn: Bool = false,
        lifetime: UInt32 = 90_000, name: String = "w"
    ) -> ProviderEntry {
        var offer = ProviderEntry.Offer(service: service, incarnation: incarnation, sequence: sequence)
        offer.isWithdrawn = withdrawn
        offer.lifetime = lifetime
        offer.endpoints = [Endpoint(host: "10.0.0.9", port: 7_701)]
        return ProviderEntry(simulated: offer, provider: contact(id), name: name, size: 450)
    }
}

/// A node, its time, and what it did last.
struct Driven {
    var node: DHTNode
    var now = Kit.epoch
    var random = SeededRandom(seed: 3)

    init(own: NodeID = Kit.id(0), isClient: Bool = false, _ change: (inout DHTConfiguration) -> Void = { _ in }) {
        var configuration = DHTConfiguration()
        change(&configuration)
        node = DHTNode(own: Kit.contact(own), isClient: isClient, configuration: configuration, verifier: SimulatedVerifier())
    }

    @discardableResult
    mutating func tell(_ event: DHTEvent, after wait: Duration = .zero) -> [DHTAction] {
        now = now + wait
        return node.handle(event, now: now, random: &random)
    }

    /// Makes the node know `contacts`: each answers what it is asked by the way.
    mutating func introduce(_ contacts: [Contact]) {
        answerAll(tell(.start(contacts)))
        for contact in contacts {
            let actions = tell(.request(DHTRequest(exchange: 1, .ping(nil)), from: contact, via: .udp, inSession: true))
            answerAll(actions)
        }
        for _ in 0..<200 where node.table.count < contacts.count { answerAll(tell(.tick, after: .milliseconds(500))) }
    }

    /// Everybody who is asked answers, with nothing in it.
    mutating func answerAll(_ actions: [DHTAction]) {
        var waiting = actions
        var steps = 0
        while !waiting.isEmpty, steps < 10_000 {
            steps += 1
            guard case .ask(let request, let contact, _) = waiting.removeFirst() else { continue }
            waiting += tell(.answer(Self.emptyAnswer(request), from: contact, via: .udp))
        }
    }

    static func emptyAnswer(_ request: DHTRequest) -> DHTAnswer {
        let reply: DHTAnswer.Reply =
            switch request.question {
            case .ping: .pong(Pong(observed: Endpoint(host: "10.0.0.1", port: 7_701)))
            case .find: .found(FindAnswer())
            case .store(let store): .stored(StoreAnswer(outcome: .kept, split: store.split))
            case .sync: .synced(SyncAnswer())
            case .unreachable, .probe: .noted
            }
        return DHTAnswer(exchange: request.exchange, reply)
    }
}

extension [DHTAction] {
    var asked: [(request: DHTRequest, contact: Contact, path: DHTPath)] {
        compactMap { if case .ask(let request, let contact, let path) = $0 { (request, contact, path) } else { nil } }
    }

    var answers: [DHTAnswer.Reply] { compactMap { if case .respond(let answer, _, _) = $0 { answer.reply } else { nil } } }
}
