import FuzzKit
import Transport
import Wire

@testable import Worker

extension FuzzTarget {
    static let balancer = FuzzTarget("Balancer") { input in
        var run = BalancerRun()
        while !input.isEmpty { run.step(&input) }
        run.finish()
    }
}

/// A balancer, and the calls that were sent by it.
private struct BalancerRun {
    private var balancer = Balancer(locality: Locality(region: "eu"))
    private var open: [Balancer.Choice] = []
    private var now = Instant(nanoseconds: 1_000_000_000_000)

    mutating func step(_ input: inout FuzzInput) {
        switch input.choice(8) {
        case 0: balancer.replace(with: (0..<input.choice(8)).compactMap { _ in member(&input) }, now: now)
        case 1: if let member = member(&input) { balancer.update(member, now: now) }
        case 2: balancer.remove(Workers.names[input.choice(Workers.names.count)])
        case 3, 4: choose(&input)
        case 5: if !open.isEmpty { end(open.remove(at: input.choice(open.count)), &input) }
        case 6: balancer.measured(Workers.names[input.choice(Workers.names.count)], roundTrip: input.wait())
        default: now = now + input.wait()
        }
        check()
    }

    /// Once every call has ended, nobody is busy.
    mutating func finish() {
        for choice in open { balancer.ended(choice) }
        precondition(balancer.candidates.allSatisfy { $0.inFlight == 0 }, "calls that ended are still counted")
    }

    private func member(_ input: inout FuzzInput) -> Member? { Member(Workers.record(&input), reach: [.wire, .http]) }

    private mutating func choose(_ input: inout FuzzInput) {
        let excluded = (0..<input.choice(3)).map { _ in Workers.names[input.choice(Workers.names.count)] }
        let others = balancer.members.filter { !excluded.contains($0.name) }
        guard let choice = balancer.choose(excluding: excluded, random: input.number(), now: now) else {
            return precondition(others.isEmpty, "somebody was there")
        }
        precondition(others.contains { $0 === choice.member }, "somebody was chosen who is excluded or gone")
        if open.count < 64 { open.append(choice) } else { balancer.ended(choice) }
    }

    private mutating func end(_ choice: Balancer.Choice, _ input: inout FuzzInput) {
        if input.flag() {
            let load = input.flag() ? Workers.load(&input) : nil
            balancer.answered(choice, after: input.wait(), load: load, isFailure: input.byte() & 3 == 0, now: now)
        }
        if input.flag() {
            let wait: Duration? = input.flag() ? input.wait() : nil
            balancer.failed(choice, Workers.codes[input.choice(Workers.codes.count)], retryAfter: wait, now: now)
        }
        balancer.ended(choice)
    }

    private func check() {
        let candidates = balancer.candidates
        precondition(candidates.count <= Limits.discoverSample)
        precondition(candidates.allSatisfy { $0.inFlight >= 0 } && candidates.reduce(0) { $0 + $1.inFlight } <= open.count)
        for candidate in candidates {
            let (cost, load) = (candidate.cost(now: now), candidate.load(now: now))
            precondition(cost.isFinite && cost >= 0 && load.isFinite && load >= 0, "a cost that cannot be compared")
        }
        precondition(Set(candidates.map(\.serial)).count == candidates.count)
    }
}
