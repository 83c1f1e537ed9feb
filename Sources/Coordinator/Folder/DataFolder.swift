import Foundation
import Synchronization
import Transport

/// A coordinator's folder: the authority's key, the node's own keys, the store. Mode 0700, its files 0600, used by one process.
final class DataFolder: Sendable {
    /// Without a slash at the end.
    let path: String
    /// `nil` once it is released.
    private let folder: Mutex<PrivateFolder?>

    /// The form of the folder; one of another form is not touched.
    private static let version = 1

    /// Takes the folder for this process, making it if `create` says so and there is none.
    ///
    /// Throws `dataFolder` with a sentence where another process has it, another version made it, it cannot be written or, without
    /// `create`, it is not there.
    init(_ path: String, create: Bool) throws(CoordinatorError) {
        self.path = Self.trimmed(path)
        if !create { try Self.checkExists(self.path) }
        do { folder = Mutex(try PrivateFolder(path: self.path, kind: "coordinator", version: Self.version)) } catch {
            throw CoordinatorError(error)
        }
    }

    /// Lets another process use it. Nothing can be read or written from now on.
    func release() { folder.withLock { $0 = nil } }

    /// Where the store's file stands.
    var storePath: String { path + "/store.sqlite" }

    /// Where a running coordinator listens for commands, given the path of its folder.
    static func socketPath(_ path: String) -> String { trimmed(path) + "/control.sock" }

    /// Throws a sentence where `path` is no coordinator's folder.
    static func checkExists(_ path: String) throws(CoordinatorError) {
        guard access(path + "/version", F_OK) != 0, errno == ENOENT || errno == ENOTDIR else { return }
        throw .dataFolder("\(path) is no coordinator's data folder: give the one that `wiremesh coordinator --data` uses.")
    }

    /// Reads a file of the folder; `nil` if there is none.
    func read(_ name: String, limit: Int) throws(CoordinatorError) -> [UInt8]? {
        let folder = try open()
        do { return try folder.read(name, limit: limit) } catch { throw CoordinatorError(error) }
    }

    /// Replaces a file of the folder, whole or not at all.
    func replace(_ name: String, with bytes: [UInt8]) throws(CoordinatorError) {
        let folder = try open()
        do { try folder.write(name, bytes) } catch { throw CoordinatorError(error) }
    }

    /// Where contacts of the DHT are kept; `nil` once the folder is released.
    var contacts: ContactsFile? { folder.withLock { $0.map(ContactsFile.init) } }

    /// Opens the store. Its file is made before SQLite would, with mode 0600; the log beside it takes the same mode.
    func openStore() throws(CoordinatorError) -> SQLiteStore {
        let file = Foundation.open(storePath, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else {
            throw .dataFolder("\(storePath) cannot be written: \(String(cString: strerror(errno))).")
        }
        close(file)
        do { return try SQLiteStore(path: storePath) } catch { throw CoordinatorError(error, folder: path) }
    }

    private func open() throws(CoordinatorError) -> PrivateFolder {
        guard let folder = folder.withLock({ $0 }) else { throw .failed("The data folder \(path) was given back already.") }
        return folder
    }

    private static func trimmed(_ path: String) -> String { path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path }
}

extension CoordinatorError {
    /// The sentence of a folder as it is.
    init(_ error: FolderError) { self = .dataFolder(error.description) }

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
