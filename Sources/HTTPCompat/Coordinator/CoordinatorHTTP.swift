public import Coordinator
public import Hummingbird
public import NIOCore
internal import NIOHTTP1
internal import Synchronization
internal import Transport
internal import Wire
public import Worker

/// A coordinator's HTTP endpoints. The front asks `route` first, on the connection's loop: discovery is encoded already, and
/// requests to services are forwarded. Everything else goes to `responder`.
public final class CoordinatorHTTP: HotRoutes {
    /// What the endpoints say about the process.
    public struct Configuration: Sendable {
        /// The coordinator's name in `GET /health`.
        public var name: String
        /// Version of the program.
        public var version: String

        public init(name: String, version: String) {
            self.name = name
            self.version = version
        }
    }

    /// What `/metrics` writes: the coordinator's families, and those of the front that serves these routes.
    package let metrics = MetricSources()
    let node: CoordinatorNode
    let configuration: Configuration
    let probe: HTTPProbe
    let healthProbe: HealthProbe
    let proxied = ProxyCounts()
    private let tunnels: TunnelBook
    private let latencies = Latencies()
    private let discovery: Discovery
    private let proxy: ServiceProxy
    /// Regions by address of the members that are there.
    private let regions = Mutex<[String: String]>([:])
    private let ready = Mutex(false)
    /// "host:port" of the front once it is bound, for clients whose Host field is of no use.
    private let address = Mutex("localhost")

    /// - Parameter forwarder: reaches members that speak HTTP only.
    public init(node: CoordinatorNode, configuration: Configuration, forwarder: any HTTPForwarder, group: any EventLoopGroup) {
        self.node = node
        self.configuration = configuration
        probe = HTTPProbe(group: group)
        healthProbe = HealthProbe(node: node, probe: probe)
        tunnels = TunnelBook(probe: probe, latencies: latencies)
        discovery = Discovery(node: node, tunnels: tunnels, latencies: latencies)
        proxy = ServiceProxy(node: node, forwarder: forwarder, counts: proxied)
        metrics.add { [weak self] in self?.writeMetrics(to: &$0) }
    }

    /// Serves what `route` leaves.
    public var responder: some HTTPResponder<FrontContext> { table.router().buildResponder() }

    /// Says from now on at `/readyz` that the node takes links, or that it no longer does.
    public func setReady(_ isReady: Bool) { ready.withLock { $0 = isReady } }

    /// Says where the front listens, "host:port": known once it is bound, and asked for by clients that name no host.
    public func setAddress(_ authority: String) { address.withLock { $0 = authority } }

    /// Keeps an eye on the addresses of members until the task is cancelled: which tunnel URLs answer, how far workers are.
    public func run() async {
        await withDiscardingTaskGroup { group in
            var seen: UInt64?
            var turn = 0
            while !Task.isCancelled {
                // A change is looked at soon, because a registration waits for it to be believed; the rest once a second.
                if node.revision != seen || turn.isMultiple(of: 20) {
                    seen = node.revision
                    let workers = node.workers(includingUnhealthy: true)
                    learnRegions(workers)
                    proxied.keep(Set(workers.map(\.record.name)))
                    group.addTask { await self.tunnels.look(at: workers) }
                    group.addTask { await self.latencies.measure(workers, through: self.node) }
                }
                turn += 1
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    public func route(_ request: FrontRequest) -> HotRoute? {
        if let hot = proxy.route(request) { return hot }
        guard request.method == .GET || request.method == .HEAD else { return nil }
        let path = request.path.utf8.last == UInt8(ascii: "/") ? request.path.dropLast() : request.path
        if path == "/api/services/list" { return .answer(discovery.list()) }
        guard let (segment, rest) = ServicePath.segment(path, after: "/api/services/discover/"), rest.isEmpty,
            let service = TargetText.decode(segment: segment)
        else { return nil }
        return .answer(discover(service, request))
    }

    private func discover(_ service: String, _ request: FrontRequest) -> HTTPAnswer {
        var limit: Int?
        if let text = TargetText.parameter("limit", in: request.query) {
            guard let number = Int(text), number >= 1 else { return Refusal([Self.badLimit(text)]).answer }
            limit = number
        }
        let asker = Asker(
            host: request.headers.first(name: "host"), isSecure: request.isSecure, remote: request.remote, query: request.query,
            fallback: authority, regionOf: region)
        return discovery.workers(of: service, limit: limit, asker: asker)
    }

    static func badLimit(_ text: String) -> FieldProblem {
        guard Int(text) != nil else {
            return FieldProblem(
                type: "int_parsing", location: ["query", "limit"],
                message: "Input should be a valid integer, unable to parse string as an integer", input: .string(text))
        }
        return FieldProblem(
            type: "greater_than_equal", location: ["query", "limit"], message: "Input should be greater than or equal to 1",
            input: .string(text), context: ["ge": 1])
    }
}

extension CoordinatorHTTP {
    var isReady: Bool { ready.withLock { $0 } }
    private var authority: String { address.withLock { $0 } }

    /// Everything that is served here, hot or not.
    var table: EndpointTable {
        EndpointTable(endpoints: serviceEndpoints + memberEndpoints + adminEndpoints + dhtEndpoints + processEndpoints + proxyEndpoints)
    }

    /// The encoded document behind `/openapi.json`.
    var document: ByteBuffer {
        OpenAPIDocument(
            title: "Wiremesh coordinator", summary: "Finds services of the mesh, over HTTP.", version: configuration.version,
            operations: table.endpoints.map(\.operation), schemas: CoordinatorSchemas.all
        ).encoded
    }

    /// Who asks, for endpoints that are not hot.
    func asker(_ request: EndpointRequest) -> Asker {
        Asker(
            host: request.request.head.authority, isSecure: request.context.isSecure, remote: request.context.remote,
            query: request.request.uri.query?[...], fallback: authority, regionOf: region)
    }

    /// The members of a worker's full record.
    func write(_ view: WorkerView, to json: inout JSONWriter, asker: Asker) {
        WorkerJSON(
            view: view, tunnelURL: tunnels.url(for: view.record, asker: asker),
            tasksCompleted: proxied.completed(by: view.record.name), latency: latencies[view.record.name]
        ).writeMembers(to: &json)
    }

    private func region(of address: String) -> String? { regions.withLock { $0[address] } }

    private func learnRegions(_ workers: [WorkerView]) {
        var found: [String: String] = [:]
        for worker in workers {
            if let region = worker.record.region, let address = worker.observed?.host { found[address] = region }
        }
        regions.withLock { $0 = found }
    }

    private var proxyEndpoints: [HTTPEndpoint] {
        let service = Operation.Parameter(name: "service", schema: .text, summary: "Name of the service, or its short name.")
        let worker = Operation.Parameter(name: "worker_id", schema: .text, summary: "Name of the worker that shall serve it.")
        let path = Operation.Parameter(name: "path", schema: .text, summary: "Rest of the path, handed to the service.")
        let shapes: [(String, [Operation.Parameter])] = [
            ("/service/{service}", [service]), ("/service/{service}/{path}", [service, path]),
            ("/worker/{worker_id}/service/{service}", [worker, service]),
            ("/worker/{worker_id}/service/{service}/{path}", [worker, service, path]),
        ]
        return shapes.flatMap { template, parameters in
            ["POST", "GET", "PUT", "PATCH", "DELETE"].map { proxyEndpoint($0, template, parameters) }
        }
    }

    private func proxyEndpoint(_ method: String, _ template: String, _ parameters: [Operation.Parameter]) -> HTTPEndpoint {
        let refusals: [Operation.Answer] = [
            (404, "There is no such worker, or the service has no name that can be one."),
            (431, "The header block does not fit a HEAD frame."),
            (502, "The request could not be forwarded."), (503, "No healthy worker has the service."), (504, "No answer in time."),
        ].map { .init(status: $0.0, summary: $0.1, content: .init(schema: .named("ProxyRefusal"))) }
        let passed = Operation.Answer(
            status: 200, summary: "What the service answers, whatever its status.", content: .init(type: "*/*", schema: .anything))
        return HTTPEndpoint(
            method, template, "Send a request to a service", parameters: parameters,
            body: ["POST", "PUT", "PATCH"].contains(method) ? .init(type: "*/*", schema: .anything, isRequired: false) : nil,
            answers: [passed] + refusals)
    }
}

extension CoordinatorHTTP: ScrapedRoutes {}
