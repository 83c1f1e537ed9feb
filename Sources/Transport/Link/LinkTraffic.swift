import Synchronization

/// What all links of a node have carried since it started. Links add to it once per read and once per write.
final class LinkTraffic: Sendable {
    private let established = Atomic<UInt64>(0)
    private let received = Atomic<UInt64>(0)
    private let sent = Atomic<UInt64>(0)

    func addLink() { established.wrappingAdd(1, ordering: .relaxed) }
    func add(received count: Int) { received.wrappingAdd(UInt64(truncatingIfNeeded: count), ordering: .relaxed) }
    func add(sent count: Int) { sent.wrappingAdd(UInt64(truncatingIfNeeded: count), ordering: .relaxed) }

    /// - Parameter links: how many stand now.
    func statistics(links: Int) -> LinkStatistics {
        LinkStatistics(
            links: links, established: established.load(ordering: .relaxed), receivedBytes: received.load(ordering: .relaxed),
            sentBytes: sent.load(ordering: .relaxed))
    }
}

/// The links of a node, counted.
public struct LinkStatistics: Hashable, Sendable {
    /// Links that stand.
    public var links: Int
    /// Links that were established since the node started, in either direction.
    public var established: UInt64
    /// Bytes of records that came, as they came: encrypted, compressed, lengths included.
    public var receivedBytes: UInt64
    /// Bytes of records that went.
    public var sentBytes: UInt64
}
