import ArgumentParser
import Foundation
import Testing

@testable import wiremesh

/// What `conformance noise` makes of a file; the vectors themselves are HTTPCompat's to test.
@Suite struct ConformanceTests {
    private static let vectors = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Vectors/noise.json")

    @Test(arguments: [[], ["--json"]])
    func vectorsThatPassAreSuccess(options: [String]) throws {
        try Conformance.Noise.parse([Self.vectors.path] + options).run()
    }

    @Test(arguments: [[], ["--json"]])
    func aVectorThatFailsIsExitCodeOne(options: [String]) throws {
        let altered = FileManager.default.temporaryDirectory.appendingPathComponent("noise-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: altered) }
        let text = try String(contentsOf: Self.vectors, encoding: .utf8)
        try text.replacing("\"ciphertext\": \"a", with: "\"ciphertext\": \"b").write(to: altered, atomically: true, encoding: .utf8)
        #expect(throws: ExitCode.failure) { try Conformance.Noise.parse([altered.path] + options).run() }
    }

    @Test func whatIsNotAFileOfVectorsIsAUsageError() {
        for path in ["/no/such/file", #filePath] {
            let failure = #expect(throws: Failure.self) { try Conformance.Noise.parse([path]).run() }
            #expect(failure?.code == 2)
        }
    }
}
