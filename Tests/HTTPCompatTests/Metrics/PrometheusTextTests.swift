import NIOCore
import Testing

@testable import HTTPCompat

@Suite struct PrometheusTextTests {
    @Test func writesFamiliesAndSamples() {
        let sources = MetricSources()
        sources.add { $0.single("a_total", .counter, help: "First\nline \\ second.", 3) }
        sources.add {
            $0.family("b_bytes", .gauge, help: "Bytes.")
            $0.sample("b_bytes", 1.5, ["name": "q\"u\\o\nte", "to": "x"])
            $0.sample("b_bytes", Double.infinity)
        }
        #expect(
            String(buffer: sources.render()) == """
                # HELP a_total First\\nline \\\\ second.
                # TYPE a_total counter
                a_total 3
                # HELP b_bytes Bytes.
                # TYPE b_bytes gauge
                b_bytes{name="q\\"u\\\\o\\nte",to="x"} 1.5
                b_bytes +Inf

                """)
    }

    @Test func histogramCountsUpTo() {
        let histogram = Histogram(bounds: [0.1, 1])
        for seconds in [0.05, 0.1, 0.5, 7, -1, .nan] { histogram.observe(seconds: seconds) }
        histogram.observe(.milliseconds(250))
        var text = PrometheusText()
        text.histogram("d_seconds", help: "D.", histogram)
        #expect(
            String(buffer: text.buffer) == """
                # HELP d_seconds D.
                # TYPE d_seconds histogram
                d_seconds_bucket{le="0.1"} 4
                d_seconds_bucket{le="1"} 6
                d_seconds_bucket{le="+Inf"} 7
                d_seconds_sum 7.9
                d_seconds_count 7

                """)
    }

    @Test func countsRequestsByStatus() {
        let metrics = RequestMetrics()
        for status in [200, 200, 404, 0, 1_000, -5] {
            metrics.began()
            metrics.ended(status: status, after: .milliseconds(1))
        }
        metrics.began()
        metrics.moved(received: 10, sent: 20)
        metrics.moved(received: -1)
        var text = PrometheusText()
        metrics.write(to: &text)
        let lines = String(buffer: text.buffer).split(separator: "\n")
        #expect(lines.contains("wiremesh_http_requests_total{status=\"200\"} 2"))
        #expect(lines.contains("wiremesh_http_requests_total{status=\"404\"} 1"))
        #expect(lines.contains("wiremesh_http_requests_in_progress 1"))
        #expect(lines.contains("wiremesh_http_received_bytes_total 10"))
        #expect(lines.contains("wiremesh_http_request_duration_seconds_count 6"))
    }
}
