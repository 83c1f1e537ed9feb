internal import Synchronization

/// A number that only grows. Safe from every thread.
package final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    package init() {}

    /// The count so far.
    package var value: UInt64 { count.load(ordering: .relaxed) }

    /// Adds to the count.
    package func add(_ amount: UInt64 = 1) { count.wrappingAdd(amount, ordering: .relaxed) }
}

/// A number that goes up and down. Safe from every thread.
package final class Gauge: Sendable {
    private let level = Atomic<Int64>(0)

    package init() {}

    /// The level now.
    package var value: Int64 { level.load(ordering: .relaxed) }

    /// Sets the level.
    package func set(_ value: Int64) { level.store(value, ordering: .relaxed) }

    /// Moves the level.
    package func add(_ amount: Int64) { level.wrappingAdd(amount, ordering: .relaxed) }
}

/// Counts of durations by upper bound, for quantiles. Safe from every thread.
package final class Histogram: Sendable {
    /// Upper bounds in seconds, rising: what a local hop, a fast service, a model and a stuck one take.
    package static let durations: [Double] = [
        0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
    ]

    private let bounds: [Double]
    /// One counter for each bound and one for what is beyond them all.
    private let buckets: [Counter]
    private let microseconds = Counter()

    /// - Parameter bounds: upper bounds in seconds, rising.
    package init(bounds: [Double] = Histogram.durations) {
        self.bounds = bounds
        buckets = (0...bounds.count).map { _ in Counter() }
    }

    /// Counts one duration.
    package func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        observe(seconds: Double(seconds) + Double(attoseconds) * 1e-18)
    }

    /// Counts one duration in seconds; what is negative or no number counts as zero.
    package func observe(seconds: Double) {
        let value = seconds > 0 ? min(seconds, 1e9) : 0
        buckets[bounds.firstIndex { value <= $0 } ?? bounds.count].add()
        microseconds.add(UInt64(value * 1e6))
    }

    /// What was counted: how many durations were at most each bound, how many there were, and their sum in seconds.
    package var snapshot: (cumulative: [(bound: Double, count: UInt64)], count: UInt64, sum: Double) {
        var count: UInt64 = 0
        var cumulative: [(bound: Double, count: UInt64)] = []
        for (bound, bucket) in zip(bounds, buckets) {
            count += bucket.value
            cumulative.append((bound, count))
        }
        count += buckets[bounds.count].value
        return (cumulative, count, Double(microseconds.value) / 1e6)
    }
}
