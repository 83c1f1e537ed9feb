public import Wire

/// Time that moves when a test says so.
public struct VirtualClock: Sendable {
    /// Starts away from zero, so that a subtraction that goes below the start of a test does not hide at zero.
    public private(set) var now = Instant(nanoseconds: 1_000_000_000_000)

    public init() {}

    /// Moves the time on.
    public mutating func advance(by duration: Duration) { now = now + duration }
}
