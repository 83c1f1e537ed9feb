import DHT
import MeshTestKit
import Testing
import Wire

/// What people are told of a node, and what a ping of theirs does and does not change.
@Suite struct ReportTests {
    private let peers = (1...4).map { Kit.contact(Kit.id(UInt64($0) << 58)) }

    private func known() -> Driven {
        var driven = Driven { $0.fullView = 0 }
        driven.introduce(peers)
        return driven
    }

    private func pings(_ actions: [DHTAction]) -> [Result<Duration, DHTFailure>] {
        actions.compactMap { if case .pinged(_, let result) = $0 { result } else { nil } }
    }

    @Test func aPingIsTheTimeOfTheSendThatWasAnswered() throws {
        var driven = known()
        let asked = try #require(driven.tell(.ping(id: 1, peers[0])).asked.first)
        #expect(asked.path == .udp)
        let answer = driven.tell(.answer(Driven.emptyAnswer(asked.request), from: peers[0], via: .udp), after: .milliseconds(7))
        #expect(pings(answer) == [.success(.milliseconds(7))])
    }

    @Test func aPingThatFailsNamesTheCause() throws {
        var driven = known()
        for failure in [DHTFailure.refused, .authentication, .tooBig, .noRoute, .withheld] {
            let asked = try #require(driven.tell(.ping(id: 1, peers[0])).asked.first)
            #expect(pings(driven.tell(.failed(exchange: asked.request.exchange, failure))) == [.failure(failure)])
        }
        driven.tell(.ping(id: 2, peers[0]))
        var silent: [Result<Duration, DHTFailure>] = []
        for _ in 0..<100 where silent.isEmpty { silent = pings(driven.tell(.tick, after: .milliseconds(100))) }
        #expect(silent == [.failure(.noAnswer)])
    }

    /// Whoever somebody names may not be there at all: that says nothing of datagrams.
    @Test func aPingToSomebodyElseIsNoVerdict() throws {
        var driven = known()
        let stranger = Kit.contact(Kit.id(9 << 58))
        for _ in 0..<30 {
            let asked = try #require(driven.tell(.ping(id: 1, stranger)).asked.first { $0.contact == stranger })
            driven.tell(.failed(exchange: asked.request.exchange, .refused))
        }
        #expect(driven.node.health.isOK)
    }

    /// A budget of this node is no fault of a peer's, and none of the way.
    @Test func whatWasNotSentBlamesNobody() {
        var driven = known()
        for round in 0..<30 {
            let actions = driven.tell(.lookup(id: UInt64(round), service: "s\(round)", want: 1), after: .milliseconds(100))
            for asked in actions.asked where asked.path == .udp { driven.tell(.failed(exchange: asked.request.exchange, .withheld)) }
        }
        #expect(driven.node.health.isOK)
        #expect(driven.node.peers(now: driven.now).allSatisfy { $0.state == .ok })
    }

    // DHT-3.10
    @Test(arguments: [(DHTFailure.withheld, true), (.noRoute, true), (.refused, false)])
    func aProviderThatCouldNotBeAskedIsNotForgotten(failure: DHTFailure, isKept: Bool) throws {
        var driven = known()
        let provider = Kit.contact(Kit.id(77))
        let entry = Kit.entry(by: provider.nodeID)
        let store = StoreRequest(key: .serviceKey("ocr"), version: entry.version, entry: entry)
        driven.tell(.request(DHTRequest(exchange: 1, .store(store)), from: provider, via: .udp, inSession: true))
        #expect(driven.node.records.count == 1)
        let hint = UnreachableHint(key: .serviceKey("ocr"), provider: provider.nodeID, version: entry.version)
        let actions = driven.tell(.request(DHTRequest(exchange: 2, .unreachable(hint)), from: peers[0], via: .udp, inSession: true))
        let asked = try #require(actions.asked.first { $0.contact.nodeID == provider.nodeID })
        driven.tell(.failed(exchange: asked.request.exchange, failure))
        #expect(driven.node.records.count == (isKept ? 1 : 0))
    }

    @Test func peersAreOKThenDegradedThenDown() throws {
        var driven = known()
        func state(_ driven: Driven) -> Health.State? { driven.node.peers(now: driven.now).first { $0.contact == peers[0] }?.state }
        var states: [Health.State?] = [state(driven)]
        for _ in 0..<3 {
            let asked = try #require(driven.tell(.ping(id: 1, peers[0])).asked.first)
            driven.tell(.failed(exchange: asked.request.exchange, .tooBig))
            states.append(state(driven))
        }
        #expect(states == [.ok, .degraded(.tooBig), .degraded(.tooBig), .down(.tooBig)])
        let asked = try #require(driven.tell(.ping(id: 2, peers[0])).asked.first)
        driven.tell(.answer(Driven.emptyAnswer(asked.request), from: peers[0], via: .udp), after: .milliseconds(3))
        #expect(state(driven) == .ok)
    }

    @Test func aSeedThatNeverAnsweredIsNamedWithItsCause() throws {
        var driven = Driven { $0.fullView = 0 }
        let asked = try #require(driven.tell(.start([peers[0]])).asked.first)
        driven.tell(.failed(exchange: asked.request.exchange, .refused))
        let report = try #require(driven.node.peers(now: driven.now).first)
        #expect(report.contact == peers[0] && report.state == .down(.refused) && report.silence == nil)
    }

    @Test func recordsSayHowLongTheyAreHeld() {
        var store = RecordStore()
        let entry = Kit.entry(by: Kit.id(1))
        _ = store.store(entry, key: .serviceKey("ocr"), split: 0, now: Kit.epoch)
        let later = Kit.epoch + .seconds(40)
        _ = store.renew(entry.nodeID, entry.version, key: .serviceKey("ocr"), split: 0, now: later)
        let held = store.all(now: later + .seconds(10))
        #expect(held.map(\.age) == [.seconds(50)] && held.map(\.held.remaining) == [80_000])
    }
}
