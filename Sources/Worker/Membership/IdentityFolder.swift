import Foundation
import Transport
package import Wire

/// What a worker keeps between two runs: its keys and certificate, where its coordinators are, how often it has started.
package final class IdentityFolder: Sendable {
    private let folder: PrivateFolder

    /// Opens or makes the folder and locks it.
    package init(path: String) throws(WorkerError) {
        do { folder = try PrivateFolder(path: path, kind: "worker", version: 1) } catch { throw WorkerError(error) }
    }

    // MARK: Identity

    /// Whether the folder holds an identity. Looks without opening or locking it.
    package static func holdsIdentity(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + File.identity) }

    /// The identity in the folder; `nil` in a new one. Without a certificate it has not been enrolled yet.
    package func credentials() throws(WorkerError) -> NodeCredentials? {
        guard let bytes = try read(File.identity) else { return nil }
        do {
            return try NodeCredentials(decoding: bytes)
        } catch {
            throw damaged(File.identity, "\(error)")
        }
    }

    /// Keeps an identity, and the coordinators that it was told of. The identity is written last: where it has a certificate,
    /// the rest is there too.
    package func store(_ credentials: NodeCredentials, coordinators: [Endpoint]) throws(WorkerError) {
        let bytes: [UInt8]
        do { bytes = try credentials.encoded() } catch { throw WorkerError(.usage, "the identity cannot be written: \(error)") }
        try write(File.coordinators, [UInt8](coordinators.map { "\($0)\n" }.joined().utf8))
        try write(File.identity, bytes)
    }

    /// Where the coordinators are, best first.
    package func coordinators() throws(WorkerError) -> [Endpoint] {
        guard let bytes = try read(File.coordinators) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").prefix(Limits.endpoints).compactMap { Endpoint($0) }
    }

    /// Where contacts of the DHT are kept.
    var contacts: ContactsFile { ContactsFile(folder) }

    // MARK: Boot epoch

    /// Counts this start, durably, before anybody hears of it. `nonce` is a random word.
    package func countStart(nonce: UInt32) throws(WorkerError) -> BootEpoch {  // ID-8.3
        var starts: UInt32 = 0
        if let bytes = try read(File.starts) {
            let text = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first ?? ""
            guard let number = UInt32(text), number < .max else { throw damaged(File.starts, "it is not a number") }
            starts = number
        }
        starts += 1
        try write(File.starts, [UInt8]("\(starts)\n".utf8))
        return BootEpoch(starts: starts, nonce: nonce)
    }

    // MARK: Files

    private enum File {
        static let identity = "identity"
        static let coordinators = "coordinators"
        static let starts = "starts"
    }

    private func read(_ name: String) throws(WorkerError) -> [UInt8]? {
        do { return try folder.read(name, limit: Limits.identityFile) } catch { throw WorkerError(error) }
    }

    private func write(_ name: String, _ bytes: [UInt8]) throws(WorkerError) {
        do { try folder.write(name, bytes) } catch { throw WorkerError(error) }
    }

    private func damaged(_ name: String, _ why: String) -> WorkerError {
        WorkerError(
            .usage, "\(folder.path)/\(name) is damaged (\(why)); restore it, or join again with a new token, a new name and a new folder")
    }
}
