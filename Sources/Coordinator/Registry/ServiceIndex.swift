import Wire

/// The workers of one service, and the answer that was made from them last.
///
/// An answer is made again when a worker has come, gone or changed, at once; when only loads have changed, after a moment
/// that grows with the number of workers; and after a second in any case, because it says how old its news are.
struct ServiceIndex: Sendable {
    /// Places of the workers that offer the service, healthy or not.
    private(set) var members: Set<Int> = []
    /// How many workers it can be had from, `nil` until somebody has counted them since the last change.
    private(set) var healthy: Int?
    private var cached: Cached?
    private var hasNewLoads = false
    private var hasNewStructure = false

    /// An order of workers, good for a moment.
    struct Cached: Sendable {
        /// Different for each answer that was made: whoever keeps something made from one compares it.
        var stamp: UInt64
        var madeAt: Instant
        /// Servable workers, best first.
        var order: [Int]
        /// Their records in that order, made when somebody asks for all of them.
        var records: [WorkerRecord]?
    }

    mutating func insert(_ index: Int) {
        members.insert(index)
        structureChanged()
    }

    mutating func remove(_ index: Int) {
        members.remove(index)
        structureChanged()
    }

    mutating func structureChanged() {
        healthy = nil
        hasNewStructure = true
    }

    mutating func loadChanged() { hasNewLoads = true }

    mutating func keep(healthy count: Int) { healthy = count }

    /// The current answer if it is still good.
    func current(now: Instant) -> Cached? {
        guard let cached, !hasNewStructure else { return nil }
        let age = now - cached.madeAt
        if age >= Self.answerLife { return nil }
        return hasNewLoads && age >= Self.loadSlack + Self.loadSlackPerWorker * members.count ? nil : cached
    }

    mutating func keep(_ answer: Cached) {
        cached = answer
        healthy = answer.order.count
        hasNewLoads = false
        hasNewStructure = false
    }

    mutating func keep(records: [WorkerRecord]) { cached?.records = records }

    private static let answerLife: Duration = .seconds(1)
    private static let loadSlack: Duration = .milliseconds(50)
    private static let loadSlackPerWorker: Duration = .microseconds(10)
}
