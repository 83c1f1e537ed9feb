import MeshTestKit
import Testing
import Wire

/// DGRAM-4.3, DGRAM-4.4: the ring of bits against a set that remembers everything.
@Suite struct ReplayWindowTests {
    private static let size = UInt64(Limits.replayWindow)

    /// What the specification says, without a ring.
    private struct Model {
        var seen: Set<UInt64> = []
        var highest: UInt64?

        mutating func takes(_ counter: UInt64) -> Bool {
            if let highest, counter <= highest, highest - counter >= ReplayWindowTests.size { return false }
            highest = max(highest ?? 0, counter)
            return seen.insert(counter).inserted
        }
    }

    private static func takes(_ window: inout ReplayWindow, _ counter: UInt64) -> Bool {
        guard (try? window.check(counter)) != nil else { return false }
        window.note(counter)
        return true
    }

    @Test(arguments: [1, 64, 3_000, 9_000, 1_000_000] as [UInt64])
    func agreesWithASetThatRemembersEverything(step: UInt64) {
        var random = SeededRandom(seed: step)
        var window = ReplayWindow()
        var model = Model()
        var base: UInt64 = 0
        for _ in 0..<20_000 {
            base += random.next() % step
            let back = random.next() % (Self.size + 200)
            let counter = base - min(base, back)
            #expect(Self.takes(&window, counter) == model.takes(counter), "counter \(counter) with the highest at \(model.highest ?? 0)")
        }
    }

    @Test func aJumpOfAnyLengthIsOneStep() {
        var window = ReplayWindow()
        for counter in [0, 1 << 62, UInt64.max - 1] { #expect(Self.takes(&window, counter)) }
        #expect(!Self.takes(&window, 1 << 62))
        #expect(Self.takes(&window, .max - Self.size))
        #expect(!Self.takes(&window, .max - Self.size - 1))
    }

    @Test func theLastCounterIsNoCounter() {
        #expect(throws: WireError.exhausted) { try ReplayWindow().check(.max) }
    }

    @Test func askingChangesNothing() throws {
        var window = ReplayWindow()
        for _ in 0..<3 { try window.check(5) }
        window.note(5)
        #expect(throws: WireError.replayed) { try window.check(5) }
        try window.check(4)
    }
}
