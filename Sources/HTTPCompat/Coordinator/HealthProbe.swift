internal import Coordinator
internal import NIOCore
internal import Transport
internal import Wire
internal import Worker

/// Asks a worker's service whether it works, on the way that calls to it take: over the worker's link, or over HTTP.
struct HealthProbe: Sendable {
    let node: CoordinatorNode
    let probe: HTTPProbe

    /// What came out. Without an answer there is no latency.
    struct Finding: Sendable {
        var isHealthy: Bool
        var latency: Duration?
        /// One sentence for people when it is not healthy.
        var detail: String?
    }

    /// Never throws: a failure is a finding. Returns within `Limits.healthTimeout`.
    func ask(_ worker: WorkerView, service: String) async -> Finding {
        worker.isHTTPOnly ? await askOverHTTP(worker, service: service) : await askOverLink(worker, service: service)
    }

    /// `GET /health` at the service itself: the worker hands it to its upstream.
    private func askOverLink(_ worker: WorkerView, service: String) async -> Finding {
        guard let caller = node.caller(to: worker.record.name) else {
            return Finding(isHealthy: false, detail: "the worker has no link")
        }
        var head = Head()
        head.service = service
        head.worker = worker.record.name
        head.verb = "GET"
        head.path = "/health"
        let start = ContinuousClock.now
        do {
            let answer = try await caller.unary(head, limit: Limits.probeBody, timeout: Limits.healthTimeout)
            return Self.judge(status: Int(answer.head.status), latency: .now - start)
        } catch  where error.code == .tooLarge {
            // A body that is larger than a probe reads is an answer all the same.
            return Finding(isHealthy: true, latency: .now - start)
        } catch {
            return Finding(isHealthy: false, detail: "\(error)")
        }
    }

    /// The worker's own health first, then the service's. Workers of the replaced system only know the first; what they answer
    /// to the second (404, 405) shows no more than that they are there.
    private func askOverHTTP(_ worker: WorkerView, service: String) async -> Finding {
        guard let url = worker.record.tunnelURL.flatMap({ try? UpstreamURL($0) }) else {
            return Finding(isHealthy: false, detail: "the worker has no usable tunnel_url")
        }
        var finding = Finding(isHealthy: false)
        for path in ["/health", "/service/\(service)/health"] {
            do {
                let answer = try await probe.get(url, path: path, from: .loopback, timeout: Limits.healthTimeout / 2)
                finding = Self.judge(status: answer.status, latency: answer.latency)
            } catch {
                finding = Finding(isHealthy: false, detail: error.reason)
            }
            guard finding.isHealthy else { return finding }
        }
        return finding
    }

    /// Anything that answers works, unless it says itself that it does not. 501 comes from servers that know no GET.
    private static func judge(status: Int, latency: Duration) -> Finding {
        switch status {
        case 300..<400: Finding(isHealthy: false, latency: latency, detail: "it answers with a redirect (status \(status))")
        case 500, 502...599: Finding(isHealthy: false, latency: latency, detail: "it answers with status \(status)")
        default: Finding(isHealthy: true, latency: latency)
        }
    }
}
