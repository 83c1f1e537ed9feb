package import NIOHTTP1
package import Transport
package import Wire

/// The head of a call as an HTTP request. Checks everything: the head may come from another machine, and what it says must
/// neither end a line nor tell the upstream another length than the body has.
package struct UpstreamRequest {
    /// How the upstream learns where the body ends.
    package enum Framing: Equatable {
        case none
        case length(UInt64)
        case chunked
    }

    package let method: HTTPMethod
    package let target: String
    private var headers: HTTPHeaders
    /// The length that the head names; `nil` if none.
    package let length: UInt64?
    /// Whether doing it twice does no more than doing it once (RFC 9110, 9.2.2).
    package let isIdempotent: Bool

    /// - Parameters:
    ///   - prefix: goes before the head's path: the base of the URL, and for members the service's path.
    ///   - carriesOn: whether deadline and hops go along as fields, because the other side may forward again.
    package init(_ head: Head, to url: UpstreamURL, prefix: String, carriesOn: Bool) throws(CallError) {
        let verb = head.verb.isEmpty ? "POST" : head.verb
        // HTTP-2.1
        guard FieldText.isName(verb), verb != "CONNECT" else { throw CallError(.badRequest, "the method cannot be sent over HTTP") }
        method = HTTPMethod(rawValue: verb)
        let path = head.path.isEmpty ? "/" : head.path
        target = prefix + (path == "/" && !prefix.isEmpty && carriesOn ? "" : path)
        guard FieldText.isTarget(target) else { throw CallError(.badRequest, "the path has characters that must be encoded") }  // HTTP-2.1
        guard !Self.climbs(path) else { throw CallError(.badRequest, "the path leaves the service with \"..\"") }  // HTTP-2.2
        isIdempotent = !head.idempotencyKey.isEmpty || ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"].contains(verb)
        headers = HTTPHeaders()
        headers.reserveCapacity(head.fields.count + 6)
        headers.add(name: "host", value: url.authority)
        var length: UInt64?
        for field in head.fields {
            guard FieldText.isName(field.name), FieldText.isValue(field.value) else {
                throw CallError(.badRequest, "a field has characters that HTTP does not allow")
            }
            let name = FieldText.lowercased(field.name)
            if name == "content-length" {
                guard length == nil, field.value.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = UInt64(field.value) else {
                    throw CallError(.badRequest, "the length cannot be read")
                }
                length = number
            } else if name != "host", name != "expect", !HopByHop.contains(name) {  // HTTP-2.3
                headers.add(name: name, value: field.value)
            }
        }
        self.length = length
        addCarried(head, carriesOn)
    }

    /// What travels in places of its own in a head.
    private mutating func addCarried(_ head: Head, _ carriesOn: Bool) {
        if !head.traceParent.isEmpty, FieldText.isValue(head.traceParent) { headers.add(name: "traceparent", value: head.traceParent) }
        if !head.idempotencyKey.isEmpty, FieldText.isValue(head.idempotencyKey) {
            headers.add(name: "idempotency-key", value: head.idempotencyKey)
        }
        guard carriesOn else { return }
        headers.add(name: "wiremesh-hops", value: String(head.hops))
        if head.deadline > 0 { headers.add(name: "wiremesh-timeout", value: "\(head.deadline)ms") }
    }

    /// The head as NIO writes it.
    package func head(_ framing: Framing) -> HTTPRequestHead {
        var headers = headers
        switch framing {
        case .none: break
        case .length(let length): headers.add(name: "content-length", value: String(length))
        case .chunked: headers.add(name: "transfer-encoding", value: "chunked")
        }
        return HTTPRequestHead(version: .http1_1, method: method, uri: target, headers: headers)
    }

    /// The framing of a request whose body is known to have `count` bytes and no more.
    package func framing(whole count: Int) -> Framing {
        if count == 0, length == nil, ![.POST, .PUT, .PATCH].contains(method) { return .none }
        return .length(length ?? UInt64(clamping: count))
    }

    /// The framing of a request whose body is still coming.
    package var streamedFraming: Framing { length.map { .length($0) } ?? .chunked }

    /// Whether a segment of the path is "..", however it is written.
    private static func climbs(_ path: String) -> Bool {
        guard path.contains("..") || path.contains("%2") else { return false }
        let plain = path.prefix { $0 != "?" }.lowercased().replacing("%2e", with: ".").replacing("%2f", with: "/").replacing(
            "\\", with: "/")
        return plain.split(separator: "/").contains("..")
    }
}
