internal import Coordinator
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Wire

/// A request on its way into an endpoint's handler.
struct EndpointRequest: Sendable {
    let request: Request
    let context: FrontContext

    /// The part of the path that stands for `{name}`, decoded; empty if the template has none.
    func pathPart(_ name: String) -> String {
        context.parameters.get(name).flatMap { TargetText.decode(segment: $0[...]) } ?? ""
    }

    /// The first value of a query parameter, decoded.
    func query(_ name: String) -> String? { TargetText.parameter(name, in: request.uri.query?[...]) }

    /// Where the client connects from: decides which addresses it may name.
    var origin: HostClass { context.remote.map { HostClass($0) } ?? .routable }

    /// Whether the request carries a body at all.
    func hasBody() async throws(Refusal) -> Bool { try await bytes().readableBytes > 0 }

    /// The body as JSON. A content type that is given must be JSON: otherwise any web page could send a form here.
    func json() async throws(Refusal) -> JSONValue {
        let bytes = try await bytes()
        guard bytes.readableBytes > 0 else { throw Refusal([.missing(["body"], in: .null)]) }
        if let type = request.headers[.contentType], !isJSON(type) {
            throw Refusal([.notAnObject(.string(String(buffer: bytes)))])
        }
        do {
            return try JSONValue(parsing: bytes.readableBytesView)
        } catch {
            throw Refusal([.notJSON(error)])
        }
    }

    private func bytes() async throws(Refusal) -> ByteBuffer {
        do {
            return try await request.body.collect(upTo: Limits.jsonBody)
        } catch {
            throw Refusal(413, "Request body too large: at most \(Limits.jsonBody) bytes")
        }
    }

    /// `application/json` and `application/anything+json`, parameters aside.
    private func isJSON(_ type: String) -> Bool {
        let essence = type.prefix { $0 != ";" && $0 != " " }.lowercased()
        return essence == "application/json" || essence.hasPrefix("application/") && essence.hasSuffix("+json")
    }
}
