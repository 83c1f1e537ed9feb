import Foundation
import Testing

@testable import wiremesh

/// Vectors that the Python library noiseprotocol computes: an engine that shares nothing with this one.
@Suite struct ConformanceTests {
    @Test func everyVectorOfNoiseprotocolPasses() throws {
        let vectors = try Self.vectors()
        let supported = vectors.compactMap { vector in vector.supported.map { (vector, $0.pattern, $0.suite) } }
        #expect(supported.count >= 21)
        #expect(supported.count < vectors.count, "those with another hash must be skipped")
        for (vector, pattern, suite) in supported {
            #expect(throws: Never.self, "\(vector.fullName)") { try NoiseVectorRun.play(vector, pattern: pattern, suite: suite) }
        }
    }

    @Test func anAlteredVectorFails() throws {
        var vector = try #require(try Self.vectors().first { $0.fullName == "Noise_XX_25519_ChaChaPoly_SHA256" })
        let (pattern, suite) = try #require(vector.supported)
        let original = vector.messages
        for index in original.indices {
            vector.messages = original
            vector.messages[index].ciphertext.replaceSubrange(...vector.messages[index].ciphertext.startIndex, with: "x")
            #expect(throws: Failure.self, "message \(index)") { try NoiseVectorRun.play(vector, pattern: pattern, suite: suite) }
        }
        vector.messages = original
        vector.handshakeHash = String(repeating: "0", count: 64)
        #expect(throws: Failure.self) { try NoiseVectorRun.play(vector, pattern: pattern, suite: suite) }
    }

    @Test func whatIsNotAFileOfVectorsIsAUsageError() {
        #expect(throws: Failure.self) { try NoiseVectorFile.read("/no/such/file") }
        #expect(throws: Failure.self) { try NoiseVectorFile.read(#filePath) }
    }

    /// Runs the script with the interpreter of `.venv`, which scripts/test-venv makes.
    private static func vectors() throws -> [NoiseVector] {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let root = here.deletingLastPathComponent().deletingLastPathComponent()
        let out = FileManager.default.temporaryDirectory.appendingPathComponent("noise-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: out) }
        let python = Process()
        python.executableURL = root.appendingPathComponent(".venv/bin/python3")
        python.arguments = ["-W", "ignore", here.appendingPathComponent("Fixtures/noise_vectors.py").path, out.path]
        try python.run()
        python.waitUntilExit()
        try #require(python.terminationStatus == 0, "run scripts/test-venv")
        return try NoiseVectorFile.read(out.path).vectors
    }
}
