import ConformanceKit
import Foundation
import Testing
import Wire

/// The files of spec/vectors: this program writes them and passes them.
@Suite struct VectorSuiteTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../spec/vectors").standardized

    private static func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") && $0 != "schema.json" }.sorted()
    }

    @Test func regeneratingChangesNothing() throws {
        let generated = try VectorSuite.generate()
        #expect(generated.map(\.name).sorted() == (try Self.files()))
        for file in generated {
            let committed = try String(contentsOf: Self.folder.appending(path: file.name), encoding: .utf8)
            #expect(committed == file.text, "\(file.name): wiremesh conformance vectors generate spec/vectors")
        }
    }

    @Test func everyVectorPasses() throws {
        var total = VectorSuite.Report()
        for file in try Self.files() {
            let report = try VectorSuite.check([UInt8](Data(contentsOf: Self.folder.appending(path: file))))
            #expect(report.failures.isEmpty, "\(file)")
            total.add(report)
        }
        #expect(total.passed > 0)
        #expect(total.skipped == 0 || !Suite.aesGCM.isAvailable)
    }
}
