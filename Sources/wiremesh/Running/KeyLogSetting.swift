import Foundation
import Logging
import Transport

/// `WIREMESH_KEYLOG=FILE`: for people who look at a capture. Environment only, so that no file of settings turns it on for good.
enum KeyLogSetting {
    /// The key log that was asked for, which it says at every start.
    /// - Throws: a `Failure` where the file cannot be written or others may read it.
    static func open(_ logger: Logger) throws -> KeyLog? {
        guard let path = ProcessInfo.processInfo.environment["WIREMESH_KEYLOG"], !path.isEmpty else { return nil }
        let log: KeyLog
        do { log = try KeyLog(path: path) } catch { throw Failure.usage("WIREMESH_KEYLOG: \(error).") }
        logger.warning(
            "the keys of every link are written to a file: whoever reads it reads all that is said; unset WIREMESH_KEYLOG to stop",
            metadata: ["file": "\(path)"])
        return log
    }
}
