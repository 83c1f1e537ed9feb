import Synchronization

@testable import Coordinator

/// The smallest store that is one: shows that the conformance suite is about the protocol, and lets tests fail a transaction.
final class MemoryStore: Store {
    private struct State {
        var values: [String: StoredValue] = [:]
        var revision: UInt64 = 0
        var failures: [StoreError] = []
        var transactions = 0
    }

    private let state = Mutex(State())

    /// How many transactions were asked for.
    var transactions: Int { state.withLock { $0.transactions } }

    /// The next transactions fail so, one each.
    func fail(_ errors: [StoreError]) { state.withLock { $0.failures = errors } }

    func get(_ key: String) async throws(StoreError) -> StoredValue? { state.withLock { $0.values[key] } }

    func list(prefix: String) async throws(StoreError) -> [(key: String, value: StoredValue)] {
        state.withLock { state in
            state.values.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                .map { (key: $0.key, value: $0.value) }
        }
    }

    @discardableResult
    func transaction(_ conditions: [StoreCondition], _ writes: [StoreWrite]) async throws(StoreError) -> UInt64 {
        try state.withLock { (state) throws(StoreError) in
            state.transactions += 1
            if !state.failures.isEmpty { throw state.failures.removeFirst() }
            for condition in conditions {
                let holds =
                    switch condition {
                    case .absent(let key): state.values[key] == nil
                    case .unchanged(let key, let since): state.values[key]?.revision == since
                    }
                guard holds else { throw .conflict }
            }
            state.revision += 1
            for write in writes {
                switch write {
                case .put(let key, let bytes): state.values[key] = StoredValue(bytes: bytes, revision: state.revision)
                case .delete(let key): state.values[key] = nil
                }
            }
            return state.revision
        }
    }

    func close() async {}
}
