import DHT
import MeshTestKit
import Testing
import Wire

@Suite struct FullViewTests {
    private let now = Kit.epoch

    private func entry(_ prefix: UInt64, sequence: UInt64 = 1, gone: Bool = false) -> ViewEntry {
        var contact = Kit.contact(Kit.id(prefix))
        contact.sequence = sequence
        return ViewEntry(contact: contact, isGone: gone)
    }

    // DHT-6.1
    @Test(arguments: 0..<20 as Range<UInt64>)
    func mergingDoesNotDependOnOrder(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let entries = (0..<30).map { _ in entry(random.next() % 5 << 60, sequence: random.next() % 4, gone: random.next() % 2 == 0) }
        var results: Set<SyncRequest> = []
        for _ in 0..<20 {
            var view = FullView()
            for entry in entries.shuffled(using: &random) { view.merge(entry, now: now) }
            results.insert(view.question)
        }
        #expect(results.count == 1, "seed \(seed)")
    }

    /// Two views, each with its own news, are equal after a few steps.
    @Test func twoViewsBecomeEqual() {
        var random = SeededRandom(seed: 9)
        var (a, b) = (FullView(), FullView())
        for number in 0..<1_200 {
            let entry = entry(random.next(), sequence: random.next() % 3, gone: number % 50 == 0)
            if number % 10 != 0 { a.merge(entry, now: now) }
            if number % 7 != 0 { b.merge(entry, now: now) }
        }
        var steps = 0
        while a.question != b.question, steps < 2_000 {
            let differing = b.answer(a.question, now: now).differing
            for part in 0..<64 as Range<UInt8> where differing >> UInt64(part) & 1 == 1 {
                let answer = b.answer(a.question(part: part), now: now)
                for entry in answer.entries { a.merge(entry, now: now) }
                _ = b.answer(a.question(part: part, wanted: answer.wanted), now: now)
                steps += 1
            }
        }
        #expect(a.question == b.question && a.count == b.count && a.count > 1_150)
        #expect(steps < 400)
    }

    @Test func messagesOfTheExchangeFit() throws {
        var random = SeededRandom(seed: 9)
        var view = FullView()
        for _ in 0..<4_096 { view.merge(entry(random.next()), now: now) }
        #expect(view.count == 4_096)
        view.merge(entry(random.next()), now: now)
        #expect(view.count == 4_096, "no more than the limit")
        for part in 0..<64 as Range<UInt8> {
            _ = try DHTRequest(exchange: 1, .sync(view.question)).encode()
            let question = view.question(part: part)
            _ = try DHTRequest(exchange: 1, .sync(question)).encode()
            _ = try DHTRequest(exchange: 1, .sync(view.question(part: part, wanted: question.fingerprints))).encode()
            let answer = view.answer(SyncRequest(bucket: part, fingerprints: (0..<90).map { _ in random.next() }), now: now)
            #expect(!answer.entries.isEmpty && !answer.wanted.isEmpty)
            _ = try DHTAnswer(exchange: 1, .synced(answer)).encode()
        }
    }

    @Test func theClosestAreThoseOfAllThatThereAre() {
        var random = SeededRandom(seed: 4)
        var view = FullView()
        var ids: [NodeID] = []
        for _ in 0..<1_000 {
            ids.append(Kit.id(random.next()))
            view.merge(ViewEntry(contact: Kit.contact(ids[ids.count - 1])), now: now)
        }
        for id in ids.prefix(100) { view.suspect(id, now: now) }
        for _ in 0..<100 {
            let target = Kit.id(random.next())
            let sorted = ids.dropFirst(100).sorted { $0.distance(to: target) < $1.distance(to: target) }
            #expect(view.closest(to: target, count: 8).map(\.nodeID) == Array(sorted.prefix(8)))
        }
    }

    // DHT-6.2
    @Test func aNodeThatIsSaidToBeGoneSaysOtherwise() throws {
        var driven = Driven(own: Kit.id(1 << 50))
        driven.tell(.start([]))
        let gone = ViewEntry(contact: driven.node.own, isGone: true)
        let request = DHTRequest(exchange: 1, .sync(SyncRequest(bucket: 0, entries: [gone])))
        let actions = driven.tell(.request(request, from: Kit.contact(Kit.id(7)), via: .udp, inSession: true))
        let sequence = actions.compactMap { if case .sign(let sequence) = $0 { sequence } else { nil } }
        #expect(sequence == [driven.node.own.sequence + 1])
        var contact = driven.node.own
        contact.sequence = try #require(sequence.first)
        driven.tell(.own(contact))
        #expect(driven.node.view.entry(driven.node.own.nodeID) == ViewEntry(contact: contact))
    }
}
