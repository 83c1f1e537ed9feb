internal import NIOCore
public import Transport
public import Wire
public import Worker

/// A coordinator over HTTP as a worker uses it: the router's last tier, and membership without an identity.
extension CoordinatorHTTPClient: CoordinatorOverHTTP {
    public func list(timeout: Duration) async throws(CallError) -> [ServiceSummary] {
        let json = try await ask("GET", "/api/services/list", timeout: timeout)
        guard let services = json["services"]?.members else { throw Self.strange }
        return services.compactMap { ListedService($0.value) }.map {
            ServiceSummary(
                name: $0.name, healthyWorkers: UInt32(clamping: $0.healthyWorkers), tier: UInt8(clamping: $0.tier),
                requires: $0.requires)
        }
    }

    public func discover(_ service: String, timeout: Duration) async throws(CallError) -> DiscoverAnswer {
        let (status, json) = try await exchange("GET", "/api/services/discover/\(escaped(service))", timeout: timeout)
        if status == 503 {
            // Coordinators of the replaced system do not say whether anybody ever offered it.
            return DiscoverAnswer(revision: 0, known: json["known"]?.flag ?? true, total: 0, workers: [])
        }
        guard status == 200 else { throw ClientError.refused(status: status, detail: detail(json)).callError }
        guard let found = DiscoveredService(json) else { throw Self.strange }
        return DiscoverAnswer(
            revision: 0, known: true, total: UInt32(clamping: found.total),
            workers: found.workers.map { $0.record(offering: service) })
    }

    public func register(_ member: HTTPMember, timeout: Duration) async throws(CallError) -> [String] {
        var json = JSONWriter()
        json.object { member.write(to: &$0) }
        let answer = try await ask("POST", "/api/worker/register", body: json.buffer, timeout: timeout)
        guard let assigned = answer["assigned_services"]?.elements else { throw Self.strange }
        return assigned.compactMap(\.text)
    }

    public func heartbeat(_ beat: HTTPBeat, timeout: Duration) async throws(CallError) {
        var json = JSONWriter()
        json.object { beat.write(to: &$0) }
        _ = try await ask("POST", "/api/worker/heartbeat", body: json.buffer, timeout: timeout)
    }

    public func unregister(_ worker: String, timeout: Duration) async throws(CallError) {
        _ = try await ask("DELETE", "/api/worker/unregister/\(escaped(worker))", timeout: timeout)
    }

    private static let strange = CallError(.upstreamFailed, "the coordinator's answer is not understood")

    /// A request whose answer must be a 200.
    private func ask(
        _ method: String, _ path: String, body: ByteBuffer? = nil, timeout: Duration
    ) async throws(CallError) -> JSONValue {
        let (status, json) = try await exchange(method, path, body: body, timeout: timeout)
        guard status == 200 else { throw ClientError.refused(status: status, detail: detail(json)).callError }
        return json
    }

    private func exchange(
        _ method: String, _ path: String, body: ByteBuffer? = nil, timeout: Duration
    ) async throws(CallError) -> (status: Int, json: JSONValue) {
        do {
            let (status, json, _) = try await send(method, path, body: body, timeout: timeout)
            return (status, json)
        } catch {
            throw error.callError
        }
    }
}

extension DiscoveredWorker {
    /// The worker as the router sees it: reached by its tunnel URL, as loaded as the coordinator says.
    func record(offering service: String) -> WorkerRecord {
        var record = WorkerRecord(name: name)
        record.tunnelURL = tunnelURL
        record.region = region
        record.services = [ServiceRecord(name: service)]
        // The answer has the fraction only: hundredths tell as much.
        record.load = LoadReport(inFlight: UInt32(clamping: Int64(max(0, min(load, 1e6)) * 100)), limit: 100)
        return record
    }
}

extension HTTPMember {
    fileprivate func write(to json: inout JSONWriter) {
        json.field("worker_id", worker)
        json.field("tunnel_url", tunnelURL)
        json.field("capabilities", capabilities)
        json.field("services", array: services) { json, service in
            json.object { json in
                json.field("name", service.name)
                json.field("healthy", service.healthy)
                json.field("limit", service.limit)
            }
        }
        // Without it the coordinator would choose services for a worker that hosts none.
        json.field("assign", false)
        if let region { json.field("region", region) }
    }
}

extension HTTPBeat {
    fileprivate func write(to json: inout JSONWriter) {
        json.field("worker_id", worker)
        json.field("status", status)
        json.field("current_load", load)
        json.field("active_requests", activeRequests)
        json.name("services_status")
        json.object { json in
            for (name, isHealthy) in services.sorted(by: { $0.key < $1.key }) {
                json.name(name)
                json.string(isHealthy ? "healthy" : "unhealthy")
            }
        }
    }
}
