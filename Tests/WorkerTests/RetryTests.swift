import Testing
import Wire
import Worker

@Suite struct RetryTests {
    func head(_ verb: String, key: String = "") -> Head {
        var head = Head()
        head.verb = verb
        head.idempotencyKey = key
        return head
    }

    func permits(_ code: ErrorCode, _ head: Head, sends: Int = 1, answered: Bool = false, isHeld: Bool = true) -> Bool {
        RetryRule.permits(code, head: head, sends: sends, answered: answered, isHeld: isHeld)
    }

    @Test(arguments: [ErrorCode.unavailable, .overloaded, .notFound, .draining, .unreachable, .linkLost.notProcessed])
    func whatWasNotProcessedIsRepeated(code: ErrorCode) {
        for verb in ["", "POST", "PUT", "DELETE", "GET"] { #expect(permits(code, head(verb))) }
    }

    // CALL-5.2
    @Test(arguments: [ErrorCode.linkLost, .upstreamFailed, .internalError])
    func whatMayHaveHadAnEffectIsRepeatedOnlyWhereThatDoesNoHarm(code: ErrorCode) {
        for verb in ["GET", "HEAD", "OPTIONS"] { #expect(permits(code, head(verb))) }
        for verb in ["", "POST", "PATCH", "PUT", "DELETE"] {
            #expect(!permits(code, head(verb)))
            #expect(permits(code, head(verb, key: "k")))
        }
    }

    // CALL-5.3
    @Test(arguments: [
        ErrorCode.cancelled, .deadlineExceeded, .busy, .tooLarge, .badRequest, .permissionDenied, .hopsExhausted, .cancelled.notProcessed,
    ])
    func whatWouldFailAnywhereIsNotRepeated(code: ErrorCode) {
        #expect(!permits(code, head("GET", key: "k")))
    }

    // CALL-5.1
    @Test func neverAfterAnAnswerOrWithoutTheBodyOrTooOften() {
        #expect(!permits(.unreachable, head("GET"), answered: true))
        #expect(!permits(.unreachable, head("GET"), isHeld: false))
        #expect(permits(.unreachable, head("GET"), sends: Limits.attempts - 1))
        #expect(!permits(.unreachable, head("GET"), sends: Limits.attempts))
    }

    @Test func theBudgetIsATenth() {
        var budget = RetryBudget()
        var retries = 0
        for _ in 0..<1_000 {
            budget.sent()
            while budget.take() { retries += 1 }
        }
        #expect((100...110).contains(retries), "\(retries)")
    }

    @Test func aQuietTimeSavesNoMoreThanTheBurst() {
        var budget = RetryBudget()
        for _ in 0..<100_000 { budget.sent() }
        var retries = 0
        while budget.take() { retries += 1 }
        #expect(retries == Int(Limits.retryBurst))
    }
}
