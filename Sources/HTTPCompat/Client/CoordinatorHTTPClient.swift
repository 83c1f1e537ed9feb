internal import AsyncHTTPClient
internal import Foundation
public import NIOCore
internal import NIOHTTP1
internal import NIOSSL
public import Wire

/// A coordinator seen through its HTTP endpoints: what the command asks when it only reads.
///
/// `shutdown` must be called before the last reference goes.
public final class CoordinatorHTTPClient: Sendable {
    /// The coordinator's URL, without a slash at its end.
    public let url: String
    private let client: HTTPClient
    private let token: String?
    private let timeout: Duration

    /// - Parameters:
    ///   - url: such as `http://127.0.0.1:8080`.
    ///   - token: sent as bearer token with every request.
    ///   - authority: PEM file of the CAs that an HTTPS server is checked against; the system's without one.
    ///   - timeout: for each request but `call`, which takes its own.
    public init(
        url: String, token: String? = nil, authority: String? = nil, timeout: Duration = .seconds(10), group: any EventLoopGroup
    ) throws(ClientError) {
        guard let base = try? UpstreamURL(url) else { throw .badURL(url) }
        self.url = base.text
        self.token = token
        self.timeout = timeout
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(5)
        configuration.httpVersion = .http1Only
        // Whoever asks says at once what is wrong, or tries again in its own time.
        configuration.connectionPool.retryConnectionEstablishment = false
        if let authority {
            var tls = TLSConfiguration.makeClientConfiguration()
            do {
                tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authority))
            } catch {
                throw .badAuthority(file: authority, reason: "\(error)")
            }
            configuration.tlsConfiguration = tls
        }
        client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
    }

    /// Closes the connections. Nothing may be asked afterwards.
    public func shutdown() async {
        try? await client.shutdown()
    }

    /// Every service with a healthy worker, by name.
    public func services() async throws(ClientError) -> CoordinatorAnswer<[ListedService]> {
        try await get("/api/services/list") { json in
            json["services"]?.members.map { $0.compactMap { ListedService($0.value) }.sorted { $0.name < $1.name } }
        }
    }

    /// The healthy workers of one service, best first. Nobody offers it: `refused` with 503.
    /// - Parameter limit: how many at most; `nil` for all.
    public func discover(_ service: String, limit: Int? = nil) async throws(ClientError) -> CoordinatorAnswer<DiscoveredService> {
        let query = limit.map { "?limit=\($0)" } ?? ""
        return try await get("/api/services/discover/\(escaped(service))\(query)") { DiscoveredService($0) }
    }

    /// Every member, healthy or not, by name.
    public func workers() async throws(ClientError) -> CoordinatorAnswer<[MemberWorker]> {
        try await get("/api/admin/workers") { json in
            json["workers"]?.elements.map { $0.compactMap { MemberWorker($0) }.sorted { $0.name < $1.name } }
        }
    }

    /// The round trip between the coordinator and a worker, over their link. `refused` with 404 for a worker without one.
    public func ping(_ worker: String) async throws(ClientError) -> CoordinatorAnswer<Duration> {
        let (status, json, text) = try await send("POST", "/api/admin/workers/\(escaped(worker))/ping", timeout: timeout)
        guard status == 200 else { throw .refused(status: status, detail: detail(json)) }
        guard let latency = Duration(latencyIn: json) else {
            throw .notUnderstood(url: url, reason: "members of the answer are missing")
        }
        return CoordinatorAnswer(value: latency, json: text)
    }

    /// The round trip between a worker and another one, the way that calls go. Only for a client whose URL is a worker's.
    public func pingFromHere(_ worker: String) async throws(ClientError) -> CoordinatorAnswer<PingedWorker> {
        let (status, json, text) = try await send("POST", "/api/mesh/ping/\(escaped(worker))", timeout: timeout)
        guard status == 200 else { throw .refused(status: status, detail: detail(json)) }
        guard let latency = Duration(latencyIn: json), let route = json["route"]?.text else {
            throw .notUnderstood(url: url, reason: "members of the answer are missing")
        }
        return CoordinatorAnswer(value: PingedWorker(latency: latency, route: route, relay: json["relay"]?.text), json: text)
    }

    /// Where a worker would look for a service, and whom it may take. Only for a client whose URL is a worker's.
    public func explain(_ service: String) async throws(ClientError) -> CoordinatorAnswer<ExplainedRoute> {
        try await get("/api/mesh/explain/\(escaped(service))") { ExplainedRoute($0) }
    }

    /// The Date field of an answer: the server's clock; `nil` where it has none.
    public func date() async throws(ClientError) -> String? {
        try await execute(request("GET", "/healthz"), timeout: timeout).headers.first(name: "date")
    }

    /// Sends a request to a service by way of the coordinator. What the service answers is an answer, whatever its status.
    /// - Parameters:
    ///   - path: rest of the path for the service, with its query; empty or beginning with "/".
    ///   - fields: header fields for the service.
    ///   - timeout: until the answer is whole; also told to whoever forwards.
    public func call(
        _ service: String, path: String = "", method: String = "POST", fields: [Head.Field] = [], body: ByteBuffer? = nil,
        timeout: Duration
    ) async throws(ClientError) -> ServiceAnswer {
        var request = request(method, "/service/\(escaped(service))\(path)")
        for field in fields { request.headers.add(name: field.name, value: field.value) }
        request.headers.replaceOrAdd(name: "wiremesh-timeout", value: "\(timeout.wholeMilliseconds)ms")
        if let body { request.body = .bytes(body) }
        let response = try await execute(request, timeout: timeout)
        return ServiceAnswer(
            status: Int(response.status.code), fields: response.headers.map { Head.Field($0.name.lowercased(), $0.value) },
            body: ServiceAnswer.Body(base: response.body))
    }
}

extension CoordinatorHTTPClient {
    /// GET, 200, JSON of the shape that `read` understands.
    func get<Value: Sendable>(
        _ path: String, read: (JSONValue) -> Value?
    ) async throws(ClientError) -> CoordinatorAnswer<Value> {
        let (status, json, text) = try await send("GET", path, timeout: timeout)
        guard status == 200 else { throw .refused(status: status, detail: detail(json)) }
        guard let value = read(json) else { throw .notUnderstood(url: url + path, reason: "members of the answer are missing") }
        return CoordinatorAnswer(value: value, json: text)
    }

    /// One request whose answer is JSON: its status, its value and its text.
    func send(
        _ method: String, _ path: String, body: ByteBuffer? = nil, timeout: Duration
    ) async throws(ClientError) -> (status: Int, json: JSONValue, text: String) {
        var request = request(method, path)
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(body)
        }
        let response = try await execute(request, timeout: timeout)
        let bytes: ByteBuffer
        do {
            bytes = try await response.body.collect(upTo: Limits.coordinatorAnswer)
        } catch {
            throw ClientError(error, url: url)
        }
        do {
            return (Int(response.status.code), try JSONValue(parsing: bytes.readableBytesView), String(buffer: bytes))
        } catch {
            throw .notUnderstood(url: url + path, reason: "status \(response.status.code), \(error)")
        }
    }

    private func request(_ method: String, _ path: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url + path)
        request.method = HTTPMethod(rawValue: method)
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        return request
    }

    private func execute(_ request: HTTPClientRequest, timeout: Duration) async throws(ClientError) -> HTTPClientResponse {
        do {
            return try await client.execute(request, timeout: TimeAmount(timeout))
        } catch {
            throw ClientError(error, url: url)
        }
    }

    /// What a refusal says: FastAPI's `detail`, or the proxy's `message`.
    func detail(_ json: JSONValue) -> String {
        json["detail"]?.text ?? json["message"]?.text ?? json.encoded
    }

    /// A name as one segment of a path.
    func escaped(_ name: String) -> String {
        var escaped = ""
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                escaped += "%" + [byte].hex.uppercased()
            }
        }
        return escaped
    }
}
