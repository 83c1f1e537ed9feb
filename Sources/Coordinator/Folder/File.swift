#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The few things that a data folder needs of the file system, each whole or not at all.
enum File {
    /// What the system said, as text.
    struct Failure: Error, Hashable, CustomStringConvertible {
        var code: Int32
        var description: String { String(cString: strerror(code)) }
    }

    /// Makes a folder with mode 0700, and those above it. One that is there already is made 0700.
    static func makeFolder(_ path: String) throws(Failure) {
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        if !parent.isEmpty, access(parent, F_OK) != 0 { try makeFolder(parent) }
        if mkdir(path, 0o700) != 0 {
            guard errno == EEXIST else { throw Failure(code: errno) }
            guard chmod(path, 0o700) == 0 else { throw Failure(code: errno) }
        }
    }

    /// The whole of a file of at most `limit` bytes; `nil` if there is none.
    static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw Failure(code: errno)
        }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress?.advanced(by: count), $0.count - count) }
            guard got >= 0 else { throw Failure(code: errno) }
            if got == 0 { break }
            count += got
        }
        guard count <= limit else { throw Failure(code: EFBIG) }
        return Array(bytes.prefix(count))
    }

    /// Replaces a file by these bytes with mode 0600: after a crash the old ones stand there or the new ones.
    static func replace(_ path: String, with bytes: [UInt8]) throws(Failure) {
        let temporary = path + ".new"
        unlink(temporary)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw Failure(code: errno) }
        do throws(Failure) {
            try write(bytes, to: file)
            guard fsync(file) == 0 else { throw Failure(code: errno) }
        } catch {
            close(file)
            unlink(temporary)
            throw error
        }
        close(file)
        guard rename(temporary, path) == 0 else {
            let code = errno
            unlink(temporary)
            throw Failure(code: code)
        }
        try sync(folderOf: path)
    }

    /// Makes an empty file with mode 0600 where there is none.
    static func touch(_ path: String) throws(Failure) {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw Failure(code: errno) }
        close(file)
    }

    /// Permission bits of a file; `nil` if there is none.
    static func mode(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    private static func write(_ bytes: [UInt8], to file: Int32) throws(Failure) {
        var done = 0
        while done < bytes.count {
            let put = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress?.advanced(by: done), $0.count - done) }
            guard put >= 0 else { throw Failure(code: errno) }
            done += put
        }
    }

    private static func sync(folderOf path: String) throws(Failure) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw Failure(code: errno) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw Failure(code: errno) }
    }
}
