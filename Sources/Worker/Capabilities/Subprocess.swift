import Foundation
import Synchronization

/// Runs a small program for its output.
enum Subprocess {
    /// What `program`, found through PATH, writes to its standard output; `nil` if it is not there, fails, or takes longer
    /// than `timeout`, in which case it is killed.
    static func output(_ program: String, _ arguments: [String], timeout: Duration) async -> String? {
        guard let path = find(program) else { return nil }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        guard (try? process.run()) != nil else { return nil }
        let identifier = process.processIdentifier
        let life = Life()
        let killer = Task {
            try await Task.sleep(for: timeout)
            life.endEarly(identifier)
        }
        defer { killer.cancel() }
        let reader = pipe.fileHandleForReading
        let (data, status) = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                let data = reader.readDataToEndOfFile()
                process.waitUntilExit()
                life.hasEnded()
                continuation.resume(returning: (data, process.terminationStatus))
            }
        }
        return status == 0 ? String(decoding: data, as: UTF8.self) : nil
    }

    private static func find(_ program: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Whether the process still runs. The lock keeps one that has ended, and whose number may belong to another by now,
    /// from being killed.
    private final class Life: Sendable {
        private let isOver = Mutex(false)
        func hasEnded() { isOver.withLock { $0 = true } }
        func endEarly(_ identifier: Int32) { isOver.withLock { if !$0 { kill(identifier, SIGKILL) } } }
    }
}
