internal import Coordinator
internal import NIOCore
internal import Synchronization
internal import Transport
internal import Wire

/// How far workers are from the coordinator, measured now and then: the round trip of a ping over the link, or for a worker that
/// speaks HTTP only the time that a probe of its URL takes, connection included.
final class Latencies: Sendable {
    private struct Entry {
        var latency: Duration?
        /// When it was pinged last; `nil` for a worker without a link.
        var askedAt: NIODeadline?
    }

    private let entries = Mutex<[String: Entry]>([:])

    /// The smoothed time; `nil` before the first one was measured.
    subscript(worker: String) -> Duration? { entries.withLock { $0[worker]?.latency } }

    /// Pings those that are due, at most `Limits.tunnelProbes` at once, and forgets who is gone. Call it about every second.
    func measure(_ workers: [WorkerView], through node: CoordinatorNode) async {
        let due = takeDue(workers)
        await withDiscardingTaskGroup { group in
            for name in due {
                group.addTask {
                    guard let latency = await Self.ping(name, through: node) else { return }
                    self.note(latency, of: name)
                }
            }
        }
    }

    /// Takes a time that was measured. That of a worker that is gone is forgotten with the next `measure`.
    func note(_ latency: Duration, of worker: String) {
        entries.withLock { entries in
            let known = entries[worker]?.latency
            entries[worker, default: Entry()].latency = known.map { $0 + (latency - $0) / Self.weight } ?? latency
        }
    }

    private func takeDue(_ workers: [WorkerView]) -> [String] {
        let now = NIODeadline.now()
        return entries.withLock { entries in
            var kept: [String: Entry] = [:]
            var due: [String] = []
            for worker in workers {
                let name = worker.record.name
                var entry = entries[name] ?? Entry()
                let isDue = entry.askedAt.map { now - $0 >= TimeAmount(Limits.latencyInterval) } ?? true
                if !worker.isHTTPOnly, worker.observed != nil, isDue, due.count < Limits.tunnelProbes {
                    entry.askedAt = now
                    due.append(name)
                }
                kept[name] = entry
            }
            entries = kept
            return due
        }
    }

    /// One part in so many of a new time counts: about four of them make the mean.
    private static let weight = 4

    /// One round trip to a worker; `nil` without a link, or without an answer in time.
    static func ping(_ name: String, through node: CoordinatorNode) async -> Duration? {
        guard let caller = node.caller(to: name) else { return nil }
        var head = Head()
        head.method = "mesh.ping"
        let start = ContinuousClock.now
        guard (try? await caller.unary(head, limit: Limits.probeBody, timeout: Limits.tunnelTimeout)) != nil else { return nil }
        return .now - start
    }
}
