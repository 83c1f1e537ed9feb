/// Remembers which of the last `Limits.replayWindow` counters were seen: a ring of bits (RFC 6479).
///
/// Asked before a datagram is opened, told after it has proven genuine, so that a forged one closes no place in it. The ring has
/// no more words than the counters need that have come: most sessions are short.
package struct ReplayWindow: Sendable {
    /// One word more than the window has, so that its two ends never share one.
    private static let words = Limits.replayWindow / 64 + 1

    private var bits: [UInt64] = []
    /// One above the highest counter seen; 0 before the first.
    private var next: UInt64 = 0

    package init() {}

    /// `replayed` for a counter that was seen, or that is too old to tell; `exhausted` for the one that no datagram has.
    package func check(_ counter: UInt64) throws(WireError) {
        guard counter < .max else { throw .exhausted }  // DGRAM-4.3
        guard counter < next else { return }
        guard next - counter <= UInt64(Limits.replayWindow), bits[word(counter)] & Self.bit(counter) == 0 else { throw .replayed }
    }

    /// Remembers `counter`, which `check` has let through.
    package mutating func note(_ counter: UInt64) {
        guard counter < .max else { return }
        if counter >= next {
            grow(toHold: counter / 64)
            clear(upTo: counter / 64)
            next = counter + 1
        }
        bits[word(counter)] |= Self.bit(counter)
    }

    /// While the ring is shorter than it may be, every word stands at its own number, so that growing moves none.
    private mutating func grow(toHold block: UInt64) {
        let needed = Int(min(block + 1, UInt64(Self.words)))
        guard needed > bits.count else { return }
        let count = min(Self.words, max(needed, bits.count * 2))
        bits.append(contentsOf: repeatElement(0, count: count - bits.count))
    }

    /// Empties the words between the one of the highest counter and `block`: at most all of them, however far the jump.
    private mutating func clear(upTo block: UInt64) {
        guard next > 0 else { return }
        let first = max((next - 1) / 64 + 1, block - min(block, UInt64(Self.words - 1)))
        guard first <= block else { return }
        for stale in first...block { bits[Int(stale % UInt64(Self.words))] = 0 }
    }

    private func word(_ counter: UInt64) -> Int { Int(counter / 64 % UInt64(Self.words)) }
    private static func bit(_ counter: UInt64) -> UInt64 { 1 << (counter % 64) }
}
