import Wire

/// One request to an upstream and its answer: what has gone, what has come, how much the receiver holds, and what a failure
/// means. Decides; does no I/O.
package struct UpstreamTurn {
    private enum Request: Equatable {
        case unsent
        /// The head is out; so many bytes of a promised length are left, `nil` for chunks.
        case streaming(left: UInt64?)
        case done
    }

    private enum Answer: Equatable {
        case awaited
        case streaming
        case done
    }

    private var request = Request.unsent
    private var answer = Answer.awaited
    /// Bytes that the receiver was given and is not done with.
    private var unconsumed = 0
    /// The connection can take another request after this one.
    private var keepsAlive = true
    /// The upstream has sent bytes of an answer.
    package private(set) var isAnswered = false

    package init() {}

    package var headIsSent: Bool { request != .unsent }
    package var requestIsWhole: Bool { request == .done }
    package var answerHasBegun: Bool { answer != .awaited }
    /// Whether the connection goes back to the pool when the answer is whole.
    package var leavesConnectionUsable: Bool { keepsAlive && request == .done && answer == .done }
    /// Whether the receiver may be given more. The window of a stream of a link, so that both hold the same at most.
    package var receiverTakesMore: Bool { unconsumed < Int(clamping: Limits.streamWindow) }

    package mutating func headSent(_ framing: UpstreamRequest.Framing) {
        switch framing {
        case .none: request = .streaming(left: 0)
        case .length(let length): request = .streaming(left: length)
        case .chunked: request = .streaming(left: nil)
        }
    }

    /// `count` bytes of the body are about to be sent. Returns whether they fit the length that was promised.
    package mutating func bodySent(_ count: Int) -> Bool {
        guard case .streaming(let left) = request else { return false }
        guard let left else { return true }
        guard let count = UInt64(exactly: count), count <= left else { return false }
        request = .streaming(left: left - count)
        return true
    }

    /// The body has come to its end. Returns whether it is as long as was promised.
    package mutating func requestEnded() -> Bool {
        guard case .streaming(let left) = request, left ?? 0 == 0 else { return false }
        request = .done
        return true
    }

    package mutating func answerBegan(keepsAlive: Bool) {
        answer = .streaming
        isAnswered = true
        if !keepsAlive { self.keepsAlive = false }
    }

    package mutating func delivered(_ count: Int) { unconsumed = unconsumed &+ count }

    package mutating func consumed(_ count: Int) { unconsumed = max(0, unconsumed &- count) }

    package mutating func answerEnded() { answer = .done }

    package enum OnFailure: Equatable {
        /// A connection from the pool was closed by the upstream while the request was on its way: try a new one.
        case retry
        /// No byte of the request has left.
        case unreachable
        /// The upstream may have done something.
        case broken
    }

    /// The connection failed.
    ///
    /// - Parameters:
    ///   - isReused: it had carried another request before.
    ///   - canRepeat: the request is idempotent and all of its body is still here.
    package func failed(isReused: Bool, canRepeat: Bool) -> OnFailure {
        if request == .unsent { return isReused ? .retry : .unreachable }
        return isReused && canRepeat && !isAnswered ? .retry : .broken
    }
}
