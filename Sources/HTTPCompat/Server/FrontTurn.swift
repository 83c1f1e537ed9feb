import Wire

/// One request and its answer on a connection: what has come, what has gone, how the answer is framed and what may follow.
/// Decides; does no I/O.
///
/// Framing is RFC 9112, 6: an answer that cannot be delivered whole is never ended cleanly.
package struct FrontTurn {
    /// How the end of an answer's body is told.
    package enum Framing: Equatable {
        /// There is no body: HEAD, 204, 304.
        case none
        /// So many bytes are still to come.
        case length(UInt64)
        case chunked
        /// The end of the connection: HTTP/1.0 without a length.
        case untilClose
    }

    private enum Answer: Equatable {
        case awaited
        case streaming(Framing)
        case done
    }

    package let isHead: Bool
    /// Whether the client speaks HTTP/1.1: chunks and interim answers are allowed.
    package let speaks11: Bool
    /// Whether another request may follow on the connection.
    package private(set) var keepsAlive: Bool
    /// The client waits for 100 (Continue) before it sends the body.
    package private(set) var awaitsContinue: Bool
    package private(set) var requestIsWhole = false
    private var answer = Answer.awaited
    private var discarded = 0

    package init(isHead: Bool, speaks11: Bool, keepsAlive: Bool, awaitsContinue: Bool) {
        self.isHead = isHead
        self.speaks11 = speaks11
        self.keepsAlive = keepsAlive
        self.awaitsContinue = awaitsContinue && speaks11
    }

    /// No head of an answer has been sent.
    package var answerIsAwaited: Bool { answer == .awaited }
    package var answerIsWhole: Bool { answer == .done }
    /// Both sides are done: the next request may begin, if the connection stays.
    package var isOver: Bool { requestIsWhole && answerIsWhole }

    /// Another request must not follow.
    package mutating func closeAfterwards() { keepsAlive = false }

    /// The body is wanted now. Returns whether 100 (Continue) has to be sent first.
    package mutating func bodyIsWanted() -> Bool {
        defer { awaitsContinue = false }
        return awaitsContinue && answer == .awaited && !requestIsWhole
    }

    package mutating func requestEnded() {
        requestIsWhole = true
        awaitsContinue = false
    }

    package enum OnUnwantedBody: Equatable {
        case drop
        /// Too much of it: the connection is not worth keeping.
        case close
    }

    /// Bytes of a body that nobody wants.
    package mutating func unwantedBody(_ count: Int) -> OnUnwantedBody {
        discarded = discarded &+ count
        guard discarded > Limits.httpDiscarded else { return .drop }
        keepsAlive = false
        return .close
    }

    /// The answer's head is about to be sent. Fixes the framing, and with it whether the connection can stay.
    package mutating func answerBegins(status: Int, length: UInt64?) -> Framing {
        // Without the 100 the client may or may not send the body: where the next request begins can no longer be told.
        if awaitsContinue { keepsAlive = false }
        let framing: Framing =
            if isHead || status == 204 || status == 304 {
                .none
            } else if let length {
                .length(length)
            } else {
                speaks11 ? .chunked : .untilClose
            }
        if framing == .untilClose { keepsAlive = false }
        answer = .streaming(framing)
        return framing
    }

    package enum OnAnswerData: Equatable {
        /// Send the bytes as they are.
        case plain
        /// Send them as one chunk.
        case chunk
        /// Send nothing: this answer has no body.
        case drop
        /// More bytes than were promised: break the connection.
        case abort
    }

    /// `count` bytes of the answer's body have come.
    package mutating func answerData(_ count: Int) -> OnAnswerData {
        guard case .streaming(let framing) = answer, count > 0 else { return .drop }
        switch framing {
        case .none: return .drop
        case .chunked: return .chunk
        case .untilClose: return .plain
        case .length(let left):
            guard let count = UInt64(exactly: count), count <= left else { return .abort }
            answer = .streaming(.length(left - count))
            return .plain
        }
    }

    package enum OnAnswerEnd: Equatable {
        /// Nothing more has to be sent.
        case silent
        /// Send the last chunk.
        case lastChunk
        /// Fewer bytes than were promised, or no head at all: break the connection.
        case abort
    }

    /// The answer's body has come to its end.
    package mutating func answerEnded() -> OnAnswerEnd {
        guard case .streaming(let framing) = answer else { return .abort }
        answer = .done
        switch framing {
        case .none, .untilClose: return .silent
        case .chunked: return .lastChunk
        case .length(let left): return left == 0 ? .silent : .abort
        }
    }

    package enum OnFailure: Equatable {
        /// Nothing has been sent: an answer can say what happened.
        case answer
        /// Part of the answer is out: break the connection, with a reset where its end would look like the end of the body.
        case abort(reset: Bool)
    }

    /// The answer cannot be completed.
    package func failed() -> OnFailure {
        switch answer {
        case .awaited: .answer
        case .streaming(.untilClose): .abort(reset: true)
        case .streaming, .done: .abort(reset: false)
        }
    }

    package enum OnInputClosed: Equatable {
        /// The client is gone.
        case gone
        /// The client may only have closed its sending side. An interim answer finds out: if nobody listens any more,
        /// the network answers it with a reset.
        case probe
        /// The answer is out already; the connection ends behind it.
        case closeBehind
    }

    /// The client has closed its sending side, or all of the connection: from here both look the same.
    package mutating func inputClosed() -> OnInputClosed {
        keepsAlive = false
        guard requestIsWhole else { return .gone }
        switch answer {
        case .done: return .closeBehind
        case .awaited: return speaks11 ? .probe : .gone
        case .streaming: return .gone
        }
    }
}
