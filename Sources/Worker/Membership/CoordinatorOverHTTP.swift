public import Transport
public import Wire

/// A coordinator as its HTTP endpoints show it: the last tier of the router, and all there is for a worker without an
/// identity. HTTP lives in another module, which implements this protocol.
///
/// Errors are those of the call: `unreachable` where nothing answered, `notFound` for 404, `permissionDenied` for 403,
/// `deadlineExceeded` after `timeout`.
public protocol CoordinatorOverHTTP: Sendable {
    /// `GET /api/services/list`.
    func list(timeout: Duration) async throws(CallError) -> [ServiceSummary]
    /// `GET /api/services/discover/{service}`. A 503 is an answer without workers, `known` from what the coordinator says.
    func discover(_ service: String, timeout: Duration) async throws(CallError) -> DiscoverAnswer
    /// `POST /api/worker/register`. Returns the services that the coordinator assigned.
    func register(_ member: HTTPMember, timeout: Duration) async throws(CallError) -> [String]
    /// `POST /api/worker/heartbeat`. `notFound` means: register again.
    func heartbeat(_ beat: HTTPBeat, timeout: Duration) async throws(CallError)
    /// `DELETE /api/worker/unregister/{worker}`.
    func unregister(_ worker: String, timeout: Duration) async throws(CallError)
}

/// What an HTTP-only worker says of itself when it registers.
public struct HTTPMember: Hashable, Sendable {
    public var worker: String
    /// Where `POST {tunnelURL}/service/{name}` reaches it.
    public var tunnelURL: String
    public var region: String?
    public var capabilities: [String: CapabilityValue]
    public var services: [ServiceRecord]

    public init(
        worker: String, tunnelURL: String, region: String?, capabilities: [String: CapabilityValue], services: [ServiceRecord]
    ) {
        self.worker = worker
        self.tunnelURL = tunnelURL
        self.region = region
        self.capabilities = capabilities
        self.services = services
    }
}

/// What an HTTP-only worker says every 30 s.
public struct HTTPBeat: Hashable, Sendable {
    public var worker: String
    /// "healthy", or "degraded" while an upstream fails.
    public var status: String
    /// In flight and waiting over all services, against their limits; see `LoadReport.fraction`.
    public var load: Double
    public var activeRequests: UInt32
    /// Health of each service by name.
    public var services: [String: Bool]

    public init(worker: String, status: String, load: Double, activeRequests: UInt32, services: [String: Bool]) {
        self.worker = worker
        self.status = status
        self.load = load
        self.activeRequests = activeRequests
        self.services = services
    }
}
