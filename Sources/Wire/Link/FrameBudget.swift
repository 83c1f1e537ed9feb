/// How many frames that make no progress a peer may still send: a bucket that time and progress refill.
///
/// PING, RESET, STOP, PADDING, empty DATA and unknown frames cost the receiver work and the sender nothing.
struct FrameBudget {
    private var tokens = Limits.idleFrameBurst
    private var refilled: Instant

    init(now: Instant) { refilled = now }

    /// Takes one; throws `flood` when none is left.
    mutating func spend(now: Instant) throws(WireError) {
        refill(now)
        guard tokens > 0 else { throw .flood }  // FLOW-6.1, FLOW-6.2
        tokens -= 1
    }

    /// Something useful was done: one is given back.
    mutating func progress() { tokens = min(tokens + 1, Limits.idleFrameBurst) }

    private mutating func refill(_ now: Instant) {
        let elapsed = (now - refilled).wholeNanoseconds
        let earned = elapsed / (1_000_000_000 / UInt64(Limits.idleFrameRate))
        guard earned > 0 else { return }
        refilled = now
        tokens = UInt32(clamping: min(UInt64(Limits.idleFrameBurst), UInt64(tokens) + earned))
    }
}
