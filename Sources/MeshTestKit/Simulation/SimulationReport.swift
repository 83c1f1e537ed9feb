/// What was measured.
package struct SimulationReport: Sendable {
    package var lookups = 0
    package var succeeded = 0
    /// Nanoseconds from the question to the first live provider.
    package var latencies: [UInt64] = []
    /// Requests one behind the other until the first provider, added up, and lookups that they are of.
    package var rounds = 0
    package var asked = 0
    /// Bytes of lookups' own requests and answers.
    package var lookupBytes = 0
    package var bytesSent = 0
    package var datagrams = 0
    package var events = 0
    package var nodeSeconds = 0.0
    package var trace: UInt64 = 0xCBF2_9CE4_8422_2325
    /// Contacts in the tables, and how many of them are of nodes that live; at the end.
    package var contacts = 0
    package var liveContacts = 0
    package var records = 0
    package var deaths = 0

    package var success: Double { lookups == 0 ? 0 : Double(succeeded) / Double(lookups) }
    package var meanRounds: Double { succeeded == 0 ? 0 : Double(rounds) / Double(succeeded) }
    package var bytesPerSecond: Double { nodeSeconds == 0 ? 0 : Double(bytesSent) / nodeSeconds }
    package var bytesPerLookup: Double { lookups == 0 ? 0 : Double(lookupBytes) / Double(lookups) }

    /// A percentile of the latency, in milliseconds.
    package func latency(_ percentile: Double) -> Double {
        guard !latencies.isEmpty else { return 0 }
        let sorted = latencies.sorted()
        let index = min(Int(Double(sorted.count) * percentile / 100), sorted.count - 1)
        return Double(sorted[index]) / 1e6
    }

    /// Mixes something that happened into the hash of the run.
    mutating func note(_ word: UInt64) {
        trace = (trace ^ word) &* 0x0000_0100_0000_01B3
        trace ^= trace >> 29
    }
}
