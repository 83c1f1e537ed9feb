/// How well one service of the catalogue is covered.
public struct Gap: Sendable, Hashable {
    public var service: String
    public var requires: WorkerType
    public var priority: Int
    /// Healthy workers that have it.
    public var workers: Int
    public var port: UInt16

    /// No healthy worker, one, or more.
    public enum Status: String, Sendable, Hashable, Comparable, CaseIterable {
        case critical, warning, ok

        public static func < (a: Status, b: Status) -> Bool { a.rank < b.rank }

        private var rank: Int {
            switch self {
            case .critical: 0
            case .warning: 1
            case .ok: 2
            }
        }
    }

    /// Critical without a healthy worker, a warning with one.
    public var status: Status { workers == 0 ? .critical : workers == 1 ? .warning : .ok }
}

extension Catalogue {
    /// Every service of the catalogue, critical first, then by priority, then as the catalogue has them.
    func gaps(coverage: (String) -> Int) -> [Gap] {
        entries.enumerated()
            .map { place, entry in
                let gap = Gap(
                    service: entry.name, requires: entry.requires, priority: entry.priority, workers: coverage(entry.name),
                    port: entry.port)
                return (gap: gap, place: place)
            }
            .sorted { ($0.gap.status, $0.gap.priority, $0.place) < ($1.gap.status, $1.gap.priority, $1.place) }
            .map(\.gap)
    }
}
