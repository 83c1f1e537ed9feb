import Wire

/// Puts a snapshot together that comes in several events: taken for the whole, its first part would end routes to workers that
/// come behind it.
struct SnapshotJoiner: Sendable {
    /// The records so far of a snapshot that goes on.
    private var parts: [WorkerRecord]?

    /// What to apply now; `nil` while a snapshot is not whole (MSG-6.3).
    mutating func whole(_ event: WatchEvent) -> WatchEvent? {
        switch event {
        case .snapshot(revision: 0, let records):
            parts = records
            return nil
        case .changed(let revision, let record):
            guard var records = parts else { return event }
            records.append(record)
            parts = revision == 0 ? records : nil
            return revision == 0 ? nil : .snapshot(revision: revision, records)
        case .snapshot, .removed:
            parts = nil
            return event
        }
    }
}
