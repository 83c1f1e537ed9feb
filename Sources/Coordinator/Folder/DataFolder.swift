#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

import Wire

/// A coordinator's folder: the authority's key, the node's own keys, the store. Mode 0700, its files 0600, used by one process.
final class DataFolder: Sendable {
    let path: String
    /// Held open: the lock lives as long as it does.
    private let lock: Int32

    /// The layout of the folder; one of another version is not touched.
    private static let version = "wiremesh coordinator 1\n"

    var storePath: String { path + "/store.sqlite" }
    var socketPath: String { path + "/control.sock" }

    /// Takes the folder for this process, making it if `create` says so and there is none.
    ///
    /// Throws `dataFolder` with a sentence where another process has it, another version made it, it cannot be written or, without
    /// `create`, it is not there.
    init(_ path: String, create: Bool) throws(CoordinatorError) {
        let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        self.path = path
        if !create, File.mode(path + "/version") == nil {
            throw .dataFolder("\(path) is no coordinator's data folder: give the one that `wiremesh coordinator --data` uses.")
        }
        try Self.attempt(path) { () throws(File.Failure) in try File.makeFolder(path) }
        lock = try Self.takeLock(path)
        do throws(CoordinatorError) { try Self.checkVersion(path) } catch {
            close(lock)
            throw error
        }
    }

    deinit { close(lock) }

    /// Reads a file of the folder; `nil` if there is none. One that others can read is refused: it holds a secret.
    func read(_ name: String, limit: Int) throws(CoordinatorError) -> [UInt8]? {
        let file = path + "/" + name
        if let mode = File.mode(file), mode & 0o077 != 0 {
            throw .dataFolder("Other users can read \(file): find out who did, then run chmod 600 \(file).")
        }
        return try Self.attempt(path) { () throws(File.Failure) in try File.read(file, limit: limit) }
    }

    /// Replaces a file of the folder, whole or not at all.
    func replace(_ name: String, with bytes: [UInt8]) throws(CoordinatorError) {
        try Self.attempt(path) { () throws(File.Failure) in try File.replace(path + "/" + name, with: bytes) }
    }

    /// Opens the store, made with mode 0600.
    func openStore() throws(CoordinatorError) -> SQLiteStore {
        try Self.attempt(path) { () throws(File.Failure) in try File.touch(storePath) }
        do { return try SQLiteStore(path: storePath) } catch { throw CoordinatorError(error, folder: path) }
    }

    // MARK: Parts

    private static func takeLock(_ path: String) throws(CoordinatorError) -> Int32 {
        let file = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw sentence(File.Failure(code: errno), path) }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            throw .dataFolder("Another coordinator is using \(path): stop it first, or give this one a folder of its own.")
        }
        return file
    }

    private static func checkVersion(_ path: String) throws(CoordinatorError) {
        let file = path + "/version"
        let found = try attempt(path) { () throws(File.Failure) in try File.read(file, limit: 256) }
        guard let found else { return try attempt(path) { () throws(File.Failure) in try File.replace(file, with: Array(version.utf8)) } }
        guard found == Array(version.utf8) else {
            let line = String(decoding: found.prefix { $0 != 10 }, as: UTF8.self)
            throw .dataFolder(
                "\(path) is a data folder of another version (\"\(line)\"): start the program that made it, or give another folder.")
        }
    }

    private static func attempt<T>(_ path: String, _ body: () throws(File.Failure) -> T) throws(CoordinatorError) -> T {
        do { return try body() } catch { throw sentence(error, path) }
    }

    private static func sentence(_ failure: File.Failure, _ path: String) -> CoordinatorError {
        switch failure.code {
        case ENOSPC, EDQUOT: .diskFull("The disk of \(path) is full: make room, then start again.")
        case EACCES, EPERM, EROFS:
            .dataFolder("\(path) cannot be written (\(failure)): give the user who runs the coordinator its ownership.")
        case ENOTDIR: .dataFolder("\(path) is no folder: give --data a path that is one or does not exist yet.")
        default: .dataFolder("\(path) cannot be used: \(failure).")
        }
    }
}

extension CoordinatorError {
    /// A sentence for what a store in `folder` said.
    init(_ error: StoreError, folder: String) {
        switch error {
        case .full: self = .diskFull("The disk of \(folder) is full: make room, then start again.")
        case .notWritable(let what):
            self = .dataFolder("\(what) cannot be written: give the user who runs the coordinator its ownership.")
        case .version(let found, let known):
            self = .dataFolder(
                "\(folder) is a data folder of another version (its store is of version \(found), this program knows \(known)): "
                    + "start the program that made it, or give another folder.")
        case .damaged(let what): self = .dataFolder("\(what) is damaged: restore the folder from a backup.")
        case .conflict: self = .conflict("Somebody else changed it at the same time: try again.")
        case .failed(let why): self = .failed("The store in \(folder) failed: \(why).")
        }
    }
}
