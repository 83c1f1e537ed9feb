import MeshTestKit
import Testing
import Wire

@testable import Coordinator

@Suite struct DeadlineWheelTests {
    /// Against a list that is searched: the same keys come out of every step, whatever the steps are.
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func agreesWithAPlainList(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var wheel = DeadlineWheel<Int>(granularity: .milliseconds(10), slots: 8)
        var list: [(key: Int, at: Instant)] = []
        var now = Instant(nanoseconds: random.next() % 1_000_000_000_000)
        for key in 0..<2_000 {
            let at = now + .microseconds(Int64(random.next() % 400_000))
            wheel.schedule(key, at: at)
            list.append((key, at))
            guard random.next() % 3 == 0 else { continue }
            now = now + .microseconds(Int64(random.next() % (random.next() % 20 == 0 ? 1_000_000 : 20_000)))
            let due = list.filter { $0.at <= now }.map(\.key)
            list.removeAll { $0.at <= now }
            #expect(wheel.advance(to: now).sorted() == due, "seed \(seed)")
        }
        #expect(wheel.advance(to: now + .seconds(10)).sorted() == list.map(\.key), "seed \(seed)")
    }

    @Test func aDeadlineInThePastIsDueAtOnce() {
        var wheel = DeadlineWheel<String>()
        _ = wheel.advance(to: Instant(nanoseconds: 5_000_000_000_000))
        wheel.schedule("late", at: Instant(nanoseconds: 1))
        #expect(wheel.advance(to: Instant(nanoseconds: 5_000_000_000_000)) == ["late"])
    }

    @Test func nothingComesTwice() {
        var wheel = DeadlineWheel<Int>()
        wheel.schedule(1, at: Instant(nanoseconds: 0))
        #expect(wheel.advance(to: Instant(nanoseconds: 0)) == [1])
        #expect(wheel.advance(to: Instant(nanoseconds: 0)) == [])
        #expect(wheel.advance(to: Instant(nanoseconds: 1_000_000_000_000)) == [])
    }

    @Test func timeThatGoesBackIsIgnored() {
        var wheel = DeadlineWheel<Int>()
        _ = wheel.advance(to: Instant(nanoseconds: 10_000_000_000))
        wheel.schedule(1, at: Instant(nanoseconds: 11_000_000_000))
        #expect(wheel.advance(to: Instant(nanoseconds: 0)) == [])
        #expect(wheel.advance(to: Instant(nanoseconds: 11_000_000_000)) == [1])
    }
}
