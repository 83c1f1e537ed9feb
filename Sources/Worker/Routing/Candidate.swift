import Wire

/// What the balancer remembers of one worker of one service.
struct Candidate: Sendable {
    private(set) var member: Member
    /// Tells this entry from a later one of the same name.
    let serial: UInt64
    /// Own calls in progress.
    private(set) var inFlight = 0
    var ejection = Ejection()
    /// It said that it is draining or has no such service: not chosen while there is another.
    var avoidUntil: Instant?
    /// The last load that it reported, when, and how many of the calls in it were our own.
    private var reported: LoadReport
    private var reportedAt: Instant
    private var inFlightAtReport = 0
    /// Expected time to the answer's head where nothing is known, and the smoothed one, in microseconds.
    private var prior: Double
    private var latency: Double?
    private var latencyAt: Instant
    /// Whether a call was answered before: the first one also paid for the link.
    private var isWarm = false
    /// What failures cost, in microseconds; added to the latency.
    private var penalty: Double = 0
    private var penaltyAt: Instant

    init(_ member: Member, serial: UInt64, locality: Locality, now: Instant) {
        self.member = member
        self.serial = serial
        reported = member.record.load
        reportedAt = now
        latencyAt = now
        penaltyAt = now
        prior = Self.prior(of: member, locality: locality)
    }

    /// The registry has news of the same process. Its load counts only where no answer has brought a younger one.
    mutating func update(_ member: Member, locality: Locality, now: Instant) {
        self.member = member
        prior = Self.prior(of: member, locality: locality)
        avoidUntil = nil
        if now - reportedAt > Self.loadHalfLife { report(member.record.load, now: now) }
    }

    mutating func started() { inFlight += 1 }

    mutating func ended() { inFlight -= 1 }

    mutating func report(_ load: LoadReport, now: Instant) {
        reported = load
        reportedAt = now
        inFlightAtReport = inFlight
    }

    /// The head of a good answer took `microseconds`.
    mutating func succeeded(after microseconds: Double, now: Instant) {
        if isWarm {
            let known = estimate(now: now)
            latency = latency == nil ? microseconds : known + (microseconds - known) * Self.weight
            latencyAt = now
        }
        isWarm = true
        penalty = decayed(penalty, since: penaltyAt, now: now, halfLife: Self.penaltyHalfLife) / 2
        penaltyAt = now
        ejection.succeeded(now: now)
    }

    /// A failure counts as latency, however fast it came. True if the worker deserves to be ejected.
    mutating func failed(now: Instant) -> Bool {
        let known = decayed(penalty, since: penaltyAt, now: now, halfLife: Self.penaltyHalfLife)
        penalty = min(known * 2 + Self.penaltyOfFailure, Self.penaltyMaximum)
        penaltyAt = now
        return ejection.failed(now: now)
    }

    /// A round trip on the link, in microseconds: better than a guess from the region.
    mutating func measured(roundTrip microseconds: Double) {
        prior = microseconds + Double(member.record.load.serviceMicroseconds)
    }

    /// How full the worker is: what it said, fading, with our own calls since then; never less than our own calls.
    func load(now: Instant) -> Double {
        let slots = Double(reported.limit == 0 ? 64 : reported.limit)
        let own = Double(inFlight) / slots
        let said = decayed(reported.fraction, since: reportedAt, now: now, halfLife: Self.loadHalfLife)
        return max(own, said + Double(inFlight - inFlightAtReport) / slots)
    }

    /// Whether a call may be sent here just to learn how it is: it neither fails nor is full.
    func mayBeExplored(now: Instant) -> Bool {
        let failing = penalty == 0 ? 0 : decayed(penalty, since: penaltyAt, now: now, halfLife: Self.penaltyHalfLife)
        return failing < Self.penaltyOfFailure / 10 && load(now: now) < 1
    }

    /// The expected time of one more call, in microseconds.
    func cost(now: Instant) -> Double {
        let failing = penalty == 0 ? 0 : decayed(penalty, since: penaltyAt, now: now, halfLife: Self.penaltyHalfLife)
        return (Self.noise + estimate(now: now) + failing) * (1 + load(now: now))
    }

    /// The smoothed latency, moving back to the expected one while no call refreshes it: a worker that was slow once
    /// gets another chance.
    private func estimate(now: Instant) -> Double {
        guard let latency else { return prior }
        return prior + decayed(latency - prior, since: latencyAt, now: now, halfLife: Self.latencyHalfLife)
    }

    private static func prior(of member: Member, locality: Locality) -> Double {
        let there = Locality(region: member.record.region, zone: member.record.zone)
        return locality.expectedRoundTrip(to: there) + Double(member.record.load.serviceMicroseconds)
    }

    /// Latencies that differ by much less than this say nothing, in microseconds.
    private static let noise = 2_000.0
    /// Weight of one sample: about eight of them make the mean.
    private static let weight = 0.125
    private static let latencyHalfLife: Duration = .seconds(10)
    private static let loadHalfLife: Duration = .seconds(5)
    private static let penaltyHalfLife: Duration = .seconds(5)
    private static let penaltyOfFailure = 1e6
    private static let penaltyMaximum = 60e6
}
