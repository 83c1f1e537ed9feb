public import NIOCore
public import Transport
import Wire

/// A whole answer, encoded and small: what a hot route gives back and what a refusal is.
public struct HTTPAnswer: Sendable {
    /// HTTP status, 200...599.
    public var status: Int
    /// Value of Content-Type; empty for none.
    public var contentType: String
    /// Further fields; no framing fields (the front writes Content-Length, Date and Connection).
    public var fields: [(name: String, value: String)]
    public var body: ByteBuffer

    public init(status: Int = 200, contentType: String, fields: [(name: String, value: String)] = [], body: ByteBuffer) {
        self.status = status
        self.contentType = contentType
        self.fields = fields
        self.body = body
    }

    /// JSON that is encoded already.
    public static func json(_ body: ByteBuffer, status: Int = 200) -> HTTPAnswer {
        HTTPAnswer(status: status, contentType: "application/json", body: body)
    }

    /// `{"detail": text}`: how the replaced system says what is wrong.
    public static func detail(_ text: String, status: Int) -> HTTPAnswer {
        var json = JSONWriter(capacity: 64)
        json.object { $0.field("detail", text) }
        return .json(json.buffer, status: status)
    }

    /// The answer for a call that failed before its head: the table of `ErrorCode`, and Retry-After where waiting helps.
    public static func failure(_ error: CallError) -> HTTPAnswer {
        // 499 would say that this client has gone; it has not, so somebody on the way has given up.
        let status = error.code.httpStatus == 499 ? 502 : error.code.httpStatus  // HTTP-4.2
        var answer = detail("Request routing failed: \(error)", status: status)
        if let seconds = retryAfterSeconds(error) { answer.fields.append(("retry-after", String(seconds))) }
        return answer
    }

    /// Whole seconds to wait, at least 1; `nil` where waiting is not what helps.
    public static func retryAfterSeconds(_ error: CallError) -> UInt32? {
        // HTTP-4.3
        if let milliseconds = error.retryAfterMilliseconds { return max(1, milliseconds / 1_000 &+ (milliseconds % 1_000 == 0 ? 0 : 1)) }
        return ErrorCode.helpedByWaiting.contains { $0.base == error.code.base } ? 1 : nil
    }
}

extension ErrorCode {
    /// Refusals that are over in a moment.
    fileprivate static let helpedByWaiting: [ErrorCode] = [.overloaded, .draining, .busy]
}
