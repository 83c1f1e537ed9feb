import Foundation
import Wire

/// Whether a node's data folder can be used, and whether the certificate in it is good. Reads only: the node may be running.
enum FolderCheck {
    /// What was found, and the name of the worker whose folder it is.
    static func run(_ path: String, now: UnixTime) -> (checks: [Check], worker: String?) {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            return ([.note("data folder", "\(path) is not there yet: the first start makes it")], nil)
        }
        guard attributes[.type] as? FileAttributeType == .typeDirectory else {
            return ([.bad("data folder", "\(path) is not a folder", next: "name another one with --data")], nil)
        }
        guard let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue, mode & 0o077 == 0 else {
            return ([.bad("data folder", "other users can enter \(path)", next: "chmod 700 \(path)")], nil)
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            return ([.bad("data folder", "this user cannot write \(path)", next: "run as the user that the node runs as")], nil)
        }
        var checks = [space(path)]
        guard let bytes = FileManager.default.contents(atPath: path + "/identity") else { return (checks, nil) }
        let (check, name) = identity(Array(bytes), path, now)
        checks.append(check)
        return (checks, name)
    }

    private static func space(_ path: String) -> Check {
        let values = try? FileManager.default.attributesOfFileSystem(forPath: path)
        let free = (values?[.systemFreeSize] as? NSNumber)?.uint64Value ?? 0
        guard free >= 16 << 20 else {
            return .bad(
                "data folder", "the disk of \(path) has \(free >> 20) MiB left",
                next: "free some space: a renewed certificate must be written")
        }
        return .good("data folder", "\(path) is private and can be written, \(free >> 30) GiB are free")
    }

    private static func identity(_ bytes: [UInt8], _ path: String, _ now: UnixTime) -> (Check, String?) {
        let again = "restore the folder, or join again with a new token and a new folder"
        guard let credentials = try? NodeCredentials(decoding: bytes) else {
            return (.bad("certificate", "\(path)/identity is damaged", next: again), nil)
        }
        guard let certificate = credentials.certificate else {
            return (.note("certificate", "there is none yet: this worker has not been admitted"), nil)
        }
        guard certificate.issuedAt.seconds <= now.seconds + 300 else {
            let finding = "the certificate of \(certificate.name) was issued in the future: this machine's clock is behind"
            return (.bad("certificate", finding, next: "set the clock"), certificate.name)
        }
        guard !certificate.isExpired(at: now) else {
            let finding = "the certificate of \(certificate.name) expired \((now.seconds - certificate.expires.seconds) / 60) minutes ago"
            return (
                .bad("certificate", finding, next: "start the worker where it can reach a coordinator: it renews by itself"),
                certificate.name
            )
        }
        let hours = (certificate.expires.seconds - now.seconds) / 3_600
        return (.good("certificate", "this is \(certificate.name), certified for \(hours) more hours"), certificate.name)
    }
}
