import Wire

/// What lies between nodes: how long a datagram takes, and whether it arrives. Addresses are numbers of places.
package struct SimulatedNetwork: Sendable {
    /// The median of round trips between two places.
    package var medianRoundTrip: Duration
    /// Share of datagrams that are lost, each way.
    package var loss: Double
    /// Whether datagrams are carried at all; links are another matter.
    package var carriesDatagrams = true
    /// Whether links between any two nodes work, directly or through a coordinator.
    package var carriesLinks: Bool
    /// The side that each place is on while the network is parted; all on 0 while it is whole.
    package var sides: [UInt8]
    /// Pairs of sides between which nothing passes, from the first to the second.
    package var cuts: Set<SimulatedCut> = []
    private let seed: UInt64
    /// Round trips in nanoseconds, by quantile: a logarithmic normal distribution.
    private let quantiles: [UInt64]

    /// How widely round trips spread: at 0.5, one in twenty is more than twice the median.
    private static let spread = 0.5
    /// A link through a third node takes this much longer than the direct way.
    private static let detour = 1.5

    package init(places: Int, medianRoundTrip: Duration, loss: Double, carriesLinks: Bool, seed: UInt64) {
        self.medianRoundTrip = medianRoundTrip
        self.loss = loss
        self.carriesLinks = carriesLinks
        self.seed = seed
        sides = Array(repeating: 0, count: places)
        var random = SeededRandom(seed: 0x5EED)
        var samples: [Double] = []
        for _ in 0..<1_024 {
            // The sum of twelve uniform numbers is near enough to a normal one.
            let normal = (0..<12).reduce(-6.0) { sum, _ in sum + random.fraction() }
            samples.append(Double(medianRoundTrip.wholeNanoseconds) * Self.power(of: normal * Self.spread))
        }
        quantiles = samples.map { UInt64($0) }
    }

    /// e to the power of `x`, for small x; by its series, so that no library decides about a run.
    private static func power(of x: Double) -> Double {
        var sum = 1.0
        var term = 1.0
        for step in 1..<30 {
            term *= x / Double(step)
            sum += term
        }
        return max(sum, 0.05)
    }

    /// The round trip between two places, the same each time and each way.
    package func roundTrip(_ a: Int, _ b: Int) -> UInt64 {
        var word = seed ^ UInt64(min(a, b)) &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(max(a, b)) &* 0xC2B2_AE3D_27D4_EB4F
        word = (word ^ (word >> 29)) &* 0xBF58_476D_1CE4_E5B9
        word ^= word >> 32
        return quantiles[Int(word & 1_023)]
    }

    /// When a message arrives, in nanoseconds from now; `nil` for one that does not.
    package func passage(from a: Int, to b: Int, isLink: Bool, using random: inout SeededRandom) -> UInt64? {
        guard cuts.isEmpty || !cuts.contains(SimulatedCut(from: sides[a], to: sides[b])) else { return nil }
        guard isLink ? carriesLinks : carriesDatagrams else { return nil }
        if !isLink, loss > 0, random.fraction() < loss { return nil }
        // Up to a tenth more than the path's own time: queues.
        let half = Double(roundTrip(a, b)) / 2 * (1 + 0.1 * random.fraction())
        return UInt64(isLink ? half * Self.detour : half)
    }
}

/// A direction in which nothing passes.
package struct SimulatedCut: Hashable, Sendable {
    package var from, to: UInt8

    package init(from: UInt8, to: UInt8) {
        self.from = from
        self.to = to
    }
}
