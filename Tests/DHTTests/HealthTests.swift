import DHT
import MeshTestKit
import Testing
import Wire

/// Whether datagrams work, as a whole node judges it.
@Suite struct HealthTests {
    private func known() -> Driven {
        var driven = Driven { $0.fullView = 0 }
        driven.introduce((1...20).map { Kit.contact(Kit.id(UInt64($0) << 58)) })
        return driven
    }

    /// Lets time pass in which datagrams are not answered; what was asked over each way, and the states that were told.
    private func silence(_ driven: inout Driven, for seconds: Int, answering: Bool = false) -> (
        states: [(Duration, Health.State)], probes: [Duration]
    ) {
        var states: [(Duration, Health.State)] = []
        var probes: [Duration] = []
        let start = driven.now
        for _ in 0..<seconds * 20 {
            var actions = driven.tell(.tick, after: .milliseconds(50))
            if answering, let first = actions.asked.first(where: { $0.path == .udp }) {
                actions += driven.tell(.answer(Driven.emptyAnswer(first.request), from: first.contact, via: .udp))
            }
            for action in actions {
                if case .health(let state) = action { states.append((driven.now - start, state)) }
            }
            if actions.asked.contains(where: { $0.path == .udp }) { probes.append(driven.now - start) }
        }
        return (states, probes)
    }

    @Test func nobodyToAskIsAnErrorWithACause() {
        var driven = Driven()
        #expect(driven.node.health.state == .down(.noPeers))
        driven.tell(.start([]))
        driven.tell(.tick, after: .seconds(5))
        #expect(driven.node.health.state == .down(.noPeers))
    }

    @Test func anAnswerOfASeedIsTheBeginning() {
        var driven = Driven()
        let seed = Kit.contact(Kit.id(5))
        let actions = driven.tell(.start([seed]))
        #expect(actions.asked.contains { $0.contact == seed && $0.path == .udp })
        driven.answerAll(actions)
        #expect(driven.node.health.state == .ok && driven.node.table.contacts.map(\.nodeID) == [seed.nodeID])
    }

    @Test func silenceIsNoticedWithinTwoSecondsOfACall() throws {
        var driven = known()
        #expect(driven.node.health.state == .ok)
        driven.tell(.lookup(id: 1, service: "ocr", want: 1))
        let (states, _) = silence(&driven, for: 3)
        let down = try #require(states.first { $0.1 == .down(.noAnswer) })
        #expect(down.0 <= .seconds(2))
        #expect(states.first?.1 == .degraded(.noAnswer))
    }

    // DHT-7.1
    @Test func probingGoesOnAndGetsRarer() throws {
        var driven = known()
        driven.tell(.lookup(id: 1, service: "ocr", want: 1))
        _ = silence(&driven, for: 60)
        #expect(driven.node.health.isDown)
        let (states, probes) = silence(&driven, for: 3_600)
        #expect(states.isEmpty)
        let first = zip(probes, probes.dropFirst()).map { $1 - $0 }.max() ?? .zero
        #expect(first <= .seconds(31), "never longer than half a minute")
        #expect(probes.contains { $0 > .seconds(3_500) })
        let actions = driven.tell(.networkChanged)
        #expect(actions.asked.contains { $0.path == .udp }, "at once when the network changes")
    }

    // DHT-7.2
    @Test func threeAnswersOfTwoPeersAreNeeded() {
        var driven = known()
        driven.tell(.lookup(id: 1, service: "ocr", want: 1))
        _ = silence(&driven, for: 10)
        #expect(driven.node.health.isDown)
        var answering: [NodeID] = []
        var answers = 0
        while driven.node.health.isDown, answers < 500 {
            let actions = driven.tell(.tick, after: .milliseconds(100))
            for asked in actions.asked where asked.path == .udp && driven.node.health.isDown {
                // Only one peer answers for a while.
                if let first = answering.first, answers < 10, asked.contact.nodeID != first { continue }
                answers += 1
                if !answering.contains(asked.contact.nodeID) { answering.append(asked.contact.nodeID) }
                driven.tell(.answer(Driven.emptyAnswer(asked.request), from: asked.contact, via: .udp))
            }
            if answers < 10 { #expect(driven.node.health.isDown, "one peer is not enough") }
        }
        #expect(driven.node.health.isOK && answering.count == 2)
    }

    @Test func theCauseIsTheOneThatTheShellNames() {
        var driven = known()
        for round in 0..<30 {
            let actions = driven.tell(.lookup(id: UInt64(round), service: "s\(round)", want: 1), after: .milliseconds(100))
            for asked in actions.asked where asked.path == .udp { driven.tell(.failed(exchange: asked.request.exchange, .refused)) }
        }
        #expect(driven.node.health.state == .down(.refused))
    }

    @Test func aCallIsHedgedAfterTwoTimeouts() {
        var driven = known()
        driven.tell(.lookup(id: 1, service: "ocr", want: 1))
        var hedged: Duration?
        let start = driven.now
        for _ in 0..<100 where hedged == nil {
            let actions = driven.tell(.tick, after: .milliseconds(20))
            if actions.asked.contains(where: { $0.path == .tcp }) { hedged = driven.now - start }
        }
        #expect(hedged.map { $0 < .seconds(2) } == true)
    }

    @Test func answersOverLinksDoNotHealDatagrams() {
        var driven = known()
        driven.tell(.lookup(id: 1, service: "ocr", want: 1))
        _ = silence(&driven, for: 10)
        for round in 0..<20 {
            let actions = driven.tell(.lookup(id: UInt64(round + 2), service: "s\(round)", want: 1), after: .milliseconds(10))
            let links = actions.asked.filter { $0.path == .tcp }
            #expect(!links.isEmpty)
            for asked in links { driven.tell(.answer(Driven.emptyAnswer(asked.request), from: asked.contact, via: .tcp)) }
        }
        #expect(driven.node.health.isDown)
    }
}
