import FuzzKit

@testable import DHT
@testable import Wire

extension FuzzTarget {
    static let dhtNode = FuzzTarget("DHTNode", length: 2_048) { input in
        var run = NodeRun(&input)
        while !input.isEmpty { run.step(&input) }
    }
}

/// A node among peers that do as the input says.
private struct NodeRun {
    private var node: DHTNode
    private var now = Instant(nanoseconds: 1_000_000_000_000)
    private var random = Words()
    private var open: [(request: DHTRequest, contact: Contact)] = []
    private var lookups: Set<UInt64> = []
    private var nextLookup: UInt64 = 0

    init(_ input: inout FuzzInput) {
        let own = Contact(nodeID: Bytes32(), staticKey: Bytes32(), endpoints: [], sequence: 1, signature: [UInt8](repeating: 1, count: 64))
        node = DHTNode(own: own, isClient: input.flag(), verifier: FuzzVerifier())
    }

    mutating func step(_ input: inout FuzzInput) {
        switch input.choice(10) {
        case 0: tell(.start((0..<input.choice(4)).map { _ in Points.contact(&input) }))
        case 1, 2: request(&input)
        case 3, 4, 5: answer(&input)
        case 6:
            nextLookup += 1
            lookups.insert(nextLookup)
            tell(.lookup(id: nextLookup, service: "s\(input.byte() & 3)", want: input.choice(5)))
        case 7: tell(.publish(Points.entry(&input, by: node.own, isOwn: true)))
        case 8:
            if let exchange = open.popLast() { tell(.failed(exchange: exchange.request.exchange, .refused)) }
            if input.flag() { tell(.unreachable(Points.entry(&input))) } else { tell(.networkChanged) }
        default:
            now = now + input.wait()
            tell(.tick)
        }
        precondition(node.records.count <= Limits.entriesHeld && node.view.count <= Limits.fullView)
        precondition(!node.table.contains(node.own.nodeID))
    }

    private mutating func tell(_ event: DHTEvent) {
        for action in node.handle(event, now: now, random: &random) {
            switch action {
            case .ask(let request, let contact, _):
                precondition(contact.nodeID != node.own.nodeID, "asks itself")
                if open.count >= 32 { open.removeFirst() }
                open.append((request, contact))
            case .respond(let answer, _, _): check(answer)
            case .found(let id, let found, let isFinal):
                precondition(lookups.contains(id), "told after the end")
                precondition(!found.entries.contains { $0.entry.name == "forged" || $0.entry.offer.isWithdrawn })
                if isFinal { lookups.remove(id) }
            case .wake(let at): precondition(at.nanoseconds > 0)
            case .knock(_, let contact): precondition(contact.nodeID != node.own.nodeID, "knocks at its own door")
            case .located, .pinged, .published, .health, .reachability, .sign: break
            }
        }
    }

    private func check(_ answer: DHTAnswer) {
        guard case .found(let found) = answer.reply else { return }
        precondition(found.contacts.count <= 8 && found.contacts.allSatisfy { node.table.contains($0.nodeID) })
    }

    private mutating func request(_ input: inout FuzzInput) {
        let from = Points.contact(&input)
        let entry = Points.entry(&input, by: from)
        let key = Bytes32.serviceKey(entry.offer.service, split: input.byte() & 1, provider: from.nodeID)
        let question: DHTRequest.Question =
            switch input.choice(7) {
            case 0: .ping(input.flag() ? from : nil)
            case 1: .find(FindRequest(target: input.flag() ? key : Points.id(&input), entries: input.byte(), contacts: input.byte()))
            case 2, 3: .store(StoreRequest(key: key, version: entry.version, entry: input.flag() ? entry : nil, split: input.byte() & 1))
            case 4: .unreachable(UnreachableHint(key: key, provider: Points.id(&input), version: entry.version))
            case 5: .probe(input.flag() ? Points.contact(&input) : nil)
            default: .sync(sync(&input))
            }
        let request = DHTRequest(exchange: UInt32(input.byte()), isClient: input.byte() & 7 == 0, question)
        tell(.request(request, from: from, via: input.byte() & 3 == 0 ? .tcp : .udp, inSession: input.byte() & 3 != 0))
    }

    private func sync(_ input: inout FuzzInput) -> SyncRequest {
        SyncRequest(
            digests: (0..<input.choice(65)).map { _ in UInt64(input.byte()) }, bucket: input.flag() ? input.byte() & 63 : nil,
            fingerprints: (0..<input.choice(4)).map { _ in input.number() },
            entries: (0..<input.choice(4)).map { _ in ViewEntry(contact: Points.contact(&input), isGone: input.flag()) })
    }

    private mutating func answer(_ input: inout FuzzInput) {
        guard !open.isEmpty else { return }
        let exchange = open[input.choice(open.count)]
        let reply: DHTAnswer.Reply =
            switch input.choice(8) {
            case 0: .pong(Pong(observed: Endpoint(host: "10.0.0.1", port: 1), contact: input.flag() ? exchange.contact : nil))
            case 1, 2, 3: .found(Points.answer(&input))
            case 4: .stored(StoreAnswer(outcome: StoreAnswer.Outcome.allCases[input.choice(4)], split: input.byte()))
            case 5:
                .synced(
                    SyncAnswer(
                        differing: input.number(), entries: [ViewEntry(contact: Points.contact(&input), isGone: input.flag())],
                        wanted: [input.number()]))
            case 6: .refused(DHTAnswer.Refusal.allCases[input.choice(5)])
            default: .noted
            }
        let from = input.byte() & 7 == 0 ? Points.contact(&input) : exchange.contact
        tell(.answer(DHTAnswer(exchange: exchange.request.exchange, reply), from: from, via: input.byte() & 3 == 0 ? .tcp : .udp))
    }
}

/// The same words in each run.
private struct Words: RandomNumberGenerator {
    private var state: UInt64 = 1

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state
    }
}
