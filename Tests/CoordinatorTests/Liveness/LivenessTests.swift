import MeshTestKit
import Testing
import Wire

@testable import Coordinator

@Suite struct LivenessTests {
    let slot = Slot(index: 3, generation: 7)

    /// Runs the machine in steps of 100 ms; returns what it said and when, in milliseconds from the start.
    func run(_ liveness: inout Liveness, for duration: Duration, hearing: (Int) -> Bool = { _ in false }) -> [(Int, Liveness.Verdict)] {
        var verdicts: [(Int, Liveness.Verdict)] = []
        for step in 0...Int(duration.wholeMilliseconds / 100) {
            let now = at(step * 100)
            if hearing(step * 100) { _ = liveness.heard(slot, now: now) }
            for verdict in liveness.advance(to: now) { verdicts.append((step * 100, verdict)) }
        }
        return verdicts
    }

    func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: 1_000_000_000) + .milliseconds(milliseconds) }

    @Test func silenceIsSuspectedWithinThreeSecondsAndRemovedAtThirty() {
        var liveness = Liveness()
        liveness.track(slot, .link, now: at(0))
        let verdicts = run(&liveness, for: .seconds(60))
        #expect(verdicts.map(\.1) == [.suspected(slot), .removed(slot)])
        #expect(verdicts.first.map { 2_500...3_000 ~= $0.0 } == true)
        #expect(verdicts.last.map { 30_000...30_100 ~= $0.0 } == true)
        #expect(liveness.lastHeard(slot) == nil)
    }

    @Test func aMemberHeardEverySecondIsNeverSuspected() {
        var liveness = Liveness()
        liveness.track(slot, .link, now: at(0))
        #expect(run(&liveness, for: .seconds(120)) { $0 % 1_000 == 0 }.isEmpty)
    }

    @Test func aMemberThatIsHeardAgainStartsAnew() {
        var liveness = Liveness()
        liveness.track(slot, .link, now: at(0))
        let verdicts = run(&liveness, for: .seconds(60)) { $0 == 10_000 }
        #expect(verdicts.map(\.1) == [.suspected(slot), .suspected(slot), .removed(slot)])
        #expect(verdicts.map { $0.0 / 1_000 } == [2, 12, 40])
    }

    @Test func hearingASuspectSaysThatItRecovered() {
        var liveness = Liveness()
        liveness.track(slot, .link, now: at(0))
        #expect(liveness.heard(slot, now: at(100)) == false)
        _ = liveness.advance(to: at(5_000))
        #expect(liveness.heard(slot, now: at(5_000)) == true)
        #expect(liveness.heard(slot, now: at(5_100)) == false)
        #expect(liveness.lastHeard(slot) == at(5_100))
    }

    @Test func anHTTPWorkerHasItsOwnTimes() {
        var liveness = Liveness()
        liveness.track(slot, .init(suspectAfter: .seconds(300), removeAfter: .seconds(600)), now: at(0))
        let verdicts = run(&liveness, for: .seconds(700))
        #expect(verdicts.map(\.1) == [.suspected(slot), .removed(slot)])
        #expect(verdicts.map { $0.0 / 1_000 } == [300, 600])
    }

    @Test func aStaleMemberIsRemovedWithoutSuspicion() {
        var liveness = Liveness()
        liveness.track(slot, .stale, now: at(0))
        let verdicts = run(&liveness, for: Limits.staleAfterRestart + .seconds(1))
        #expect(verdicts.map(\.1) == [.removed(slot)])
    }

    @Test func anotherTimingTakesThePlaceOfTheFirst() {
        var liveness = Liveness()
        liveness.track(slot, .stale, now: at(0))
        liveness.track(slot, .link, now: at(0))
        #expect(run(&liveness, for: .seconds(10)).map(\.1) == [.suspected(slot)])
    }

    @Test func theNextMemberInAPlaceIsNotTheOneBefore() {
        var liveness = Liveness()
        liveness.track(slot, .link, now: at(0))
        let next = Slot(index: slot.index, generation: 8)
        liveness.track(next, .link, now: at(2_000))
        #expect(liveness.heard(slot, now: at(2_100)) == false)
        #expect(liveness.advance(to: at(3_000)) == [])
        #expect(liveness.advance(to: at(5_000)) == [.suspected(next)])
    }

    @Test func aForgottenMemberHasNoVerdict() {
        var liveness = Liveness()
        liveness.track(slot, .link, now: at(0))
        liveness.forget(slot)
        #expect(run(&liveness, for: .seconds(60)).isEmpty)
    }
}
