import Foundation

/// The data folder of a node: mode 0700, files 0600, one process at a time, each file written whole or not at all.
///
/// A file `version` says which kind of folder it is and in which form; a folder of another kind or form is refused. A file
/// `lock` is held locked as long as this value lives. Errors are sentences for the operator.
public final class PrivateFolder: Sendable {
    /// Absolute or relative, as it was given.
    public let path: String
    private let lock: Int32

    /// Opens or makes the folder. `kind` and `version` stand in its version file, such as "worker" and 1.
    ///
    /// A folder that others can enter is closed to them if it is new or empty, and refused otherwise: what is in it may have
    /// been read already.
    public init(path: String, kind: String, version: Int) throws(FolderError) {
        self.path = path
        try Self.make(path)
        let (lock, error) = Self.acquire(path + "/lock")
        if let error { throw error }
        self.lock = lock
        do {
            try checkVersion("wiremesh \(kind) \(version)\n")
        } catch {
            close(lock)
            throw error
        }
    }

    deinit { close(lock) }

    private static func make(_ path: String) throws(FolderError) {
        if mkdir(path, 0o700) == 0 { return }
        guard errno == EEXIST || errno == ENOENT else { throw FolderError(path, "cannot be made", errno) }
        if errno == ENOENT {
            do {
                try FileManager.default.createDirectory(
                    atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw FolderError("the data folder \(path) cannot be made: \(error.localizedDescription)")
            }
            return
        }
        var status = stat()
        guard stat(path, &status) == 0 else { throw FolderError(path, "cannot be looked at", errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw FolderError("\(path) is not a folder; name another one with --data") }
        guard status.st_mode & 0o077 != 0 else { return }
        let isEmpty = (try? FileManager.default.contentsOfDirectory(atPath: path).isEmpty) ?? false
        guard isEmpty else {
            throw FolderError("the data folder \(path) can be read by other users; run chmod 700 on it if nobody has copied its keys")
        }
        guard chmod(path, 0o700) == 0 else { throw FolderError(path, "cannot be closed to others", errno) }
    }

    private static func acquire(_ path: String) -> (Int32, FolderError?) {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return (-1, FolderError(path, "cannot be written", errno)) }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            return (-1, FolderError("another process uses this data folder (\(path) is locked); stop it or name another folder"))
        }
        return (file, nil)
    }

    private func checkVersion(_ expected: String) throws(FolderError) {
        guard let found = try read("version") else {
            let others = (try? FileManager.default.contentsOfDirectory(atPath: path).filter { $0 != "lock" }) ?? []
            guard others.isEmpty else {
                throw FolderError("\(path) holds other files and is not a data folder of this program; name an empty or a new folder")
            }
            return try write("version", [UInt8](expected.utf8))
        }
        let text = String(decoding: found, as: UTF8.self)
        guard text == expected else {
            let (has, wants) = (text.prefix(64).trimmingCharacters(in: .whitespacesAndNewlines), expected.dropLast())
            throw FolderError("the data folder \(path) is for \"\(has)\" and this program needs \"\(wants)\"; name another folder")
        }
    }

    // MARK: Files

    /// The contents of a file, at most `limit` bytes; `nil` if there is none.
    public func read(_ name: String, limit: Int = 1 << 20) throws(FolderError) -> [UInt8]? {
        let path = self.path + "/" + name
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0, errno == ENOENT { return nil }
        guard file >= 0 else { throw FolderError(path, "cannot be read", errno) }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 0)
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = Foundation.read(file, &chunk, chunk.count)
            guard count >= 0 else { throw FolderError(path, "cannot be read", errno) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= limit else { throw FolderError("\(path) has more than \(limit) bytes and cannot be ours") }
        }
    }

    /// Replaces a file: written beside it, synced, renamed. After a crash it holds the old contents or the new ones.
    public func write(_ name: String, _ contents: [UInt8]) throws(FolderError) {
        let target = path + "/" + name
        let temporary = target + ".new"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)  // SEC-4.2
        guard file >= 0 else { throw FolderError(target, "cannot be written", errno) }
        let problem = Self.fill(file, contents)
        close(file)
        guard problem == 0, rename(temporary, target) == 0 else {
            let cause = problem == 0 ? errno : problem
            unlink(temporary)
            throw FolderError(target, "cannot be written", cause)
        }
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    /// Removes a file; one that is not there is no error.
    public func remove(_ name: String) throws(FolderError) {
        guard unlink(path + "/" + name) == 0 || errno == ENOENT else { throw FolderError(path + "/" + name, "cannot be removed", errno) }
    }

    /// Writes and syncs; the error number, or 0.
    private static func fill(_ file: Int32, _ contents: [UInt8]) -> Int32 {
        var written = 0
        while written < contents.count {
            let count = contents[written...].withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { return errno }
            written += count
        }
        return fsync(file) == 0 ? 0 : errno
    }
}

/// What is wrong with a data folder or a private file: one sentence that says what to do.
public struct FolderError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sentence.
    public let description: String

    init(_ description: String) { self.description = description }

    /// A system call's refusal.
    init(_ path: String, _ what: String, _ number: Int32) {
        let hint =
            switch number {
            case ENOSPC, EDQUOT: "; the disk is full"
            case EACCES, EPERM, EROFS: "; give this user the right to write there or name another folder"
            default: ""
            }
        description = "\(path) \(what): \(String(cString: strerror(number)))\(hint)"
    }
}
