internal import Coordinator
internal import NIOCore
internal import Transport
internal import Wire

/// What the process says about itself.
extension CoordinatorHTTP {
    var processEndpoints: [HTTPEndpoint] {
        [
            HTTPEndpoint(
                "GET", "/health", "Say that the coordinator runs, and count its workers", answers: [.ok(.named("Health"))],
                handler: { [self] _ in health() }),
            HTTPEndpoint(ProcessOperations.live) { _ in .text("ok\n") },
            HTTPEndpoint(ProcessOperations.ready) { [self] _ in
                isReady ? .text("ready\n") : .text("not ready: it does not take links yet\n", status: 503)
            },
            HTTPEndpoint(ProcessOperations.metrics) { [self] _ in
                HTTPAnswer(contentType: PrometheusText.contentType, body: metrics.render())
            },
            HTTPEndpoint(ProcessOperations.document) { [self] _ in .json(document) },
        ]
    }

    private func health() -> HTTPAnswer {
        let (total, active) = node.workerCounts()
        var json = JSONWriter()
        json.object { json in
            json.field("status", "healthy")
            json.field("coordinator", configuration.name)
            json.field("timestamp", WallTime.now)
            json.field("workers") { (json: inout JSONWriter) in
                json.field("total", total)
                json.field("active", active)
                json.field("stale", total - active)
            }
        }
        return .json(json.buffer)
    }

    /// The coordinator's families for `/metrics`.
    func writeMetrics(to text: inout PrometheusText) {
        let (total, active) = node.workerCounts()
        text.single("coordinator_workers_total", .gauge, help: "Workers in the registry.", total)
        text.single("coordinator_workers_active", .gauge, help: "Workers that calls are sent to.", active)
        let services = node.list()
        text.single("coordinator_services_total", .gauge, help: "Services with a healthy worker.", services.count)
        text.family("coordinator_service_workers", .gauge, help: "Healthy workers, by service.")
        for service in services { text.sample("coordinator_service_workers", service.healthyWorkers, ["service": service.name]) }
        text.single("coordinator_registry_revision", .gauge, help: "Increases with each change of the registry.", node.revision)
        node.linkStatistics.write(to: &text)
        node.relayStatistics?.write(to: &text)
        DHTStatistics.write(node.dht?.recentStatistics, to: &text)
        text.single(
            "coordinator_proxied_requests_total", .counter, help: "Requests to services that went through the coordinator.",
            proxied.total)
    }
}

extension HTTPAnswer {
    /// A line for people.
    static func text(_ text: String, status: Int = 200) -> HTTPAnswer {
        HTTPAnswer(status: status, contentType: "text/plain; charset=utf-8", body: ByteBuffer(string: text))
    }

    /// A small JSON value.
    static func json(_ value: JSONValue, status: Int = 200) -> HTTPAnswer {
        var json = JSONWriter()
        value.write(to: &json)
        return .json(json.buffer, status: status)
    }
}
