/// Which services of the catalogue a worker is given that registers without naming any.
enum Assignment {
    /// - Parameters:
    ///   - coverage: how many other healthy workers have the service.
    ///   - peers: how many other workers stand in the same tier.
    /// - Returns: names in the order of need: least covered first, then by priority, then as the catalogue has them.
    static func services(
        for type: WorkerType, in catalogue: Catalogue, peers: Int, coverage: (String) -> Int
    ) -> [Catalogue.Entry] {
        let eligible = catalogue.entries.enumerated()
            .filter { type.serves($0.element.requires) }
            .map { (entry: $0.element, covered: coverage($0.element.name), place: $0.offset) }
            .sorted { ($0.covered, $0.entry.priority, $0.place) < ($1.covered, $1.entry.priority, $1.place) }
        guard type != .gpu else {
            let uncovered = eligible.filter { $0.covered == 0 }
            return (uncovered.isEmpty ? Array(eligible.prefix(1)) : uncovered).map(\.entry)
        }
        return eligible.prefix(share(peers: peers, eligible: eligible.count)).map(\.entry)
    }

    /// The more workers share a tier, the fewer services each of them takes.
    private static func share(peers: Int, eligible: Int) -> Int {
        if peers >= eligible { return 1 }
        return peers * 2 >= eligible ? 2 : 3
    }
}
