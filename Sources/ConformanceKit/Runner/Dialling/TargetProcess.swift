import Foundation
import Synchronization

/// A target that the runner has started: ends with the case.
final class TargetProcess: Sendable {
    private let process: Mutex<Process>
    private let folder: URL

    /// Runs `command` by the shell, its output into a file of `folder`.
    init(_ command: String, folder: URL) throws {
        self.folder = folder
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "exec " + command]
        let log = folder.appending(path: "output")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let output = try FileHandle(forWritingTo: log)
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        try? output.close()
        self.process = Mutex(process)
    }

    /// Whether it has ended in another way than well.
    var hasFailed: Bool { process.withLock { !$0.isRunning && ($0.terminationReason == .uncaughtSignal || $0.terminationStatus != 0) } }

    /// Whether it never began: the shell says so by these two codes where there is no such command, or none that can be run.
    var hasNotBegun: Bool {
        process.withLock { !$0.isRunning && $0.terminationReason == .exit && [126, 127].contains($0.terminationStatus) }
    }

    /// What is wrong with `command` before anything is run; `nil` where the shell can read it.
    static func fault(in command: String) -> String? {
        guard command.contains("{TOKEN}") else { return "it has no {TOKEN}, without which the target cannot join" }
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-n", "-c", "exec " + command]
        let errors = Pipe()
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        do { try process.run() } catch { return "there is no /bin/sh to run it: \(error.localizedDescription)" }
        let words = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return process.terminationStatus == 0 ? nil : "the shell cannot read it, " + words.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The last lines that it printed.
    var lastWords: String {
        let text = (try? String(contentsOf: folder.appending(path: "output"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(2).joined(separator: " / ")
    }

    /// Asks it to end, and ends it where it does not.
    func stop() async {
        let id = process.withLock { process in
            if process.isRunning { process.terminate() }
            return process.processIdentifier
        }
        for _ in 0..<100 where process.withLock(\.isRunning) { try? await Task.sleep(for: .milliseconds(10)) }
        process.withLock { if $0.isRunning { kill(id, SIGKILL) } }
        try? FileManager.default.removeItem(at: folder)
    }
}
