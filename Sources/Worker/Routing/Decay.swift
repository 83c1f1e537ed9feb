import Wire

/// `value` after it has lost half of itself every `halfLife`, for as long as from `start` to `now`. Linear between two
/// halvings, which is exact enough for a weight and needs no mathematics library.
func decayed(_ value: Double, since start: Instant, now: Instant, halfLife: Duration) -> Double {
    guard now > start else { return value }
    let halvings = Double(now.nanoseconds - start.nanoseconds) / Double(max(1, halfLife.wholeNanoseconds))
    guard halvings < 64 else { return 0 }
    let whole = halvings.rounded(.down)
    return value * (1 - (halvings - whole) / 2) * Double(sign: .plus, exponent: -Int(whole), significand: 1)
}
