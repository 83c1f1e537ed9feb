import FuzzKit
import Transport
import Wire

@testable import Worker

extension FuzzTarget {
    /// Retries, their budget, and the chain of lookups.
    static let retry = FuzzTarget("Retry") { input in
        switch input.byte() % 3 {
        case 0: RetryRun.judge(&input)
        case 1: RetryRun.spend(&input)
        default: RetryRun.look(&input)
        }
    }
}

private enum RetryRun {
    static func judge(_ input: inout FuzzInput) {
        var head = Head()
        head.verb = ["GET", "POST", "PUT", "HEAD", ""][input.choice(5)]
        head.idempotencyKey = input.flag() ? "key" : ""
        let code = ErrorCode(rawValue: UInt16(input.word()))
        let (sends, answered, isHeld) = (input.choice(6), input.flag(), input.flag())
        guard RetryRule.permits(code, head: head, sends: sends, answered: answered, isHeld: isHeld) else { return }
        precondition(!answered && isHeld && sends < Limits.attempts)
        let isSafe = code.isNotProcessed || !head.idempotencyKey.isEmpty || ["GET", "HEAD"].contains(head.verb)
        precondition(isSafe, "a call that may have had its effect is sent again")
    }

    static func spend(_ input: inout FuzzInput) {
        var budget = RetryBudget()
        var (sent, taken) = (0, 0)
        while !input.isEmpty {
            if input.flag() {
                budget.sent()
                sent += 1
            } else if budget.take() {
                taken += 1
            }
            precondition(Double(taken) <= Limits.retryBurst + Double(sent) * Limits.retryShare + 1e-6, "more retries than the budget has")
        }
    }

    static func look(_ input: inout FuzzInput) {
        let tiers = (0..<input.choice(5)).map { _ in
            LookupChain.Tier([.dht, .wire, .http][input.choice(3)], timeout: .seconds(1), isAuthoritative: input.flag())
        }
        var chain = LookupChain(tiers)
        var step = chain.start()
        for expected in 0... {
            switch step {
            case .ask(let position):
                precondition(position == expected && position < tiers.count, "each tier is asked once, in order")
                if input.flag() {
                    step = chain.failed(CallError(.unreachable))
                } else {
                    let workers = (0..<input.choice(3)).map { _ in Workers.record(&input) }
                    step = chain.answered(DiscoverAnswer(revision: 1, known: input.flag(), total: 0, workers: workers))
                }
            case .settled(.found(_, let answer)): return precondition(answer.workers.contains(where: \.isRoutable), "found nobody")
            case .settled(.nobody): return precondition(expected > 0)
            case .settled(.failed): return
            }
        }
    }
}
