public import Wire

/// Full-jitter back-off (Brooker, "Exponential Backoff and Jitter", 2015): a random wait between zero and a bound that doubles.
public struct Backoff: Hashable, Sendable {
    private var bound: Duration
    private let first: Duration
    private let limit: Duration

    public init(first: Duration = .milliseconds(100), limit: Duration = Limits.redial) {
        bound = first
        self.first = first
        self.limit = limit
    }

    /// The next wait; `random` is a uniformly random word.
    public mutating func next(random: UInt64) -> Duration {
        let wait = bound * (Double(random >> 11) / Double(1 << 53))
        bound = min(bound * 2, limit)
        return wait
    }

    /// Starts again after a success.
    public mutating func reset() { bound = first }
}
