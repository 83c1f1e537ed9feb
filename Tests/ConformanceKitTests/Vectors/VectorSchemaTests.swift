import Foundation
import Testing

/// The files of spec/vectors against their JSON Schema, by a validator that is not ours.
@Suite struct VectorSchemaTests {
    /// How many vectors there are at least.
    private static let atLeast = 2_000

    @Test func everyFileFollowsTheSchema() async throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "validate.py")
        let python = VectorSuiteTests.folder.deletingLastPathComponent().deletingLastPathComponent().appending(path: ".venv/bin/python")
        let process = Process()
        process.executableURL = python
        process.arguments = [script.path, VectorSuiteTests.folder.path, String(Self.atLeast)]
        let problems = Pipe()
        process.standardError = problems
        try process.run()
        let text = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let bytes = problems.fileHandleForReading.readDataToEndOfFile()
                process.waitUntilExit()
                continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
            }
        }
        #expect(process.terminationStatus == 0, "\(text)")
    }
}
