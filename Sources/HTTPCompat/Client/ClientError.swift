public import Transport
internal import Wire

/// Why a coordinator's HTTP endpoint gave no usable answer. One sentence each: what is wrong and what to do.
public enum ClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The URL that was given is none of an HTTP server.
    case badURL(String)
    /// The CA file cannot be used.
    case badAuthority(file: String, reason: String)
    /// The server's certificate is not to be believed.
    case untrusted(url: String, reason: String)
    /// Nothing answered.
    case unreachable(url: String, reason: String)
    /// No answer in time.
    case timedOut(url: String)
    /// The server answered with an error status; `detail` is what it said.
    case refused(status: Int, detail: String)
    /// The answer is not what a coordinator answers.
    case notUnderstood(url: String, reason: String)

    public var description: String {
        switch self {
        case .badURL(let url):
            "\(url) is not the URL of a coordinator: give one such as http://127.0.0.1:8080."
        case .badAuthority(let file, let reason):
            "The CA file \(file) cannot be used (\(reason)): give PEM certificates."
        case .untrusted(let url, let reason):
            "The certificate of \(url) cannot be trusted (\(reason)): give the PEM file of its CA with --http-ca, or check the URL."
        case .unreachable(let url, let reason):
            "No coordinator answers at \(url) (\(reason)): start it, or give its URL with --coordinator or COORDINATOR_URL."
        case .timedOut(let url):
            "\(url) did not answer in time: look at the coordinator's log, or allow more with --timeout."
        case .refused(401, _):
            "The coordinator wants a token: give the file that holds it with --http-token-file."
        case .refused(let status, let detail):
            "The coordinator refused with status \(status): \(detail)"
        case .notUnderstood(let url, let reason):
            "What answers at \(url) is not a coordinator (\(reason)): check the URL."
        }
    }

    /// The same as a call's error, for the router of a worker.
    public var callError: CallError {
        switch self {
        case .badURL, .badAuthority, .untrusted, .unreachable: CallError(.unreachable, description)
        case .timedOut: CallError(.deadlineExceeded, description)
        case .notUnderstood: CallError(.upstreamFailed, description)
        case .refused(404, let detail): CallError(.notFound, detail)
        case .refused(401, _): CallError(.permissionDenied, description)
        case .refused(403, let detail): CallError(.permissionDenied, detail)
        case .refused(409, let detail): CallError(.nameTaken, detail)
        case .refused(429, let detail), .refused(503, let detail): CallError(.unavailable, detail)
        case .refused(400..<500, let detail): CallError(.badRequest, detail)
        case .refused(_, let detail): CallError(.upstreamFailed, detail)
        }
    }
}
