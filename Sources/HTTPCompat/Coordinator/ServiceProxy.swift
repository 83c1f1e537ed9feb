internal import Coordinator
internal import NIOCore
internal import Synchronization
internal import Transport
internal import Wire
internal import Worker

/// Sends requests to services on behalf of HTTP clients that know the coordinator only: `/service/{service}` to any healthy
/// worker, `/worker/{worker}/service/{service}` to that one.
struct ServiceProxy: Sendable {
    let node: CoordinatorNode
    /// Reaches members without a link.
    let forwarder: any HTTPForwarder
    let counts: ProxyCounts

    /// Names by which clients of the replaced system call services.
    static let shortNames = [
        "rag": "rag-embeddings", "upload": "document-processing", "notes": "notes-coa", "ner": "ner-extraction",
        "ocr": "vision-ocr", "llm": "llm-inference",
    ]

    /// What to do with a request; `nil` if its path is not one of the proxy's.
    func route(_ request: FrontRequest) -> HotRoute? {
        if let path = ServicePath(request.path) {
            let service = Self.shortNames[path.service] ?? path.service
            guard let worker = pick(service) else { return .answer(Self.nobody(service)) }
            return forward(request, to: worker, service: service, path: path.rest)
        }
        if let (name, _) = ServicePath.segment(request.path, after: "/service/") { return .answer(Self.noName(name)) }
        guard let (name, rest) = ServicePath.segment(request.path, after: "/worker/"),
            let (service, _) = ServicePath.segment(rest, after: "/service/")
        else { return nil }
        guard let path = ServicePath(rest) else { return .answer(Self.noName(service)) }
        guard let worker = node.worker(String(name)) else {
            return .answer(Self.refusal("Worker not found", "There is no worker \(name)", service: path.service, status: 404))
        }
        guard worker.isHealthy else { return .answer(Self.nobody(path.service)) }
        return forward(request, to: worker.record, service: path.service, path: path.rest)
    }

    /// Two at random, the less loaded one: many requests between two load reports do not all go to the same worker.
    private func pick(_ service: String) -> WorkerRecord? {
        let workers = node.discover(service, limit: nil).workers
        guard let one = workers.randomElement(), let other = workers.randomElement() else { return nil }
        return counts.load(of: one) <= counts.load(of: other) ? one : other
    }

    private func forward(_ request: FrontRequest, to worker: WorkerRecord, service: String, path: Substring) -> HotRoute {
        do throws(ForwardedHead.Refusal) {
            var head = try ForwardedHead.make(request, service: service, path: path)
            head.worker = worker.name
            // The worker that was chosen serves it: it must not send it on.
            head.hops = 0
            guard let caller = caller(to: worker) else { return .answer(Self.nobody(service)) }
            let compresses = !worker.services.contains { !$0.compress && $0.name == service }
            let counted = CountedCaller(base: caller, worker: worker.name, counts: counts, compresses: compresses)
            return .forward(Forward(head, to: counted) { Self.failure($0, service: service) })
        } catch {
            return .answer(error.answer)
        }
    }

    private func caller(to worker: WorkerRecord) -> (any Caller)? {
        if worker.nodeID == nil, let url = worker.tunnelURL { return forwarder.caller(to: url) }
        return node.caller(to: worker.name)
    }

    /// What cannot be a name is not looked for.
    private static func noName(_ text: Substring) -> HTTPAnswer {
        let service = TargetText.decode(segment: text) ?? String(text)
        return refusal("Service not found", "This cannot be the name of a service", service: service, status: 404)
    }

    private static func nobody(_ service: String) -> HTTPAnswer {
        refusal("Service not available", "No healthy workers found for service: \(service)", service: service, status: 503)
    }

    /// The answer for a call that failed before its head.
    private static func failure(_ error: CallError, service: String) -> HTTPAnswer {
        let isRefused = [503, 404, 403].contains(error.code.httpStatus)
        var answer = refusal(
            isRefused ? "Service not available" : "Service proxy error", "\(error)", service: service,
            status: isRefused ? 503 : [431, 499, 504].contains(error.code.httpStatus) ? error.code.httpStatus : 502)
        if let seconds = HTTPAnswer.retryAfterSeconds(error) { answer.fields.append(("retry-after", String(seconds))) }
        return answer
    }

    /// `detail` says the same as `message`, for clients that look there.
    private static func refusal(_ error: String, _ message: String, service: String, status: Int) -> HTTPAnswer {
        var json = JSONWriter()
        json.object { json in
            json.field("error", error)
            json.field("service", service)
            json.field("message", message)
            json.field("detail", message)
        }
        return .json(json.buffer, status: status)
    }
}
