import Wire

/// When a worker that fails is taken out for a while. A machine of one worker; the cap over all stands in `Balancer`.
struct Ejection: Sendable {
    /// Out until then; `nil` or past: in.
    private(set) var until: Instant?
    /// Ejections without a long good time between them: the next one lasts twice as long.
    private var times = 0
    private var failuresInARow = 0
    private var windowStart: Instant?
    private var calls = 0
    private var failures = 0

    func isEjected(now: Instant) -> Bool { until.map { $0 > now } ?? false }

    mutating func succeeded(now: Instant) {
        count(now: now)
        failuresInARow = 0
        if let until, now - until > length(times) { times = 0 }
    }

    /// True if the worker deserves to be ejected; `eject` does it, if the cap allows.
    mutating func failed(now: Instant) -> Bool {
        count(now: now)
        failures += 1
        failuresInARow += 1
        if failuresInARow >= Limits.ejectAfterFailures { return true }
        return calls >= Limits.ejectionSample && Double(failures) >= Limits.ejectionFailureShare * Double(calls)
    }

    /// Takes it out. When it is back, its first failure suffices to take it out again.
    mutating func eject(now: Instant) {
        times += 1
        until = now + length(times)
        failuresInARow = Limits.ejectAfterFailures - 1
        windowStart = nil
    }

    private mutating func count(now: Instant) {
        if windowStart.map({ now - $0 > Limits.ejectionWindow }) ?? true {
            windowStart = now
            calls = 0
            failures = 0
        }
        calls += 1
    }

    private func length(_ times: Int) -> Duration {
        min(Limits.ejectionTime * (1 << min(max(times - 1, 0), 16)), Limits.ejectionTimeMaximum)
    }
}
