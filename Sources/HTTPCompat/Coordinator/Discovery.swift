internal import Coordinator
internal import NIOCore
internal import Synchronization
internal import Wire

/// Encodes the two answers that clients ask for all the time, and keeps them while they are true.
final class Discovery: Sendable {
    let node: CoordinatorNode
    let tunnels: TunnelBook
    let latencies: Latencies
    private let prepared = PreparedAnswers()
    /// The list up to its time, and the revision of the registry that it was made at.
    private let listed = Mutex<(revision: UInt64, json: JSONWriter)?>(nil)

    init(node: CoordinatorNode, tunnels: TunnelBook, latencies: Latencies) {
        self.node = node
        self.tunnels = tunnels
        self.latencies = latencies
    }

    /// `GET /api/services/list`: every service with a healthy worker. Only the time is written for each request.
    func list() -> HTTPAnswer {
        // Read before the services: an answer that is newer than its revision is made again, an older one is not kept.
        let revision = node.revision
        let kept = listed.withLock { $0?.revision == revision ? $0?.json : nil }
        let beginning = kept ?? encodeList()
        if kept == nil { listed.withLock { $0 = (revision, beginning) } }
        var json = beginning
        json.endObject { $0.field("timestamp", WallTime.now) }
        return .json(json.buffer)
    }

    private func encodeList() -> JSONWriter {
        let services = node.list()
        var json = JSONWriter(capacity: 256 + services.count * 128)
        json.beginObject { json in
            json.name("services")
            json.object { json in
                for service in services {
                    json.name(service.name)
                    service.write(to: &json)
                }
            }
            json.field("total_available", services.count)
        }
        return json
    }

    /// `GET /api/services/discover/{service}`: its healthy workers, best first.
    func workers(of service: String, limit: Int?, asker: Asker) -> HTTPAnswer {
        let key = PreparedAnswers.Key(service: service, limit: limit, asker: asker)
        let basis = PreparedAnswers.Basis(stamp: node.discoverStamp(service), tunnels: tunnels.generation)
        if let answer = prepared.answer(to: key, basis: basis) { return answer }
        // A limit is applied last: who is best depends on who asks.
        let found = node.discover(service, limit: nil)
        guard !found.workers.isEmpty else { return nobody(service, isKnown: found.known) }
        let answer = HTTPAnswer.json(encode(service, ranked(found.workers, for: asker), limit: limit, asker: asker))
        prepared.keep(answer, to: key, basis: basis)
        return answer
    }

    /// 503; `known` tells a service that is down from one that nobody ever offered.
    private func nobody(_ service: String, isKnown: Bool) -> HTTPAnswer {
        var json = JSONWriter()
        json.object { json in
            json.field("detail", "No healthy workers found for service: \(service)")
            json.field("known", isKnown)
        }
        return .json(json.buffer, status: 503)
    }

    /// By load as they come; before that, what is known of addresses and regions: who answers, and who is near and has room.
    private func ranked(_ workers: [WorkerRecord], for asker: Asker) -> [WorkerRecord] {
        func rank(_ worker: WorkerRecord) -> Int {
            let isDoubtful = worker.nodeID == nil && worker.tunnelURL.map { tunnels.verdict(worker: worker.name, url: $0) } == .unreachable
            let isNear = asker.region != nil && worker.region == asker.region && worker.load.fraction < 1
            return (isDoubtful ? 2 : 0) + (isNear ? 0 : 1)
        }
        let ranks = workers.map(rank)
        guard let first = ranks.first, ranks.contains(where: { $0 != first }) else { return workers }
        // Stable: within a rank the order by load stays.
        return zip(ranks, workers).enumerated()
            .sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }
            .map(\.element.1)
    }

    private func encode(_ service: String, _ workers: [WorkerRecord], limit: Int?, asker: Asker) -> ByteBuffer {
        let shown = limit.map { workers.prefix($0) } ?? workers[...]
        let now = WallTime.now
        var json = JSONWriter(capacity: 256 + shown.count * 512)
        json.object { json in
            json.field("service", service)
            json.field("workers", array: shown) { json, worker in
                json.object { write(worker, to: &$0, now: now, asker: asker) }
            }
            json.field("count", shown.count)
            json.field("recommended", shown.first?.name)
            if limit != nil { json.field("total", workers.count) }
        }
        return json.buffer
    }

    private func write(_ worker: WorkerRecord, to json: inout JSONWriter, now: WallTime, asker: Asker) {
        json.field("worker_id", worker.name)
        json.field("tunnel_url", tunnels.url(for: worker, asker: asker))
        json.field("vpn_ip", worker.nodeID == nil ? node.worker(worker.name)?.registration?.vpnIP : nil)
        json.field("capabilities", worker.capabilities)
        json.field("load", worker.load.fraction)
        json.field("last_heartbeat", now.before(milliseconds: worker.ageMilliseconds))
        json.field("location") { (json: inout JSONWriter) in
            worker.writeLocation(latency: latencies[worker.name], to: &json)
        }
    }
}

extension ServiceSummary {
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("name", name)
            json.field("healthy_workers", healthyWorkers)
            json.field("tier", tier)
            json.field("requires", requires)
        }
    }
}
