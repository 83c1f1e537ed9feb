import Foundation
import Wire

/// A file that the keys of every link are written to, so that a packet analyser can show what is in a capture.
///
/// Whoever reads the file reads the traffic: it is 0600, and nothing writes it unless it was asked for by name.
public final class KeyLog: Sendable {
    private let file: Int32

    /// Appends to `path`, which is made if it is not there. Throws where it cannot be written, or where others may read it.
    public init(path: String) throws(FolderError) {
        file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard file >= 0 else { throw FolderError(path, "cannot be written", errno) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 == 0,
            status.st_uid == geteuid()
        else {
            close(file)
            throw FolderError(
                "the key log \(path) must be a file of yours that nobody else can read; run chmod 600 on it or name another one")
        }
    }

    deinit { close(file) }

    /// One write, so that lines of several processes do not mix. A key that cannot be written is only missing there.
    func record(_ secrets: LinkSecrets) {
        let line = Array(secrets.keyLogLine.utf8)
        _ = line.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    }
}
