internal import Coordinator
internal import NIOCore
internal import Synchronization
internal import Wire

/// Which tunnel URLs answer. A worker's word for its own address is believed after HTTP has answered there.
///
/// What is told about an address is whether it was reached, nothing else: the coordinator is no port scanner.
final class TunnelBook: Sendable {
    /// What is known of one URL.
    enum Verdict: Hashable, Sendable {
        /// HTTP answered, as a worker of that name if it said one.
        case reachable
        case unreachable
    }

    private struct Entry {
        var url: String
        var verdict: Verdict?
        var probedAt: NIODeadline?
        var isUnderWay = false
    }

    private struct State {
        var entries: [String: Entry] = [:]
        /// Increases whenever a verdict changes.
        var generation: UInt64 = 0
    }

    private let state = Mutex(State())
    private let probe: HTTPProbe
    private let latencies: Latencies

    /// - Parameter latencies: hears how long members without a link take to answer.
    init(probe: HTTPProbe, latencies: Latencies) {
        self.probe = probe
        self.latencies = latencies
    }

    /// Increases whenever a verdict changes.
    var generation: UInt64 { state.withLock { $0.generation } }

    /// What is known of the URL that `worker` names now; `nil` before the first probe has ended.
    func verdict(worker: String, url: String) -> Verdict? {
        state.withLock { state in
            guard let entry = state.entries[worker], entry.url == url else { return nil }
            return entry.verdict
        }
    }

    /// The URL under which an asker can reach a worker: its own where that is known to answer and means the same thing to the
    /// asker, else the coordinator's with a path that pins the worker. A URL with a name is its operator's word (a worker by itself
    /// knows addresses only) and stands, because who asks may know names that the coordinator does not.
    func url(for record: WorkerRecord, asker: Asker) -> String {
        let pinned = "\(asker.coordinatorURL)/worker/\(record.name)"
        guard let named = record.tunnelURL else { return pinned }
        // A member without a link has nothing but its URL, and says itself whether it is healthy.
        guard record.nodeID != nil else { return named }
        guard let url = try? UpstreamURL(named) else { return pinned }
        if url.hostClass == .name { return named }
        guard verdict(worker: record.name, url: named) == .reachable else { return pinned }
        return url.hostClass == .loopback && !asker.isLocal ? pinned : named
    }

    /// Probes what is due, at most `Limits.tunnelProbes` at once, and forgets workers that are gone.
    /// Call it about every second with all workers.
    func look(at workers: [WorkerView]) async {
        let due = takeDue(workers)
        await withDiscardingTaskGroup { group in
            for target in due {
                group.addTask {
                    let verdict = await self.ask(target)
                    self.record(verdict, of: target)
                }
            }
        }
    }

    private struct Target: Sendable {
        var worker: String
        var url: String
        var origin: HostClass
        var isHTTPOnly: Bool
    }

    private func takeDue(_ workers: [WorkerView]) -> [Target] {
        let now = NIODeadline.now()
        return state.withLock { state in
            var kept: [String: Entry] = [:]
            var due: [Target] = []
            for worker in workers {
                guard let url = worker.record.tunnelURL else { continue }
                var entry = state.entries[worker.record.name] ?? Entry(url: url)
                if entry.url != url { entry = Entry(url: url) }
                if due.count < Limits.tunnelProbes, isDue(entry, now) {
                    entry.isUnderWay = true
                    entry.probedAt = now
                    due.append(Target(worker: worker.record.name, url: url, origin: origin(of: worker), isHTTPOnly: worker.isHTTPOnly))
                }
                kept[worker.record.name] = entry
            }
            state.entries = kept
            return due
        }
    }

    private func isDue(_ entry: Entry, _ now: NIODeadline) -> Bool {
        guard !entry.isUnderWay else { return false }
        guard let probedAt = entry.probedAt else { return true }
        return now - probedAt >= TimeAmount(entry.verdict == .reachable ? Limits.tunnelRecheck : Limits.tunnelRetry)
    }

    /// Where the worker's registration came from. A member without a link was checked when it registered.
    private func origin(of worker: WorkerView) -> HostClass {
        if worker.isHTTPOnly { return .loopback }
        return worker.observed.map { HostClass($0.host) } ?? .routable
    }

    private func ask(_ target: Target) async -> Verdict {
        guard let url = try? UpstreamURL(target.url),
            let answer = try? await probe.get(url, path: "/health", from: target.origin, timeout: Limits.tunnelTimeout),
            !(300..<400).contains(answer.status)
        else { return .unreachable }
        // Somebody else may have the port by now, and says so.
        let name = (try? JSONValue(parsing: answer.body.readableBytesView))?["worker_id"]?.text
        guard name == nil || name == target.worker else { return .unreachable }
        if target.isHTTPOnly { latencies.note(answer.latency, of: target.worker) }
        return .reachable
    }

    private func record(_ verdict: Verdict, of target: Target) {
        state.withLock { state in
            guard var entry = state.entries[target.worker], entry.url == target.url else { return }
            entry.isUnderWay = false
            if entry.verdict != verdict { state.generation += 1 }
            entry.verdict = verdict
            state.entries[target.worker] = entry
        }
    }
}
