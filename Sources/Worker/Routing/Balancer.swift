package import Wire

/// Chooses among the workers of one service: power of two choices over the expected time of one more call. A machine:
/// random words and time come in.
///
/// Two workers are drawn at random; the one with the lower cost (`Candidate.cost`: smoothed latency, failures counted as
/// latency, times load) gets the call. Costs within a quarter of each other are a tie, decided by load: measured
/// latencies of equal machines always differ a little, and that must not move all calls to one of them. One call in 32
/// goes to the first that was drawn, unless that one fails or is full: a worker that was slow once would otherwise never
/// be measured again.
/// Why two and not the best of all: everybody who believes the same old news would choose the same best.
package struct Balancer: Sendable {
    private(set) var candidates: [Candidate] = []
    private var nextSerial: UInt64 = 0
    private let locality: Locality

    /// One call's worker. Must be reported with `ended` exactly once.
    package struct Choice: Sendable {
        package let member: Member
        fileprivate let serial: UInt64
        /// Where the candidate stood; it may have moved.
        fileprivate let slot: Int
    }

    package init(locality: Locality) { self.locality = locality }

    package var members: [Member] { candidates.map(\.member) }
    package var isEmpty: Bool { candidates.isEmpty }

    // MARK: Who is there

    /// Takes `members` as the whole truth; what is known of those that stay is kept. At most `Limits.discoverSample`.
    package mutating func replace(with members: [Member], now: Instant) {
        var kept: [Candidate] = []
        kept.reserveCapacity(members.count)
        // A name counts once: two entries of one worker would count its calls twice.
        for member in members.prefix(Limits.discoverSample) where !kept.contains(where: { $0.member.name == member.name }) {
            let known = candidates.firstIndex { $0.isSameProcess(as: member) }
            kept.append(candidate(for: member, known: known, now: now))
        }
        candidates = kept
    }

    /// One worker is new or has changed. A full table takes no new one: a sample is enough to balance over.
    package mutating func update(_ member: Member, now: Instant) {
        guard let index = candidates.firstIndex(where: { $0.member.name == member.name }) else {
            if candidates.count < Limits.discoverSample { candidates.append(candidate(for: member, known: nil, now: now)) }
            return
        }
        let known = candidates[index].isSameProcess(as: member) ? index : nil
        candidates[index] = candidate(for: member, known: known, now: now)
    }

    package mutating func remove(_ name: String) { candidates.removeAll { $0.member.name == name } }

    private mutating func candidate(for member: Member, known: Int?, now: Instant) -> Candidate {
        if let known {
            var candidate = candidates[known]
            candidate.update(member, locality: locality, now: now)
            return candidate
        }
        nextSerial += 1
        return Candidate(member, serial: nextSerial, locality: locality, now: now)
    }

    // MARK: Choosing

    /// A worker for one call, none of `excluded` (those that this call was sent to before). `random` is one random word.
    /// Ejected and avoided workers come last, but come: when nobody else is left, they may have recovered.
    package mutating func choose(excluding excluded: [String] = [], random: UInt64, now: Instant) -> Choice? {
        guard let slot = draw(excluded, random, now, strict: true) ?? draw(excluded, random, now, strict: false) else { return nil }
        candidates[slot].started()
        return Choice(member: candidates[slot].member, serial: candidates[slot].serial, slot: slot)
    }

    private func draw(_ excluded: [String], _ random: UInt64, _ now: Instant, strict: Bool) -> Int? {
        func may(_ candidate: Candidate) -> Bool {
            if strict, candidate.ejection.isEjected(now: now) || candidate.avoidUntil.map({ $0 > now }) ?? false { return false }
            return excluded.isEmpty || !excluded.contains(candidate.member.name)
        }
        let count = candidates.count { may($0) }
        guard count > 0 else { return nil }
        let first = Int(random & 0xFFFF_FFFF) % count
        guard count > 1 else { return slot(0, where: may) }
        let step = 1 + Int(random >> 32) % (count - 1)
        guard let a = slot(first, where: may), let b = slot((first + step) % count, where: may) else { return nil }
        if random >> 59 == 0, candidates[a].mayBeExplored(now: now) { return a }
        return isBetter(candidates[b], than: candidates[a], now: now) ? b : a
    }

    private func slot(_ ordinal: Int, where may: (Candidate) -> Bool) -> Int? {
        var left = ordinal
        for index in candidates.indices where may(candidates[index]) {
            if left == 0 { return index }
            left -= 1
        }
        return nil
    }

    private func isBetter(_ b: Candidate, than a: Candidate, now: Instant) -> Bool {
        let costs = (a: a.cost(now: now), b: b.cost(now: now))
        if max(costs.a, costs.b) > min(costs.a, costs.b) * Self.tie { return costs.b < costs.a }
        return b.load(now: now) < a.load(now: now)
    }

    /// Costs whose ratio is smaller are equal.
    private static let tie = 1.25

    // MARK: What became of it

    /// The answer's head has come `time` after the call was sent. `isFailure` for an answer that says that the service
    /// failed (HTTP 500 and up): it counts like a lost call.
    package mutating func answered(_ choice: Choice, after time: Duration, load: LoadReport?, isFailure: Bool, now: Instant) {
        guard let slot = find(choice) else { return }
        if let load { candidates[slot].report(load, now: now) }
        if isFailure {
            fail(slot, now: now)
        } else {
            candidates[slot].succeeded(after: Double(time.wholeNanoseconds) / 1_000, now: now)
        }
    }

    /// The call has failed with `code`, before or after its head.
    package mutating func failed(_ choice: Choice, _ code: ErrorCode, retryAfter: Duration?, now: Instant) {
        guard let slot = find(choice) else { return }
        switch code.base {
        case ErrorCode.cancelled, ErrorCode.tooLarge.base, ErrorCode.badRequest.base, ErrorCode.permissionDenied.base,
            ErrorCode.hopsExhausted.base:
            break  // Says something about the call, not about the worker.
        case ErrorCode.overloaded.base:
            candidates[slot].avoidUntil = now + min(retryAfter ?? .milliseconds(100), .seconds(1))
        case ErrorCode.draining.base, ErrorCode.notFound.base:
            candidates[slot].avoidUntil = now + .seconds(10)
        default:
            fail(slot, now: now)
        }
    }

    /// The call is over, whatever became of it.
    package mutating func ended(_ choice: Choice) {
        guard let slot = find(choice) else { return }
        candidates[slot].ended()
    }

    /// A round trip to a worker was measured.
    package mutating func measured(_ name: String, roundTrip: Duration) {
        guard let slot = candidates.firstIndex(where: { $0.member.name == name }) else { return }
        candidates[slot].measured(roundTrip: Double(roundTrip.wholeNanoseconds) / 1_000)
    }

    /// Who is ejected now; at most half of all.
    package func ejected(now: Instant) -> [String] {
        candidates.filter { $0.ejection.isEjected(now: now) }.map(\.member.name)
    }

    /// What a worker is to the next call, whether it is among the candidates by now or would be a new one.
    func explain(_ member: Member, now: Instant) -> RouteExplanation.Candidate {
        let known = candidates.first { $0.isSameProcess(as: member) }
        let candidate = known ?? Candidate(member, serial: 0, locality: locality, now: now)
        let left = candidate.ejection.until.map { $0 - now } ?? .zero
        let avoided = candidate.avoidUntil.map { $0 - now } ?? .zero
        let reason =
            if left > .zero {
                "ejected for \(left.wholeMilliseconds) ms more, because calls to it failed"
            } else if avoided > .zero {
                "avoided for \(avoided.wholeMilliseconds) ms more, because it refused a call"
            } else {
                known == nil ? "may be drawn; nothing was sent to it yet" : "may be drawn"
            }
        return RouteExplanation.Candidate(
            worker: member.name, route: member.route, load: candidate.load(now: now), cost: .microseconds(candidate.cost(now: now)),
            isEligible: left <= .zero && avoided <= .zero, reason: reason)
    }

    private mutating func fail(_ slot: Int, now: Instant) {
        guard candidates[slot].failed(now: now), !candidates[slot].ejection.isEjected(now: now) else { return }
        let out = candidates.count { $0.ejection.isEjected(now: now) }
        if (out + 1) * 2 <= candidates.count { candidates[slot].ejection.eject(now: now) }
    }

    private func find(_ choice: Choice) -> Int? {
        if choice.slot < candidates.count, candidates[choice.slot].serial == choice.serial { return choice.slot }
        return candidates.firstIndex { $0.serial == choice.serial }
    }
}

extension Candidate {
    /// Whether what is known of this worker holds for `member` too: the same name, and not restarted since.
    fileprivate func isSameProcess(as member: Member) -> Bool {
        self.member.name == member.name && self.member.record.bootEpoch == member.record.bootEpoch
    }
}
