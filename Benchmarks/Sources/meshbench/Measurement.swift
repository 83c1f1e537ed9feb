import NIOCore

/// Counts the round trips that end between the warm-up and the end, as the peers' clients do.
struct Measurement: Sendable {
    private let begin: UInt64
    private let end: UInt64
    /// In tenths of a microsecond.
    private var latencies: [UInt32] = []

    init(warmup: Double, seconds: Double) {
        begin = NIODeadline.now().uptimeNanoseconds + UInt64(warmup * 1e9)
        end = begin + UInt64(seconds * 1e9)
        latencies.reserveCapacity(8_000_000)
    }

    /// Whether another round trip should be started.
    mutating func record(started: UInt64) -> Bool {
        let now = NIODeadline.now().uptimeNanoseconds
        if now >= begin, now < end { latencies.append(UInt32(clamping: (now - started) / 100)) }
        return now < end
    }

    /// The one line that Benchmarks/run reads.
    func summary(size: Int) -> String {
        let sorted = latencies.sorted()
        let seconds = Double(end - begin) / 1e9
        let rate = Double(sorted.count) / seconds
        func at(_ quantile: Double) -> Double {
            sorted.isEmpty ? 0 : Double(sorted[Int(quantile * Double(sorted.count - 1))]) / 10
        }
        return #"{"rate": \#(rate), "p50_us": \#(at(0.5)), "p99_us": \#(at(0.99)), "bytes_per_s": \#(rate * Double(size))}"#
    }
}
