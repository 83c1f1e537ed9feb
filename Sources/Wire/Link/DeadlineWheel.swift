/// A hashed timing wheel over the slots of a slab (Varghese and Lauck, 1987): setting and clearing a deadline is O(1)
/// and allocates nothing once the slab has its size. Deadlines fire up to one tick late, never early.
struct DeadlineWheel {
    private struct Entry {
        var next: Int32 = -1
        var previous: Int32 = -1
        var due: UInt64 = 0
        var isSet = false
    }

    /// One tick: the resolution of deadlines.
    static let tick: UInt64 = 8_000_000
    private static let slots: UInt64 = 256

    private var entries: [Entry] = []
    private var heads = [Int32](repeating: -1, count: Int(slots))
    private var current: UInt64
    /// How many deadlines are set.
    private(set) var count = 0

    init(now: Instant) { current = now.nanoseconds / Self.tick }

    /// Sets the deadline of `slot`, replacing one that stands.
    mutating func set(_ slot: Int, at instant: Instant) {
        clear(slot)
        while entries.count <= slot { entries.append(Entry()) }
        let due = max(instant.nanoseconds / Self.tick + 1, current + 1)
        let bucket = Int(due % Self.slots)
        entries[slot] = Entry(next: heads[bucket], previous: -1, due: due, isSet: true)
        if heads[bucket] >= 0 { entries[Int(heads[bucket])].previous = Int32(truncatingIfNeeded: slot) }
        heads[bucket] = Int32(truncatingIfNeeded: slot)
        count += 1
    }

    /// Forgets the deadline of `slot`, if it has one.
    mutating func clear(_ slot: Int) {
        guard slot < entries.count, entries[slot].isSet else { return }
        let entry = entries[slot]
        if entry.previous >= 0 {
            entries[Int(entry.previous)].next = entry.next
        } else {
            heads[Int(entry.due % Self.slots)] = entry.next
        }
        if entry.next >= 0 { entries[Int(entry.next)].previous = entry.previous }
        entries[slot].isSet = false
        count -= 1
    }

    /// Moves to `now` and calls `expired` with each slot whose deadline has passed. At most one turn of the wheel is walked.
    mutating func advance(to now: Instant, expired: (Int) -> Void) {
        let target = now.nanoseconds / Self.tick
        guard target > current else { return }
        let steps = min(target - current, Self.slots)
        let first = target - steps + 1
        current = target
        guard count > 0 else { return }
        for step in first...target {
            var index = heads[Int(step % Self.slots)]
            while index >= 0 {
                let slot = Int(index)
                index = entries[slot].next
                guard entries[slot].due <= target else { continue }
                clear(slot)
                expired(slot)
            }
        }
    }
}
