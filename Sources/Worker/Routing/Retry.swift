package import Wire

/// Whether a call that failed may be sent again, to another worker. Asked at one place only, the worker where the call
/// entered the mesh: neither the worker that serves it nor a link repeats anything.
///
/// A call is repeated only if all of this holds:
/// - nothing of the answer was passed on, and the caller still waits;
/// - all of the request that was sent is still held (`Limits.replayBuffer`);
/// - it was sent fewer than `Limits.attempts` times, and the budget has a token;
/// - the error says something about the worker, not about the request;
/// - and it is safe: the error is NOT_PROCESSED, or the call has an idempotency key, or its verb is GET, HEAD or OPTIONS.
///
/// PUT and DELETE are idempotent for HTTP, yet not repeated without a key: the first attempt may still run, and would
/// land after the second one and after what another client wrote in between.
package enum RetryRule {
    package static func permits(_ code: ErrorCode, head: Head, sends: Int, answered: Bool, isHeld: Bool) -> Bool {
        guard !answered, isHeld, sends < Limits.attempts, concernsWorker(code) else { return false }  // CALL-5.1
        return code.isNotProcessed || isIdempotent(head)  // CALL-5.2
    }

    /// Whether sending the call twice does no more than sending it once.
    package static func isIdempotent(_ head: Head) -> Bool {
        !head.idempotencyKey.isEmpty || ["GET", "HEAD", "OPTIONS"].contains(head.verb)
    }

    private static func concernsWorker(_ code: ErrorCode) -> Bool {  // CALL-5.3
        switch code.base {
        case ErrorCode.cancelled, .deadlineExceeded, .busy, ErrorCode.tooLarge.base, ErrorCode.badRequest.base,
            ErrorCode.permissionDenied.base, ErrorCode.hopsExhausted.base, ErrorCode.conflict.base:
            false
        default: true
        }
    }
}

/// How many retries there may be: a share of the calls, so that a mesh in trouble is not given twice the load. A token
/// bucket without clock: calls fill it.
package struct RetryBudget: Sendable {
    private var tokens = Limits.retryBurst  // CALL-5.4

    package init() {}

    /// A call was sent for the first time.
    package mutating func sent() { tokens = min(tokens + Limits.retryShare, Limits.retryBurst) }

    /// Takes the token of one retry; false if there is none.
    package mutating func take() -> Bool {
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
