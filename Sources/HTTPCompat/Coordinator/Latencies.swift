internal import Coordinator
internal import NIOCore
internal import Synchronization
internal import Transport
internal import Wire

/// How far workers are from the coordinator: the round trip of a ping over the link, measured now and then.
final class Latencies: Sendable {
    private struct Entry {
        var latency: Duration?
        var askedAt: NIODeadline
    }

    private let entries = Mutex<[String: Entry]>([:])

    /// The round trip that was measured last; `nil` for a worker without a link, or before the first ping.
    subscript(worker: String) -> Duration? { entries.withLock { $0[worker]?.latency } }

    /// Pings those that are due, at most `Limits.tunnelProbes` at once, and forgets who is gone. Call it about every second.
    func measure(_ workers: [WorkerView], through node: CoordinatorNode) async {
        let due = takeDue(workers.filter { !$0.isHTTPOnly && $0.observed != nil }.map(\.record.name))
        await withDiscardingTaskGroup { group in
            for name in due {
                group.addTask {
                    guard let latency = await Self.ping(name, through: node) else { return }
                    self.entries.withLock { $0[name]?.latency = latency }
                }
            }
        }
    }

    private func takeDue(_ names: [String]) -> [String] {
        let now = NIODeadline.now()
        return entries.withLock { entries in
            var kept: [String: Entry] = [:]
            var due: [String] = []
            for name in names {
                var entry = entries[name]
                if due.count < Limits.tunnelProbes, entry.map({ now - $0.askedAt >= TimeAmount(Limits.latencyInterval) }) ?? true {
                    entry = Entry(latency: entry?.latency, askedAt: now)
                    due.append(name)
                }
                kept[name] = entry
            }
            entries = kept
            return due
        }
    }

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
