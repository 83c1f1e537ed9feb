import Wire

/// Deadlines of many things, checked in time that depends on how many are due and not on how many there are.
///
/// A hashed wheel: a slot per `granularity`, deadlines more than one turn away stay in their slot until their round. An
/// entry is never removed or moved; whoever asks for one checks at its time whether it still matters and asks again.
struct DeadlineWheel<Key: Hashable & Sendable>: Sendable {
    private var slots: [[(key: Key, at: Instant)]]
    private let granularity: UInt64
    private var cursor: UInt64?
    /// Deadlines that have not come out.
    private(set) var count = 0

    init(granularity: Duration = .milliseconds(100), slots: Int = 512) {
        self.slots = Array(repeating: [], count: slots)
        self.granularity = max(1, granularity.wholeNanoseconds)
    }

    /// `key` comes out of `advance` at the first call with a time at or after `at`, once per call of this.
    mutating func schedule(_ key: Key, at: Instant) {
        var tick = self.tick(at)
        if let cursor { tick = max(tick, cursor) }
        slots[index(tick)].append((key, at))
        count += 1
    }

    /// What is due at `now`. Call it about every `granularity`; a late call loses nothing.
    mutating func advance(to now: Instant) -> [Key] {
        let end = tick(now)
        let start = cursor ?? 0
        guard end >= start else { return [] }
        var due: [Key] = []
        let turns = min(end - start, UInt64(slots.count) - 1)
        for step in 0...turns { take(index(start &+ step), now, &due) }
        // The slot of `now` may hold deadlines later in it: look at it again next time.
        cursor = end
        return due
    }

    private mutating func take(_ slot: Int, _ now: Instant, _ due: inout [Key]) {
        guard !slots[slot].isEmpty else { return }
        var later: [(key: Key, at: Instant)] = []
        for entry in slots[slot] {
            if entry.at <= now { due.append(entry.key) } else { later.append(entry) }
        }
        count -= slots[slot].count - later.count
        slots[slot] = later
    }

    private func tick(_ at: Instant) -> UInt64 { at.nanoseconds / granularity }
    private func index(_ tick: UInt64) -> Int { Int(tick % UInt64(slots.count)) }
}
