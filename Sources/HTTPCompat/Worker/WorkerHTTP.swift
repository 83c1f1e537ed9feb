public import Hummingbird
import NIOCore
import Transport
import Wire
public import Worker

/// A worker's HTTP endpoints. Requests to `/service/{service}[/{path}]` are routed by the node, on the connection's loop;
/// everything else goes to `responder`.
public final class WorkerHTTP: HotRoutes {
    private let node: WorkerNode
    private let version: String
    /// What `/metrics` writes: the node's families, and those of the front that serves these routes.
    package let metrics = MetricSources()

    /// - Parameter version: of the program, for `/openapi.json`.
    public init(node: WorkerNode, version: String = "draft") {
        self.node = node
        self.version = version
        metrics.add { [node] in Self.write(node, to: &$0) }
    }

    /// Serves what `route` leaves.
    public var responder: some HTTPResponder<FrontContext> { table.router().buildResponder() }

    public func route(_ request: FrontRequest) -> HotRoute? {
        guard let path = ServicePath(request.path) else { return nil }
        do {
            return .forward(Forward(try ForwardedHead.make(request, service: path.service, path: path.rest), to: node))
        } catch {
            return .answer(error.answer)
        }
    }

    // MARK: Endpoints

    private var table: EndpointTable {
        EndpointTable(
            endpoints: WorkerDocument.operations.compactMap { operation in
                guard !operation.path.hasPrefix("/service/"), !operation.path.hasPrefix("/api/dht/") else { return nil }
                switch operation.path {
                case WorkerDocument.explain.path: return HTTPEndpoint(operation) { [self] in await explain($0) }
                case WorkerDocument.ping.path: return HTTPEndpoint(operation) { [self] in await ping($0) }
                default: return HTTPEndpoint(operation) { [self] _ in answer(operation.path) }
                }
            } + dhtPages.endpoints)
    }

    private var dhtPages: DHTPages {
        DHTPages(
            name: node.name, service: { [node] in node.dht },
            contact: { [node] (who) async throws(CallError) in try await node.dhtContact(who) }, unasked: nil)
    }

    private func answer(_ path: String) -> HTTPAnswer {
        switch path {
        case "/stats": stats()
        case "/health": health()
        case "/healthz": .text("ok\n")
        case "/readyz": isReady ? .text("ready\n") : .text("not ready: no coordinator has registered this worker\n", status: 503)
        case "/metrics": HTTPAnswer(contentType: PrometheusText.contentType, body: metrics.render())
        case "/openapi.json": .json(WorkerDocument.encoded(version: version))
        default: Refusal.notFound.answer
        }
    }

    /// A worker that stands alone has nobody to register it.
    private var isReady: Bool { node.isRegistered || !node.isMember }

    private func explain(_ request: EndpointRequest) async -> HTTPAnswer {
        let explanation = await node.explain(request.pathPart("service"))
        var json = JSONWriter(capacity: 1_024)
        json.object { json in
            json.field("service", explanation.service)
            json.field("worker_id", node.name)
            json.field("timestamp", WallTime.now)
            json.field("tiers", array: explanation.steps) { $1.write(to: &$0) }
            json.field("candidates", array: explanation.candidates) { $1.write(to: &$0) }
        }
        return .json(json.buffer)
    }

    private func ping(_ request: EndpointRequest) async -> HTTPAnswer {
        let name = request.pathPart("worker_id")
        do {
            let trip = try await node.ping(name)
            var json = JSONWriter()
            json.object { json in
                json.field("worker_id", name)
                json.field("latency_ms", trip.time.milliseconds)
                json.field("route", trip.relay == nil ? Route.direct.rawValue : Route.relay.rawValue)
                json.field("relay", trip.relay)
            }
            return .json(json.buffer)
        } catch {
            return Refusal(Int(error.code.httpStatus), "\(error)").answer
        }
    }

    private func stats() -> HTTPAnswer {
        let statistics = node.statistics()
        var json = JSONWriter(capacity: 1_024)
        json.object { json in
            Self.write(statistics, to: &json)
            json.field("worker_id", node.name)
            json.name("vpn_ip")
            json.null()
            json.field("services", node.services.map(\.name))
            json.field("capabilities", node.capabilities)
            json.field("routing") { (json: inout JSONWriter) in Self.write(statistics, to: &json) }
        }
        return .json(json.buffer)
    }

    private static func write(_ statistics: RoutingStatistics, to json: inout JSONWriter) {
        json.field("local_requests", statistics.localRequests)
        json.field("forwarded_requests", statistics.forwardedRequests)
        json.field("cache_hits", statistics.cacheHits)
        json.field("cache_misses", statistics.cacheMisses)
        json.field("dht_lookups", statistics.dhtLookups)
        json.field("wire_lookups", statistics.wireLookups)
        json.field("http_lookups", statistics.httpLookups)
        json.field("failed_requests", statistics.failedRequests)
        json.field("cache_size", statistics.cacheSize)
        json.field("cache_hit_rate", statistics.cacheHitRate)
    }

    private func health() -> HTTPAnswer {
        let (seconds, attoseconds) = node.uptime.components
        var json = JSONWriter()
        json.object { json in
            json.field("status", "healthy")
            json.field("worker_id", node.name)
            json.name("vpn_ip")
            json.null()
            json.field("services", node.services.map(\.name))
            json.field("dht_enabled", node.isInDHT)
            json.field("uptime", Double(seconds) + Double(attoseconds / 1_000_000_000_000) / 1e6)
        }
        return .json(json.buffer)
    }

    // MARK: Metrics

    private static func write(_ node: WorkerNode, to text: inout PrometheusText) {
        let statistics = node.statistics()
        let requests = "wiremesh_worker_requests_total"
        text.family(requests, .counter, help: "Requests to services, by where they were served.")
        text.sample(requests, statistics.localRequests, ["served": "local"])
        text.sample(requests, statistics.forwardedRequests, ["served": "forwarded"])
        text.sample(requests, statistics.failedRequests, ["served": "failed"])
        let lookups = "wiremesh_worker_lookups_total"
        text.family(lookups, .counter, help: "Requests for services of others, by the tier that knew their workers.")
        text.sample(lookups, statistics.cacheHits, ["tier": "cache"])
        text.sample(lookups, statistics.dhtLookups, ["tier": "dht"])
        text.sample(lookups, statistics.wireLookups, ["tier": "wire"])
        text.sample(lookups, statistics.httpLookups, ["tier": "http"])
        text.single("wiremesh_worker_cached_services", .gauge, help: "Services whose workers are known.", statistics.cacheSize)
        text.single("wiremesh_worker_registered", .gauge, help: "Whether a coordinator has this worker.", node.isRegistered ? 1 : 0)
        node.linkStatistics?.write(to: &text)
        DHTStatistics.write(node.dht?.recentStatistics, to: &text)
        let loads = node.services.map { (name: $0.name, isHealthy: $0.healthy, load: node.load(of: $0.name) ?? LoadReport()) }
        text.family("wiremesh_service_healthy", .gauge, help: "Whether the upstream of a service answers its probes.")
        for service in loads { text.sample("wiremesh_service_healthy", service.isHealthy ? 1 : 0, ["service": service.name]) }
        text.family("wiremesh_service_in_flight", .gauge, help: "Requests in progress at a service.")
        for service in loads { text.sample("wiremesh_service_in_flight", service.load.inFlight, ["service": service.name]) }
        text.family("wiremesh_service_queued", .gauge, help: "Requests that wait for a place at a service.")
        for service in loads { text.sample("wiremesh_service_queued", service.load.queued, ["service": service.name]) }
    }
}

extension RouteExplanation.Step {
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("tier", tier.rawValue)
            json.field("workers", workers)
            json.field("age_ms", age.milliseconds)
            json.field("took_ms", took.milliseconds)
            json.field("detail", detail)
        }
    }
}

extension RouteExplanation.Candidate {
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("worker_id", worker)
            json.field("route", route?.rawValue)
            json.field("load", load)
            json.field("cost_ms", cost?.milliseconds)
            json.field("eligible", isEligible)
            json.field("reason", reason)
        }
    }
}

extension WorkerHTTP: ScrapedRoutes {}
