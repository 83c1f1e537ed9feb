public import Wire

/// What one member may have of a relay.
public struct RelayQuota: Hashable, Sendable {
    /// Circuits at once.
    public var circuits: Int
    /// Bytes a second through them, both directions together.
    public var bandwidth: Int

    public init(circuits: Int = Limits.circuitsPerMember, bandwidth: Int = Limits.circuitBandwidth) {
        self.circuits = max(0, circuits)
        self.bandwidth = max(1, bandwidth)
    }
}

/// Who uses a relay for how much. A machine: time comes in. A circuit counts for the member that opened it.
package struct CircuitBook: Sendable {
    private let quota: RelayQuota
    private var members: [NodeID: Member] = [:]
    /// Circuits that are open.
    package private(set) var circuits = 0

    /// Bytes that a member may send at once after a quiet time: a second's worth, and one piece where that is less.
    private struct Member: Sendable {
        var circuits = 0
        var allowance: Double
        var filledAt: Instant
    }

    /// Everybody has the same quota.
    package init(_ quota: RelayQuota) { self.quota = quota }

    private var burst: Double { Double(max(quota.bandwidth, Limits.quantum)) }

    /// One more circuit of `node`. Throws *overloaded* beyond its quota, or that of the relay.
    package mutating func open(_ node: NodeID, now: Instant) throws(CallError) {  // RELAY-4.2
        guard circuits < Limits.circuits else {
            throw CallError(.overloaded, "the relay has no more circuits", retryAfterMilliseconds: 5_000)
        }
        if members.count >= Limits.circuitMembers { members = members.filter { $0.value.circuits > 0 } }
        var member = refilled(node, now: now)
        guard member.circuits < quota.circuits else {
            throw CallError(
                .overloaded, "a member has at most \(quota.circuits) circuits through this relay", retryAfterMilliseconds: 5_000)
        }
        guard member.allowance > 0 else {
            throw CallError(
                .overloaded, "the member's bandwidth through this relay is used up",
                retryAfterMilliseconds: max(1, wait(for: member).wholeMilliseconds))
        }
        member.circuits += 1
        circuits += 1
        members[node] = member
    }

    /// A circuit of `node` is over.
    package mutating func close(_ node: NodeID) {
        circuits -= 1
        members[node]?.circuits -= 1
    }

    /// `count` bytes of a circuit of `node` were passed on. Returns how long its circuits now have to wait; zero where they may go on.
    package mutating func charge(_ node: NodeID, _ count: Int, now: Instant) -> Duration {  // RELAY-4.3
        var member = refilled(node, now: now)
        member.allowance -= Double(count)
        members[node] = member
        return member.allowance > 0 ? .zero : wait(for: member)
    }

    private func refilled(_ node: NodeID, now: Instant) -> Member {
        guard var member = members[node] else { return Member(allowance: burst, filledAt: now) }
        let seconds = Double((now - member.filledAt).wholeNanoseconds) / 1e9
        member.allowance = min(burst, member.allowance + seconds * Double(quota.bandwidth))
        member.filledAt = now
        return member
    }

    private func wait(for member: Member) -> Duration {
        .nanoseconds(Int64(clamping: Int((1 - member.allowance) / Double(quota.bandwidth) * 1e9)))
    }
}
