internal import Coordinator
internal import NIOCore
internal import Transport
internal import Wire

/// Members that speak HTTP only: they register, beat and leave.
extension CoordinatorHTTP {
    var memberEndpoints: [HTTPEndpoint] {
        [
            HTTPEndpoint(
                "POST", "/api/worker/register", "Join as a member that speaks HTTP only", body: .init(schema: .named("Registration")),
                answers: [
                    .ok(.named("Registered")), .refusal(400, "The worker cannot be passed on to others."),
                    .refusal(403, "HTTP workers are not switched on."), .refusal(409, "A certificate holds the name."), .doesNotFit,
                    .refusal(413, "The body is too large."), .refusal(503, "There are too many HTTP workers."),
                ],
                handler: { [self] in try await register($0) }),
            HTTPEndpoint(
                "POST", "/api/worker/heartbeat", "Say that a member is alive, and how busy it is",
                body: .init(schema: .named("Heartbeat")),
                answers: [
                    .ok(.named("Acknowledged")), .refusal(404, "No such worker: it registers again."), .doesNotFit,
                    .refusal(413, "The body is too large."),
                ],
                handler: { [self] in try await heartbeat($0) }),
            HTTPEndpoint(
                "DELETE", "/api/worker/unregister/{worker_id}", "Leave",
                parameters: [.init(name: "worker_id", schema: .text, summary: "Name of the worker.")],
                answers: [.ok(.named("Acknowledged")), .refusal(404, "No such worker.")],
                handler: { [self] in try unregister($0) }),
            HTTPEndpoint(
                "GET", "/api/coordinator/workers", "List the healthy workers in full", answers: [.ok(.named("WorkerList"))],
                handler: { [self] in healthyWorkers($0) }),
        ]
    }

    private func register(_ request: EndpointRequest) async throws(Refusal) -> HTTPAnswer {
        try checkAllowed()
        var fields = FieldReader(try await request.json())
        let registration = HTTPRegistration(&fields)
        try fields.check()
        try await check(registration.tunnelURL, from: request.origin, &fields)
        do {
            return registered(try node.registerHTTP(registration))
        } catch {
            throw Refusal(error)
        }
    }

    private func checkAllowed() throws(Refusal) {
        guard node.configuration.allowHTTPWorkers else {
            throw Refusal(403, "HTTP workers are not allowed here: start the coordinator with --allow-http-workers")
        }
    }

    /// A tunnel URL must be one, and must not point at the coordinator's own machine or segment from elsewhere.
    private func check(_ tunnel: String, from origin: HostClass, _ fields: inout FieldReader) async throws(Refusal) {
        do throws(UpstreamURLError) {
            let url = try UpstreamURL(tunnel)
            if await !probe.hostClass(of: url).mayBeAdvertised(bySomeoneAt: origin) {
                fields.refuse(
                    "tunnel_url", "\(url.host) cannot be reached by others, or is the coordinator's own machine or network segment")
            }
        } catch {
            fields.refuse("tunnel_url", error.reason)
        }
        try fields.check()
    }

    private func registered(_ answer: HTTPRegistered) -> HTTPAnswer {
        var json = JSONWriter()
        json.object { json in
            json.field("status", "registered")
            json.field("worker_id", answer.workerID)
            json.field("worker_type", answer.workerType.rawValue)
            json.field("tier", answer.tier)
            json.field("assigned_services", answer.assigned)
            json.field("service_configs", array: answer.configurations) { json, entry in
                json.object { json in
                    json.field("name", entry.name)
                    json.field("port", entry.port)
                    json.field("priority", entry.priority)
                }
            }
            json.field("message", "Worker registered as \(answer.workerType.rawValue) with \(answer.assigned.count) services")
        }
        return .json(json.buffer)
    }

    private func heartbeat(_ request: EndpointRequest) async throws(Refusal) -> HTTPAnswer {
        var fields = FieldReader(try await request.json())
        let beat = HTTPHeartbeat(&fields)
        let status = fields.optionalMap("services_status")
        try fields.check()
        do {
            try node.heartbeatHTTP(beat)
        } catch {
            throw error.code == .notFound ? .workerNotFound : Refusal(error)
        }
        for service in status ?? [] { take(service.value, of: service.name, at: beat.workerID) }
        return Self.acknowledged
    }

    /// A service that its worker calls unhealthy is not handed out until the worker, or a health check, says otherwise. What
    /// other words mean is the worker's affair.
    private func take(_ status: JSONValue, of service: String, at worker: String) {
        switch status.text ?? status["status"]?.text {
        case "unhealthy": try? node.recordHealth(worker: worker, service: service, healthy: false)
        case "healthy": try? node.recordHealth(worker: worker, service: service, healthy: true)
        default: break
        }
    }

    private func unregister(_ request: EndpointRequest) throws(Refusal) -> HTTPAnswer {
        do {
            try node.unregisterHTTP(request.pathPart("worker_id"))
        } catch {
            throw error.code == .notFound ? .workerNotFound : Refusal(error)
        }
        return .json(ByteBuffer(string: #"{"status":"ok","message":"Worker unregistered"}"#))
    }

    private static let acknowledged = HTTPAnswer.json(ByteBuffer(string: #"{"status":"ok"}"#))

    private func healthyWorkers(_ request: EndpointRequest) -> HTTPAnswer {
        let workers = node.workers(includingUnhealthy: false)
        let asker = asker(request)
        var json = JSONWriter(capacity: 256 + workers.count * 1_024)
        json.object { json in
            json.field("workers", array: workers) { json, view in
                json.object { write(view, to: &$0, asker: asker) }
            }
            json.field("count", workers.count)
            json.field("timestamp", WallTime.now)
        }
        return .json(json.buffer)
    }
}

extension Refusal {
    /// What the registry says against a registration.
    init(_ error: CallError) {
        self.init(error.code.httpStatus, error.reason.isEmpty ? error.code.name : error.reason)
    }
}
