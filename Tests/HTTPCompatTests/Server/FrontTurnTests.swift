import HTTPCompat
import Testing
import Wire

/// One request and its answer, without a connection.
@Suite struct FrontTurnTests {
    private func turn(isHead: Bool = false, speaks11: Bool = true, keepsAlive: Bool = true, awaits: Bool = false) -> FrontTurn {
        FrontTurn(isHead: isHead, speaks11: speaks11, keepsAlive: keepsAlive, awaitsContinue: awaits)
    }

    @Test func framesByWhatIsKnown() {
        var turn = turn()
        #expect(turn.answerBegins(status: 200, length: 5) == .length(5))
        turn = self.turn()
        #expect(turn.answerBegins(status: 200, length: nil) == .chunked)
        turn = self.turn(isHead: true)
        #expect(turn.answerBegins(status: 200, length: 5) == .none)
        for status in [204, 304] {
            turn = self.turn()
            #expect(turn.answerBegins(status: status, length: nil) == .none)
        }
        turn = self.turn(speaks11: false)
        #expect(turn.answerBegins(status: 200, length: nil) == .untilClose)
        #expect(!turn.keepsAlive)
    }

    @Test func promisedLengthsAreKept() {
        var turn = turn()
        _ = turn.answerBegins(status: 200, length: 5)
        #expect(turn.answerData(3) == .plain)
        #expect(turn.answerData(3) == .abort)
        #expect(turn.answerEnded() == .abort)
        turn = self.turn()
        _ = turn.answerBegins(status: 200, length: 5)
        #expect(turn.answerData(5) == .plain)
        #expect(turn.answerEnded() == .silent)
    }

    @Test func anAnswerWithoutAHeadIsNone() {
        var turn = turn()
        #expect(turn.answerEnded() == .abort)
        #expect(turn.answerData(1) == .drop)
        #expect(turn.failed() == .answer)
    }

    @Test func failuresNeverLookWhole() {
        var turn = turn()
        _ = turn.answerBegins(status: 200, length: nil)
        #expect(turn.failed() == .abort(reset: false))
        turn = self.turn(speaks11: false)
        _ = turn.answerBegins(status: 200, length: nil)
        #expect(turn.failed() == .abort(reset: true))
    }

    @Test func continueIsSentOnceAndOnlyInTime() {
        var turn = turn(awaits: true)
        #expect(turn.bodyIsWanted() == true)
        #expect(turn.bodyIsWanted() == false)
        turn = self.turn(awaits: true)
        _ = turn.answerBegins(status: 413, length: 0)
        #expect(turn.bodyIsWanted() == false)
        #expect(!turn.keepsAlive, "whether the body comes can no longer be told")
        turn = self.turn(speaks11: false, awaits: true)
        #expect(turn.bodyIsWanted() == false, "HTTP/1.0 knows no interim answers")
    }

    @Test func closedInputMeansGoneUnlessItCanBeAsked() {
        var turn = turn()
        #expect(turn.inputClosed() == .gone, "the request is not whole")
        turn = self.turn()
        turn.requestEnded()
        #expect(turn.inputClosed() == .probe)
        #expect(!turn.keepsAlive)
        _ = turn.answerBegins(status: 200, length: nil)
        #expect(turn.inputClosed() == .gone)
        _ = turn.answerEnded()
        #expect(turn.inputClosed() == .closeBehind)
        turn = self.turn(speaks11: false)
        turn.requestEnded()
        #expect(turn.inputClosed() == .gone)
    }

    @Test func unwantedBodiesAreDroppedToALimit() {
        var turn = turn()
        #expect(turn.unwantedBody(Limits.httpDiscarded) == .drop)
        #expect(turn.keepsAlive)
        #expect(turn.unwantedBody(1) == .close)
        #expect(!turn.keepsAlive)
    }
}
