import Foundation
import GRDB
import Wire

/// The embedded store: one SQLite file in WAL mode, every transaction on the disk before it is acknowledged.
package final class SQLiteStore: Store {
    private let queue: DatabaseQueue

    /// The version of the tables; a file of another version is not touched.
    private static let version = 1

    /// Opens the file at `path`, making it where there is none. The caller has made sure that nobody else uses it. A file that has
    /// `maximumPages` pages of 4 KiB is full.
    package init(path: String, maximumPages: Int = Limits.storePages) throws(StoreError) {
        // Looked up before SQLite opens the file: opening it can change it.
        if let found = Self.versionInHeader(path), found != 0, found != Self.version {
            throw .version(found: found, known: Self.version)
        }
        queue = try Self.translate(path) {
            var configuration = Configuration()
            configuration.journalMode = .wal
            configuration.busyMode = .timeout(5)
            configuration.prepareDatabase { database in
                try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA max_page_count = \(maximumPages)")
            }
            return try DatabaseQueue(path: path, configuration: configuration)
        }
        let found = try Self.translate(path) { [queue] in
            try queue.read { try Int.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
        }
        guard found == 0 || found == Self.version else { throw .version(found: found, known: Self.version) }
        if found == 0 { try Self.translate(path) { [queue] in try queue.write(Self.makeTables) } }
    }

    package func get(_ key: String) async throws(StoreError) -> StoredValue? {
        try await perform { queue in
            try await queue.read { database in
                try Row.fetchOne(database, sql: "SELECT value, revision FROM entry WHERE key = ?", arguments: [key]).map(Self.value)
            }
        }
    }

    package func list(prefix: String) async throws(StoreError) -> [(key: String, value: StoredValue)] {
        try await perform { queue in
            try await queue.read { database in
                // A range and not LIKE: LIKE ignores case and has wildcards of its own.
                let sql = "SELECT key, value, revision FROM entry WHERE key >= ? AND key < ? ORDER BY key"
                return try Row.fetchAll(database, sql: sql, arguments: [prefix, prefix + "\u{7F}"]).map { row in
                    (key: row["key"], value: Self.value(row))
                }
            }
        }
    }

    @discardableResult
    package func transaction(_ conditions: [StoreCondition], _ writes: [StoreWrite]) async throws(StoreError) -> UInt64 {
        guard conditions.count + writes.count <= Limits.transaction else { throw .failed("a transaction of too many parts") }
        return try await perform { queue in
            try await queue.write { database in
                for condition in conditions { try Self.check(condition, database) }
                try database.execute(sql: "UPDATE counter SET revision = revision + 1")
                guard let revision = try Int64.fetchOne(database, sql: "SELECT revision FROM counter"), revision > 0 else {
                    throw StoreError.damaged("the counter of revisions")
                }
                for write in writes { try Self.apply(write, revision, database) }
                return UInt64(revision)
            }
        }
    }

    package func close() async { try? queue.close() }

    // MARK: Parts

    /// The version in the file's header, four bytes at 60; `nil` where there is no such header.
    private static func versionInHeader(_ path: String) -> Int? {
        guard let file = FileHandle(forReadingAtPath: path), let header = try? file.read(upToCount: 64), header.count == 64,
            header.starts(with: "SQLite format 3\0".utf8)
        else { return nil }
        return header.suffix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    private static func makeTables(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE entry (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID;
                CREATE TABLE counter (revision INTEGER NOT NULL);
                INSERT INTO counter VALUES (0);
                PRAGMA user_version = \(version);
                """)
    }

    private static func check(_ condition: StoreCondition, _ database: Database) throws {
        func revision(_ key: String) throws -> Int64? {
            try Int64.fetchOne(database, sql: "SELECT revision FROM entry WHERE key = ?", arguments: [key])
        }
        let holds =
            switch condition {
            case .absent(let key): try revision(key) == nil
            case .unchanged(let key, let since): try revision(key) == Int64(exactly: since)
            }
        guard holds else { throw StoreError.conflict }
    }

    private static func apply(_ write: StoreWrite, _ revision: Int64, _ database: Database) throws {
        switch write {
        case .put(let key, let bytes):
            try database.execute(
                sql: "INSERT OR REPLACE INTO entry (key, value, revision) VALUES (?, ?, ?)",
                arguments: [key, Data(bytes), revision])
        case .delete(let key): try database.execute(sql: "DELETE FROM entry WHERE key = ?", arguments: [key])
        }
    }

    private static func value(_ row: Row) -> StoredValue {
        let data: Data = row["value"]
        let revision: Int64 = row["revision"]
        return StoredValue(bytes: [UInt8](data), revision: UInt64(clamping: revision))
    }

    private func perform<T: Sendable>(_ body: @Sendable (DatabaseQueue) async throws -> T) async throws(StoreError) -> T {
        do { return try await body(queue) } catch { throw Self.storeError(error, queue.path) }
    }

    private static func translate<T>(_ path: String, _ body: () throws -> T) throws(StoreError) -> T {
        do { return try body() } catch { throw storeError(error, path) }
    }

    private static func storeError(_ error: any Error, _ path: String) -> StoreError {
        if let error = error as? StoreError { return error }
        guard let error = error as? DatabaseError else { return .failed("\(error)") }
        switch error.resultCode {
        case .SQLITE_FULL: return .full
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH: return .notWritable(path)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .damaged(path)
        case .SQLITE_IOERR:
            // The index of the log is a file that is grown before it is mapped.
            return error.extendedResultCode == .SQLITE_IOERR_SHMSIZE ? .full : .failed("reading or writing \(path) failed")
        default: return .failed(error.message ?? "SQLite error \(error.resultCode.rawValue)")
        }
    }
}
