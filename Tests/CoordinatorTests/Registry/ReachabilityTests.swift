import Testing
import Wire

@testable import Coordinator

@Suite struct ReachabilityTests {
    let a = Endpoint(host: "10.0.0.1", port: 1)
    let b = Endpoint(host: "10.0.0.2", port: 2)
    func at(_ seconds: Int) -> Instant { Instant(nanoseconds: 1_000_000_000_000) + .seconds(seconds) }

    @Test func anAddressIsBelievedAfterItsProbe() {
        var reach = Reachability()
        #expect(reach.verdict == false)
        #expect(reach.propose([a, b], isNewProcess: true, now: at(0)) == .probe([a, b]))
        #expect(reach.verdict == nil)
        #expect(reach.endpoints.isEmpty)
        #expect(reach.record(b, round: reach.round, reachable: true, now: at(0)) == nil)
        #expect(reach.endpoints == [b])
        #expect(reach.verdict == true)
        #expect(reach.record(a, round: reach.round, reachable: true, now: at(0)) == nil)
        #expect(reach.endpoints == [a, b])
    }

    @Test func theSameAddressesAreNotProbedAgain() {
        var reach = Reachability()
        _ = reach.propose([a], isNewProcess: true, now: at(0))
        #expect(reach.propose([a], isNewProcess: false, now: at(60)) == .nothing)
        #expect(reach.propose([a], isNewProcess: true, now: at(60)) == .probe([a]))
    }

    @Test func aChangeKeepsWhatIsProven() {
        var reach = Reachability()
        _ = reach.propose([a], isNewProcess: true, now: at(0))
        _ = reach.record(a, round: reach.round, reachable: true, now: at(0))
        #expect(reach.propose([b, a], isNewProcess: false, now: at(60)) == .probe([b, a]))
        #expect(reach.endpoints == [a])
        #expect(reach.propose([b], isNewProcess: false, now: at(120)) == .probe([b]))
        #expect(reach.endpoints == [])
    }

    // MSG-3.7
    @Test func probesAreRateLimited() {
        var reach = Reachability()
        _ = reach.propose([a], isNewProcess: true, now: at(0))
        #expect(reach.propose([b], isNewProcess: false, now: at(1)) == .wait(until: at(0) + Limits.dialBackInterval))
        #expect(reach.verdict == nil)
        #expect(reach.begin(now: at(0) + Limits.dialBackInterval) == .probe([b]))
    }

    @Test func aResultOfAnEarlierRoundSaysNothing() {
        var reach = Reachability()
        _ = reach.propose([a], isNewProcess: true, now: at(0))
        let old = reach.round
        _ = reach.propose([a, b], isNewProcess: false, now: at(60))
        #expect(reach.record(a, round: old, reachable: true, now: at(60)) == nil)
        #expect(reach.endpoints.isEmpty)
        #expect(reach.record(Endpoint(host: "10.9.9.9", port: 9), round: reach.round, reachable: true, now: at(60)) == nil)
        #expect(reach.verdict == nil)
    }

    @Test func failureIsTriedAgainLaterAndLater() {
        var reach = Reachability()
        _ = reach.propose([a, b], isNewProcess: true, now: at(0))
        #expect(reach.record(a, round: reach.round, reachable: false, now: at(0)) == nil)
        #expect(reach.record(b, round: reach.round, reachable: false, now: at(0)) == at(30))
        #expect(reach.verdict == false)
        var now = at(30)
        for wait in [60, 120, 240, 480, 480, 480] {
            #expect(reach.begin(now: now) == .probe([a, b]))
            _ = reach.record(a, round: reach.round, reachable: false, now: now)
            let retry = reach.record(b, round: reach.round, reachable: false, now: now)
            #expect(retry == now + .seconds(wait))
            now = retry ?? now
        }
        _ = reach.begin(now: now)
        _ = reach.record(a, round: reach.round, reachable: false, now: now)
        #expect(reach.record(b, round: reach.round, reachable: true, now: now) == nil)
        #expect(reach.verdict == true)
    }

    @Test func whatWasProvenBeforeARestartIsHandedOut() {
        var reach = Reachability(proven: [a])
        #expect(reach.endpoints == [a])
        #expect(reach.propose([a], isNewProcess: false, now: at(0)) == .nothing)
        #expect(reach.endpoints == [a])
    }

    @Test func manyChangesInOneIntervalAreOneWait() {
        var reach = Reachability()
        let now = Instant(nanoseconds: 1_000_000_000)
        func address(_ port: UInt16) -> [Endpoint] { [Endpoint(host: "10.0.0.1", port: port)] }
        #expect(reach.propose(address(1), isNewProcess: true, now: now) == .probe(address(1)))
        #expect(reach.propose(address(2), isNewProcess: false, now: now) == .wait(until: now + Limits.dialBackInterval))
        for port in UInt16(3)..<50 { #expect(reach.propose(address(port), isNewProcess: false, now: now) == .nothing) }
        #expect(reach.begin(now: now + Limits.dialBackInterval) == .probe(address(49)))
    }
}
