/// What a server counts of the requests that it answers. Safe from every thread.
package final class RequestMetrics: Sendable {
    /// Indexed by status - 100; what is no status of HTTP is not counted apart.
    private let byStatus: [Counter] = (100..<600).map { _ in Counter() }
    private let durations = Histogram()
    private let inProgress = Gauge()
    private let received = Counter()
    private let sent = Counter()

    package init() {}

    /// A request has arrived.
    package func began() { inProgress.add(1) }

    /// Its answer is complete, or broken off.
    /// - Parameter status: of the answer; 499 when the client went away before there was one.
    package func ended(status: Int, after duration: Duration) {
        inProgress.add(-1)
        if byStatus.indices.contains(status - 100) { byStatus[status - 100].add() }
        durations.observe(duration)
    }

    /// Bytes of bodies have come or gone.
    package func moved(received: Int = 0, sent: Int = 0) {
        self.received.add(UInt64(clamping: received))
        self.sent.add(UInt64(clamping: sent))
    }

    /// Writes the families.
    package func write(to text: inout PrometheusText) {
        text.family("wiremesh_http_requests_total", .counter, help: "Requests answered, by status.")
        for (index, counter) in byStatus.enumerated() where counter.value > 0 {
            text.sample("wiremesh_http_requests_total", counter.value, ["status": String(index + 100)])
        }
        text.single(
            "wiremesh_http_requests_in_progress", .gauge, help: "Requests whose answer is not complete.", inProgress.value)
        text.single(
            "wiremesh_http_received_bytes_total", .counter, help: "Bytes of request bodies received.", received.value)
        text.single("wiremesh_http_sent_bytes_total", .counter, help: "Bytes of answer bodies sent.", sent.value)
        text.histogram(
            "wiremesh_http_request_duration_seconds", help: "Time from a request's head to the end of its answer.", durations)
    }
}
