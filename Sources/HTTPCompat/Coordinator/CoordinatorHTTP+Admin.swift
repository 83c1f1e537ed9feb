internal import Coordinator
internal import Wire

/// Overviews for operators.
extension CoordinatorHTTP {
    var adminEndpoints: [HTTPEndpoint] {
        [
            HTTPEndpoint(
                "GET", "/api/admin/workers", "List every worker in full, healthy or not", answers: [.ok(.named("AdminWorkers"))],
                handler: { [self] in allWorkers($0) }),
            HTTPEndpoint(
                "GET", "/api/admin/services", "List every service that somebody offers, and who", answers: [.ok(.named("AdminServices"))],
                handler: { [self] _ in allServices() }),
            HTTPEndpoint(
                "GET", "/api/admin/gaps", "Say how well the catalogue is covered", answers: [.ok(.named("Gaps"))],
                handler: { [self] _ in gaps() }),
            HTTPEndpoint(
                "POST", "/api/admin/workers/{worker_id}/ping", "Measure the round trip to a worker over its link",
                parameters: [.init(name: "worker_id", schema: .text, summary: "Name of the worker.")],
                answers: [
                    .ok(.named("Pinged")), .refusal(404, "No such worker, or it speaks HTTP only."), .refusal(504, "No answer in time."),
                ],
                handler: { [self] in try await ping($0) }),
        ]
    }

    private func allWorkers(_ request: EndpointRequest) -> HTTPAnswer {
        let workers = node.workers(includingUnhealthy: true)
        let asker = asker(request)
        let now = WallTime.now
        var json = JSONWriter(capacity: 256 + workers.count * 1_024)
        json.object { json in
            json.field("workers", array: workers) { json, view in
                json.object { json in
                    write(view, to: &json, asker: asker)
                    json.field("age_seconds", max(0, now.seconds(since: WallTime(microseconds: view.lastHeartbeat))))
                    json.field("is_healthy", view.isHealthy)
                }
            }
            json.field("total", workers.count)
            json.field("healthy", workers.count { $0.isHealthy })
        }
        return .json(json.buffer)
    }

    private func ping(_ request: EndpointRequest) async throws(Refusal) -> HTTPAnswer {
        let name = request.pathPart("worker_id")
        guard let worker = node.worker(name) else { throw .workerNotFound }
        guard !worker.isHTTPOnly else { throw Refusal(404, "\(name) speaks HTTP only: there is no link to measure") }
        guard let latency = await Latencies.ping(name, through: node) else {
            throw Refusal(504, "\(name) does not answer over its link")
        }
        var json = JSONWriter()
        json.object { json in
            json.field("worker_id", name)
            json.field("latency_ms", Double(latency.wholeNanoseconds) / 1e6)
        }
        return .json(json.buffer)
    }

    private func allServices() -> HTTPAnswer {
        let services = node.serviceMembers()
        var json = JSONWriter(capacity: 1_024)
        json.object { json in
            json.field("services", array: services) { json, service in
                json.object { json in
                    json.field("name", service.name)
                    json.field("workers", service.workers)
                    json.field("worker_count", service.workers.count)
                }
            }
            json.field("total_services", services.count)
        }
        return .json(json.buffer)
    }

    private func gaps() -> HTTPAnswer {
        let gaps = node.gaps()
        let critical = gaps.count { $0.status == .critical }
        let warnings = gaps.count { $0.status == .warning }
        var json = JSONWriter(capacity: 4_096)
        json.object { json in
            json.field("gaps", array: gaps) { json, gap in
                json.object { json in
                    json.field("service", gap.service)
                    json.field("required_type", gap.requires.rawValue)
                    json.field("priority", gap.priority)
                    json.field("current_workers", gap.workers)
                    json.field("status", gap.status.rawValue)
                    json.field("port", gap.port)
                }
            }
            json.field("critical_gaps", critical)
            json.field("warnings", warnings)
            json.field("summary") { (json: inout JSONWriter) in
                json.field("total_services", gaps.count)
                json.field("covered", gaps.count - critical)
                json.field("needs_attention", critical + warnings)
            }
        }
        return .json(json.buffer)
    }
}
