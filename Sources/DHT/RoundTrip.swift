import Wire

/// How long a peer takes to answer: a smoothed mean and deviation in microseconds, as TCP keeps them (RFC 6298).
struct RoundTrip: Sendable {
    private(set) var smoothed: UInt32 = 0
    private var deviation: UInt32 = 0

    var isKnown: Bool { smoothed > 0 }

    /// The mean; `nil` before the first.
    var mean: Duration? { isKnown ? .microseconds(Int64(smoothed)) : nil }

    /// Takes in one measured round trip.
    mutating func note(_ duration: Duration) {
        let sample = max(UInt32(clamping: duration.wholeNanoseconds / 1_000), 1)
        guard isKnown else {
            smoothed = sample
            deviation = sample / 2
            return
        }
        let error = sample > smoothed ? sample - smoothed : smoothed - sample
        deviation = deviation - deviation / 4 + error / 4
        smoothed = smoothed - smoothed / 8 + sample / 8
    }

    /// How long to wait before the answer counts as late.
    var timeout: Duration {
        let wait = Duration.microseconds(Int64(smoothed) + 4 * Int64(deviation))
        return min(max(wait, Limits.answerTimeoutMinimum), Limits.answerTimeoutMaximum)
    }

    /// For a peer of which nothing is known: what others need, or half a second.
    static func timeout(_ peer: RoundTrip?, among all: RoundTrip) -> Duration {
        if let peer, peer.isKnown { return peer.timeout }
        return all.isKnown ? all.timeout : .milliseconds(500)
    }
}
