import NIOCore
package import NIOHTTP1
import Transport
package import Wire

/// Makes the head of a call out of the head of a request.
///
/// Dropped: what belongs to the connection it came on (hop-by-hop fields, those that `Connection` names, `Host`, `Expect`),
/// the token that opened the front, and every `wiremesh-` field, so that nobody can speak for the mesh. Carried elsewhere in
/// the head: `traceparent`, `Idempotency-Key`, `Wiremesh-Timeout` and `Wiremesh-Hops`.
package enum ForwardedHead {
    /// Why a request cannot be forwarded, as the answer to it.
    package struct Refusal: Error { package var answer: HTTPAnswer }

    /// - Parameters:
    ///   - path: what the service sees: the rest of the path, still encoded; empty means "/". The query is added here.
    package static func make(_ request: FrontRequest, service: String, path: Substring) throws(Refusal) -> Head {
        var head = Head()
        head.service = service
        head.verb = request.method.rawValue
        head.path = path.utf8.first == UInt8(ascii: "/") ? String(path) : "/" + path
        if let query = request.query { head.path += "?" + query }
        head.hops = Limits.hops
        let named = ConnectionTokens(request.headers)
        head.fields.reserveCapacity(request.headers.count)
        for (name, value) in request.headers {
            let name = FieldText.lowercased(name)  // FRAME-6.5
            switch name {
            // One that cannot be is ignored, as its specification wants.
            case "traceparent": if value.utf8.count <= Limits.traceParent { head.traceParent = value }
            case "idempotency-key": head.idempotencyKey = try key(value)
            case "wiremesh-timeout": head.deadline = try deadline(value)
            case "wiremesh-hops": head.hops = try hops(value)
            case "host", "expect", "te": break  // HTTP-1.1
            case "authorization" where request.authorizationIsOurs: break
            default:
                // HTTP-1.1, HTTP-1.2
                if HopByHop.contains(name) || named.contains(name) || name.utf8.starts(with: "wiremesh-".utf8) { continue }
                head.fields.append(Head.Field(name, value))
            }
        }
        guard fits(head) else {
            throw Refusal(answer: .detail("The header block does not fit a head of \(Limits.headSize) bytes.", status: 431))
        }
        return head
    }

    /// Whether the head fits a HEAD frame. Counts a TLV of four bytes around each text, and two lengths in each field.
    package static func fits(_ head: Head) -> Bool {
        var size = 128 + head.service.utf8.count + head.path.utf8.count + head.traceParent.utf8.count + head.idempotencyKey.utf8.count
        for field in head.fields { size += field.name.utf8.count + field.value.utf8.count + 8 }
        return size <= Limits.headSize
    }

    private static func key(_ text: String) throws(Refusal) -> String {
        guard text.utf8.count <= Limits.idempotencyKey else {
            throw Refusal(answer: .detail("Idempotency-Key has at most \(Limits.idempotencyKey) bytes.", status: 400))
        }
        return text
    }

    private static func deadline(_ text: String) throws(Refusal) -> UInt32 {
        guard let milliseconds = TimeText.milliseconds(text) else {
            throw Refusal(answer: .detail("Wiremesh-Timeout is a number and its unit: 500ms, 30s, 5m, 1h.", status: 400))  // HTTP-1.3
        }
        return milliseconds
    }

    private static func hops(_ text: String) throws(Refusal) -> UInt8 {
        // Digits only: an integer's own reader also takes a sign.
        guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let hops = UInt8(text) else {
            throw Refusal(answer: .detail("Wiremesh-Hops is a number from 0 to 255.", status: 400))  // HTTP-1.3
        }
        return min(hops, Limits.hops)
    }
}

/// Fields that concern one connection only and are never passed on (RFC 9110, 7.6.1).
package enum HopByHop {
    /// - Parameter name: in lower case.
    package static func contains(_ name: String) -> Bool {
        switch name {
        case "connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "proxy-connection", "proxy-authorization",
            "proxy-authenticate", "http2-settings":
            true
        default: false
        }
    }
}

/// The names that a Connection field lists besides its own words.
package struct ConnectionTokens {
    private var names: [String] = []

    package init(_ headers: HTTPHeaders) {
        guard let first = headers.first(name: "connection"), !Self.isUsual(first) || headers["connection"].count > 1 else { return }
        for token in headers[canonicalForm: "connection"] where !Self.isUsual(token) { names.append(token.lowercased()) }
    }

    package func contains(_ name: String) -> Bool { !names.isEmpty && names.contains(name) }

    private static func isUsual(_ word: some StringProtocol) -> Bool {
        word == "keep-alive" || word == "close" || word == "Keep-Alive" || word == "Close"
    }
}
