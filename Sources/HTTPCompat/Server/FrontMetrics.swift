import Wire

/// What a front counts. Safe from every thread.
package final class FrontMetrics: Sendable {
    /// Requests: answers by status, durations, bytes.
    package let requests = RequestMetrics()
    private let open = Gauge()
    private let accepted = Counter()
    private let refused = Counter()
    private let vanished = Counter()

    package init() {}

    /// Connections that are open.
    package var connections: Int64 { open.value }
    /// Requests whose client went away before the answer was whole.
    package var clientsGone: UInt64 { vanished.value }

    /// Counts a new connection. Returns whether there is room for it; if not, it does not count as open.
    func opened() -> Bool {
        accepted.add()
        guard open.value < Limits.httpConnections else {
            refused.add()
            return false
        }
        open.add(1)
        return true
    }

    func closed() { open.add(-1) }
    func clientGone() { vanished.add() }

    /// Writes the families.
    package func write(to text: inout PrometheusText) {
        requests.write(to: &text)
        text.single("wiremesh_http_connections", .gauge, help: "Connections of HTTP clients that are open.", open.value)
        text.single("wiremesh_http_connections_total", .counter, help: "Connections that HTTP clients have opened.", accepted.value)
        text.single(
            "wiremesh_http_connections_refused_total", .counter, help: "Connections that were cut because there were too many.",
            refused.value)
        text.single(
            "wiremesh_http_clients_gone_total", .counter, help: "Requests whose client went away before the answer was whole.",
            vanished.value)
    }
}
