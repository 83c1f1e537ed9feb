import ArgumentParser
import Foundation
import Testing

@testable import wiremesh

/// What `conformance noise` and `conformance vectors check` make of files; the vectors themselves are tested elsewhere.
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

    /// The files that a shell's `spec/vectors/*.json` names: the schema is one of them.
    @Test func theSchemaAmongVectorsIsSkipped() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("spec/vectors").path
        try Conformance.Vectors.Check.parse([folder + "/ids.json", folder + "/schema.json", folder + "/durations.json"]).run()
    }

    /// Only under its own name: another file that is no vectors is refused.
    @Test func whatIsNoFileOfVectorsIsRefused() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("vectors-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let other = folder.appendingPathComponent("other.json").path
        try Data(#"{"$schema": "", "type": "object"}"#.utf8).write(to: URL(fileURLWithPath: other))
        let failure = #expect(throws: Failure.self) { try Conformance.Vectors.Check.parse([other]).run() }
        #expect(failure?.code == 2)
        let vectors = try String(
            contentsOf: Self.vectors.appending(path: "../../../spec/vectors/durations.json").standardized, encoding: .utf8)
        try vectors.replacing("\"milliseconds\"", with: "\"seconds\"", maxReplacements: 1)
            .write(toFile: other, atomically: true, encoding: .utf8)
        let line = try #require(vectors.split(separator: "\n").firstIndex { $0.contains("milliseconds") }) + 1
        let refusal = try #require(throws: Failure.self) { try Conformance.Vectors.Check.parse([other]).run() }
        #expect(refusal.code == 2)
        #expect("\(refusal)".contains("other.json:\(line): the vector \""), "\(refusal)")
    }

    @Test func whatIsNotAFileOfVectorsIsAUsageError() {
        for path in ["/no/such/file", #filePath] {
            let failure = #expect(throws: Failure.self) { try Conformance.Noise.parse([path]).run() }
            #expect(failure?.code == 2)
        }
    }
}
