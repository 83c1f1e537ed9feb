import Wire

/// Chance within one event: SplitMix64, begun anew with a word from the shell's source at each event.
struct Dice: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(_ word: UInt64) { state = word }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// One of `0..<count`; 0 where there is none.
    mutating func below(_ count: Int) -> Int {
        guard count > 0 else { return 0 }
        return Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(count)).high)
    }

    /// `duration`, up to a quarter shorter or longer, so that nodes that began together do not stay together.
    mutating func around(_ duration: Duration) -> Duration {
        let nanoseconds = duration.wholeNanoseconds
        let spread = Int(clamping: nanoseconds / 2)
        return .nanoseconds(Int64(clamping: nanoseconds - nanoseconds / 4 + UInt64(below(spread))))
    }
}
