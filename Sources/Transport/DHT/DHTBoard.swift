import Synchronization

/// What a node said of its place in the DHT last: for those who must not wait, such as a scrape of metrics.
final class DHTBoard: Sendable {
    private let last = Mutex<DHTStatistics?>(nil)

    /// At most two seconds old; `nil` before the node has begun.
    var statistics: DHTStatistics? { last.withLock { $0 } }

    func put(_ statistics: DHTStatistics) { last.withLock { $0 = statistics } }
}
