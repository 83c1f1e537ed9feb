/// How much of something was done lately: it leaks away at a rate, and may not rise above a burst.
struct LeakyBucket: Sendable {
    private var level = 0.0
    private var last: Instant
    private let rate: Double
    private let burst: Double

    /// `rate` in a second, `burst` at once.
    init(rate: Double, burst: Double, now: Instant) {
        self.rate = rate
        self.burst = burst
        last = now
    }

    /// Takes one, if that is within the budget.
    mutating func take(now: Instant) -> Bool {
        leak(to: now)
        guard level + 1 <= burst else { return false }
        level += 1
        return true
    }

    /// Gives `count` back.
    mutating func give(_ count: Int) { level = max(0, level - Double(count)) }

    /// Whether nothing of it is in use.
    mutating func isFull(now: Instant) -> Bool {
        leak(to: now)
        return level == 0
    }

    private mutating func leak(to now: Instant) {
        let seconds = Double((now - last).wholeNanoseconds) / 1_000_000_000
        level = max(0, level - seconds * rate)
        last = max(last, now)
    }
}

/// A budget for each of many. Knows at most `Limits.budgets` of them; while more are in use than that, a new one gets nothing.
struct BudgetTable<Key: Hashable & Sendable>: Sendable {
    private var buckets: [Key: LeakyBucket] = [:]
    private let rate: Double
    private let burst: Double

    init(rate: Double, burst: Double) {
        self.rate = rate
        self.burst = burst
    }

    /// `burst` at once, and one more each `refill`.
    init(refill: Duration, burst: UInt32) {
        self.init(rate: 1_000_000_000 / Double(max(1, refill.wholeNanoseconds)), burst: Double(burst))
    }

    /// Takes one of `key`'s budget, if there is one.
    mutating func take(_ key: Key, now: Instant) -> Bool {
        if buckets[key] == nil {
            if buckets.count >= Limits.budgets { sweep(now: now) }
            guard buckets.count < Limits.budgets else { return false }
            buckets[key] = LeakyBucket(rate: rate, burst: burst, now: now)
        }
        return buckets[key]?.take(now: now) ?? false
    }

    /// Gives `count` back to `key`.
    mutating func give(_ key: Key, _ count: Int) { buckets[key]?.give(count) }

    /// Forgets those of which nothing is in use.
    mutating func sweep(now: Instant) {
        for key in Array(buckets.keys) where buckets[key]?.isFull(now: now) == true { buckets[key] = nil }
    }
}
