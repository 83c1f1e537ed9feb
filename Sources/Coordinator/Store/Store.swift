/// Where a coordinator keeps what must outlive it. Small values under text keys, changed by compare-and-set.
///
/// Keys are printable ASCII. Every store passes the same suite of tests.
///
/// A revision is a number that increases with each transaction of the whole store;
/// a value carries the revision of the transaction that wrote it.
package protocol Store: Sendable {
    /// The value of a key, `nil` if there is none.
    func get(_ key: String) async throws(StoreError) -> StoredValue?
    /// Every key that begins with `prefix` and its value, in the order of the keys' bytes.
    func list(prefix: String) async throws(StoreError) -> [(key: String, value: StoredValue)]
    /// Does all `writes` if all `conditions` hold, and nothing otherwise. Returns the revision of the transaction, which is the
    /// revision of every value that it put. Throws `conflict` where a condition does not hold.
    ///
    /// At most `Limits.transaction` conditions and writes together; a key stands in at most one write.
    @discardableResult
    func transaction(_ conditions: [StoreCondition], _ writes: [StoreWrite]) async throws(StoreError) -> UInt64
    /// Ends the use of the store. Nothing may be called afterwards.
    func close() async
}

/// A value and the transaction that wrote it.
package struct StoredValue: Sendable, Hashable {
    package var bytes: [UInt8]
    package var revision: UInt64

    package init(bytes: [UInt8], revision: UInt64) {
        self.bytes = bytes
        self.revision = revision
    }
}

/// What must hold for a transaction to happen.
package enum StoreCondition: Sendable, Hashable {
    case absent(String)
    /// The key's value is the one that this revision wrote.
    case unchanged(String, since: UInt64)
}

/// One change of a transaction.
package enum StoreWrite: Sendable, Hashable {
    case put(String, [UInt8])
    /// Without effect where there is nothing.
    case delete(String)
}

/// Why a store did not do what it was asked. Nothing was written.
package enum StoreError: Error, Sendable, Hashable {
    /// A condition does not hold: read again and decide again.
    case conflict
    /// No room is left on the disk.
    case full
    /// The file or folder cannot be written.
    case notWritable(String)
    /// Another version wrote the store.
    case version(found: Int, known: Int)
    /// What stands in the store cannot be read.
    case damaged(String)
    /// The store does not answer, or answers what it should not.
    case failed(String)
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .conflict: "somebody else changed it at the same time"
        case .full: "no room is left on the disk"
        case .notWritable(let what): "\(what) cannot be written"
        case .version(let found, let known): "it is of version \(found), and this program knows version \(known)"
        case .damaged(let what): "\(what) is damaged"
        case .failed(let why): why
        }
    }
}
