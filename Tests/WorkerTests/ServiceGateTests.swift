import MeshTestKit
import Testing
import Wire
import Worker

@Suite struct ServiceGateTests {
    @Test func soManyRunSoManyWaitTheRestIsRefused() {
        var gate = ServiceGate<Int>(limit: 2, queueLimit: 1)
        guard case .start = gate.arrived(0), case .start = gate.arrived(1), case .wait = gate.arrived(2) else {
            return #expect(Bool(false), "two places, one chair")
        }
        #expect(gate.isFull)
        guard case .refuse(let retryAfter) = gate.arrived(3) else { return #expect(Bool(false), "full") }
        #expect(retryAfter >= 100)
        #expect(gate.load == LoadReport(inFlight: 2, limit: 2, queued: 1, serviceMicroseconds: 0))
        expect(gate.completed(after: .milliseconds(3)), is: 2)
        expect(gate.completed(after: .milliseconds(3)), is: nil)
        #expect(gate.load == LoadReport(inFlight: 1, limit: 2, queued: 0, serviceMicroseconds: 3_000))
    }

    @Test func theQueueIsInOrderAndWithoutThoseThatGaveUp() {
        var gate = ServiceGate<Int>(limit: 1, queueLimit: 10)
        _ = gate.arrived(0)
        var tickets: [ServiceGate<Int>.Ticket] = []
        for waiter in 1...4 { if case .wait(let ticket) = gate.arrived(waiter) { tickets.append(ticket) } }
        expect(gate.abandoned(tickets[1]), is: true)
        expect(gate.abandoned(tickets[1]), is: false)
        expect([0, 1, 2].map { _ in gate.completed(after: nil) }, is: [1, 3, 4])
        expect(gate.abandoned(tickets[3]), is: false, "it runs by now")
        expect(gate.completed(after: nil), is: nil)
        #expect(gate.load.inFlight == 0)
    }

    @Test func theServiceTimeIsSmoothed() {
        var gate = ServiceGate<Int>(limit: 1, queueLimit: 0)
        for time in [10, 10, 10, 90] {
            _ = gate.arrived(0)
            _ = gate.completed(after: .milliseconds(time))
        }
        #expect(gate.load.serviceMicroseconds == 20_000)
        _ = gate.arrived(0)
        _ = gate.completed(after: nil)
        #expect(gate.load.serviceMicroseconds == 20_000, "a cancelled request says nothing")
    }

    /// Arrivals, ends and surrenders in any order never lose or double a place.
    @Test(arguments: [UInt64(1), 2, 3]) func placesAreConserved(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var gate = ServiceGate<Int>(limit: 5, queueLimit: 7)
        var running = 0
        var waiting: [Int: ServiceGate<Int>.Ticket] = [:]
        for number in 0..<20_000 {
            switch random.next() % 5 {
            case 0...2:
                switch gate.arrived(number) {
                case .start: running += 1
                case .wait(let ticket): waiting[number] = ticket
                case .refuse: #expect(running == 5 && waiting.count == 7, "seed \(seed)")
                }
            case 3 where running > 0:
                if let next = gate.completed(after: .milliseconds(1)) {
                    #expect(next == waiting.keys.min(), "seed \(seed)")
                    waiting[next] = nil
                } else {
                    running -= 1
                }
            case 4:
                if let (number, ticket) = waiting.randomElement(using: &random) {
                    expect(gate.abandoned(ticket), is: true, "seed \(seed)")
                    waiting[number] = nil
                }
            default: break
            }
            #expect(gate.load.inFlight == UInt32(running) && gate.load.queued == UInt32(waiting.count), "seed \(seed)")
        }
    }
}

@Suite struct ServiceHealthTests {
    func result(_ isHealthy: Bool) -> UpstreamHealth {
        UpstreamHealth(isHealthy: isHealthy, latency: .milliseconds(1), detail: isHealthy ? nil : "refused")
    }

    @Test func theFirstProbeDecides() {
        for isHealthy in [true, false] {
            let clock = VirtualClock()
            var health = ServiceHealth(now: clock.now)
            #expect(!health.isHealthy)
            #expect(health.nextProbe == clock.now)
            expect(health.probed(result(isHealthy), now: clock.now), is: true)
            #expect(health.isHealthy == isHealthy)
        }
    }

    @Test func oneLostProbeMovesNothing() {
        let clock = VirtualClock()
        var health = ServiceHealth(now: clock.now)
        _ = health.probed(result(true), now: clock.now)
        #expect(health.nextProbe == clock.now + Limits.probeInterval)
        for _ in 0..<Limits.probeFall - 1 { expect(health.probed(result(false), now: clock.now), is: false) }
        #expect(health.nextProbe == clock.now + Limits.probeIntervalFailing)
        expect(health.probed(result(true), now: clock.now), is: false)
        #expect(health.isHealthy)
        for _ in 0..<Limits.probeFall - 1 { expect(health.probed(result(false), now: clock.now), is: false) }
        expect(health.probed(result(false), now: clock.now), is: true)
        #expect(!health.isHealthy)
        #expect(health.detail == "refused")
        for _ in 0..<Limits.probeRise - 1 { expect(health.probed(result(true), now: clock.now), is: false) }
        expect(health.probed(result(true), now: clock.now), is: true)
        #expect(health.isHealthy)
        #expect(health.detail == nil)
    }

    @Test func aFailedCallBringsTheNextProbeForward() {
        var clock = VirtualClock()
        var health = ServiceHealth(now: clock.now)
        _ = health.probed(result(true), now: clock.now)
        clock.advance(by: .seconds(1))
        health.suspected(now: clock.now)
        #expect(health.nextProbe == clock.now)
    }
}
