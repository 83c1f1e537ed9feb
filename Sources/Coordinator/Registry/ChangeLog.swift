/// What has changed, in order, so that a watcher goes on from where it was. Holds names only: a watcher that is late gets
/// the present state of a worker, not each state in between.
struct ChangeLog: Sendable {
    struct Change: Sendable {
        var name: String
        var slot: Slot
        /// Whether the worker was removed by it.
        var isRemoval: Bool
    }

    private var changes: [Change] = []
    /// Revision of the first change that is kept.
    private var first: UInt64 = 1
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    /// Revision of the last change, 0 before the first.
    var revision: UInt64 { first - 1 + UInt64(changes.count) }

    /// Appends a change and returns its revision.
    mutating func append(_ change: Change) -> UInt64 {
        changes.append(change)
        // Dropped in bulk, so that dropping costs little for each.
        if changes.count >= capacity * 2 {
            changes.removeFirst(capacity)
            first += UInt64(capacity)
        }
        return revision
    }

    /// Begins behind `revision`: what was before is not known.
    mutating func restart(after revision: UInt64) {
        changes = []
        first = revision + 1
    }

    /// The change that led to `revision`; `nil` if it is not kept (any more).
    func change(at revision: UInt64) -> Change? {
        guard revision >= first, revision - first < UInt64(changes.count) else { return nil }
        return changes[Int(revision - first)]
    }
}
