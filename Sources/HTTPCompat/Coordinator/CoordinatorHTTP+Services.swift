internal import Coordinator
internal import Transport
internal import Wire

/// Services: who offers them, and whether they really work.
extension CoordinatorHTTP {
    var serviceEndpoints: [HTTPEndpoint] {
        let service = Operation.Parameter(name: "service", schema: .text, summary: "Name of the service.")
        return [
            HTTPEndpoint(
                "GET", "/api/services/list", "List the services that have a healthy worker", answers: [.ok(.named("ServiceList"))]),
            HTTPEndpoint(
                "GET", "/api/services/discover/{service}", "List the healthy workers of a service, best first",
                parameters: [
                    service,
                    .init(name: "limit", schema: ["type": "integer", "minimum": 1], summary: "How many workers at most."),
                    .init(name: "region", schema: .text, summary: "Where the asker is: workers there come first."),
                ],
                answers: [
                    .ok(.named("Discovery")), .doesNotFit,
                    .init(status: 503, summary: "No healthy worker has it.", content: .init(schema: .named("NoHealthyWorkers"))),
                ]),
            HTTPEndpoint(
                "POST", "/api/services/health-check", "Probe one worker's service, and stop to hand it out when it fails",
                parameters: [
                    .init(name: "service", schema: .text, summary: "Name of the service, if not in the body."),
                    .init(name: "worker_id", schema: .text, summary: "Name of the worker, if not in the body."),
                ],
                body: .init(schema: .named("ProbeRequest"), isRequired: false),
                answers: [
                    .ok(.named("Probed")), .refusal(404, "No such worker, or it does not offer the service."), .doesNotFit,
                    .refusal(413, "The body is too large."),
                ],
                handler: { [self] in try await probeService($0) }),
        ]
    }

    private func probeService(_ request: EndpointRequest) async throws(Refusal) -> HTTPAnswer {
        let (service, name) = try await probeTarget(request)
        guard let worker = node.worker(name) else { throw .workerNotFound }
        guard worker.assignedServices.contains(service) else { throw Refusal(404, "Service not found on this worker: \(service)") }
        let health = await healthProbe.ask(worker, service: service)
        do {
            try node.recordHealth(worker: name, service: service, healthy: health.isHealthy)
        } catch {
            // It left while it was being asked.
            throw .workerNotFound
        }
        var json = JSONWriter()
        json.object { json in
            json.field("service", service)
            json.field("worker_id", name)
            json.field("healthy", health.isHealthy)
            json.field("latency_ms", health.latency.map { Double($0.wholeNanoseconds / 1_000) / 1_000 })
            json.field("checked_at", WallTime.now)
            json.field("detail", health.detail)
        }
        return .json(json.buffer)
    }

    /// Both names, each from the query or else from the body.
    private func probeTarget(_ request: EndpointRequest) async throws(Refusal) -> (service: String, worker: String) {
        if let service = request.query("service"), let worker = request.query("worker_id") { return (service, worker) }
        guard try await request.hasBody() else {
            let missing = ["service", "worker_id"].filter { request.query($0) == nil }
            throw Refusal(missing.map { .missing(["query", .string($0)], in: .null) })
        }
        var fields = FieldReader(try await request.json())
        let service = request.query("service") ?? fields.text("service")
        let worker = request.query("worker_id") ?? fields.text("worker_id")
        try fields.check()
        return (service, worker)
    }
}
