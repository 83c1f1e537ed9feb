import Foundation

/// Runs a program to its end.
enum Subprocess {
    struct Outcome {
        var code: Int32
        var output: String
    }

    static func run(_ arguments: [String]) async throws -> Outcome {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = await withCheckedContinuation { continuation in
            // A thread of its own: the pool that runs tasks has as many as there are cores.
            Thread.detachNewThread {
                let data = output.fileHandleForReading.readDataToEndOfFile()
                process.waitUntilExit()
                continuation.resume(returning: data)
            }
        }
        return Outcome(code: process.terminationStatus, output: String(decoding: data, as: UTF8.self))
    }
}
