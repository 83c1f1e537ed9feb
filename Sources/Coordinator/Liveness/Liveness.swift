import Wire

/// Who has been silent for too long. Knows slots and times, nothing of workers.
///
/// `heard` only notes the time; a deadline that fires looks at it and moves on. So a member costs one entry in the wheel
/// however often it is heard.
struct Liveness: Sendable {
    /// How long silence may last.
    struct Timing: Hashable, Sendable {
        /// Silence after which a member is suspected; `nil` for one that is not watched so closely.
        var suspectAfter: Duration?
        /// Silence after which it is gone.
        var removeAfter: Duration

        /// A member with a link. The margin pays for the granularity of the wheel.
        static let link = Timing(suspectAfter: Limits.suspectAfter - .milliseconds(250), removeAfter: Limits.removeAfter)
        /// A registration from before a restart, until its worker is back.
        static let stale = Timing(suspectAfter: nil, removeAfter: Limits.staleAfterRestart)
    }

    /// What silence has done.
    enum Verdict: Hashable, Sendable {
        case suspected(Slot)
        /// The member is forgotten.
        case removed(Slot)
    }

    private struct Member: Sendable {
        var generation: UInt32
        var timing: Timing
        var lastHeard: Instant
        var isSuspected = false
        /// Increases when the timing changes, so that an old entry of the wheel is recognised.
        var version: UInt32
    }

    private struct Key: Hashable, Sendable {
        var slot: Slot
        var version: UInt32
    }

    private var members: [Member?] = []
    private var wheel = DeadlineWheel<Key>()
    private var nextVersion: UInt32 = 0

    /// Begins to watch a member, or watches it with another timing. It counts as heard now.
    mutating func track(_ slot: Slot, _ timing: Timing, now: Instant) {
        while members.count <= slot.index { members.append(nil) }
        nextVersion &+= 1
        members[slot.index] = Member(generation: slot.generation, timing: timing, lastHeard: now, version: nextVersion)
        schedule(slot)
    }

    mutating func forget(_ slot: Slot) {
        if member(slot) != nil { members[slot.index] = nil }
    }

    /// Notes that the member was heard. True if it was suspected until now.
    mutating func heard(_ slot: Slot, now: Instant) -> Bool {
        guard var member = member(slot) else { return false }
        let recovered = member.isSuspected
        member.isSuspected = false
        member.lastHeard = max(member.lastHeard, now)
        if recovered {
            nextVersion &+= 1
            member.version = nextVersion
        }
        members[slot.index] = member
        if recovered { schedule(slot) }
        return recovered
    }

    /// When it was heard last.
    func lastHeard(_ slot: Slot) -> Instant? { member(slot)?.lastHeard }

    /// Verdicts that are due, each once per silence.
    mutating func advance(to now: Instant) -> [Verdict] {
        var verdicts: [Verdict] = []
        for key in wheel.advance(to: now) {
            guard var member = member(key.slot), member.version == key.version else { continue }
            if now >= deadline(member) {
                if member.isSuspected || member.timing.suspectAfter == nil {
                    members[key.slot.index] = nil
                    verdicts.append(.removed(key.slot))
                    continue
                }
                member.isSuspected = true
                members[key.slot.index] = member
                verdicts.append(.suspected(key.slot))
            }
            wheel.schedule(key, at: deadline(member))
        }
        return verdicts
    }

    private func member(_ slot: Slot) -> Member? {
        guard slot.index < members.count, let member = members[slot.index], member.generation == slot.generation else { return nil }
        return member
    }

    private mutating func schedule(_ slot: Slot) {
        guard let member = member(slot) else { return }
        wheel.schedule(Key(slot: slot, version: member.version), at: deadline(member))
    }

    /// The next point at which silence changes something.
    private func deadline(_ member: Member) -> Instant {
        let allowed = member.isSuspected ? member.timing.removeAfter : member.timing.suspectAfter ?? member.timing.removeAfter
        return member.lastHeard + allowed
    }
}
