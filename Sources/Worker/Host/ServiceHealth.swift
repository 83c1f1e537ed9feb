package import Wire

/// What the probes of one upstream add up to. A machine: the results and the time come in, the time of the next probe
/// and every change come out.
///
/// The first probe decides at once; later ones need `Limits.probeFall` failures or `Limits.probeRise` successes in a row,
/// so that one lost packet does not move traffic.
package struct ServiceHealth: Sendable {
    /// Whether calls may be sent to the upstream. An upstream that was never probed is not healthy.
    package private(set) var isHealthy = false
    /// What the last failed probe said; `nil` after a success.
    package private(set) var detail: String?
    /// When to probe again.
    package private(set) var nextProbe: Instant
    private var wasProbed = false
    /// Results in a row that contradict `isHealthy`.
    private var against = 0

    package init(now: Instant) { nextProbe = now }

    /// A probe that ended at `now` found `result`. True if `isHealthy` has changed, or was decided for the first time.
    package mutating func probed(_ result: UpstreamHealth, now: Instant) -> Bool {
        detail = result.isHealthy ? nil : result.detail
        defer { nextProbe = now + (isHealthy && against == 0 ? Limits.probeInterval : Limits.probeIntervalFailing) }
        guard wasProbed else {
            wasProbed = true
            isHealthy = result.isHealthy
            return true
        }
        guard result.isHealthy != isHealthy else {
            against = 0
            return false
        }
        against += 1
        guard against >= (isHealthy ? Limits.probeFall : Limits.probeRise) else { return false }
        isHealthy = result.isHealthy
        against = 0
        return true
    }

    /// A call could not reach the upstream: no reason to wait for the next turn.
    package mutating func suspected(now: Instant) {
        if nextProbe > now { nextProbe = now }
    }
}
