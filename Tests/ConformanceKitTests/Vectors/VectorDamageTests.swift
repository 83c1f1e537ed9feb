import ConformanceKit
import Foundation
import Testing

/// Vectors of every kind with one value of another type, or one field too many, wherever in them: each is refused.
@Suite struct VectorDamageTests {
    @Test func noDamageIsOverlooked() throws {
        var (count, forms) = (0, Set<String>())
        for name in try FileManager.default.contentsOfDirectory(atPath: VectorSuiteTests.folder.path) where name != "schema.json" {
            guard name.hasSuffix(".json") else { continue }
            let bytes = try Data(contentsOf: VectorSuiteTests.folder.appending(path: name))
            let file = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
            for vector in try #require(file["vectors"] as? [[String: Any]]) where "\(vector)".count < 5_000 {
                guard forms.insert("\(file["kind"] ?? "") \(Self.form(vector))").inserted else { continue }
                for damaged in Self.damages(vector) {
                    count += 1
                    let text = try JSONSerialization.data(withJSONObject: file.merging(["vectors": [damaged]]) { $1 }, options: .sortedKeys)
                    #expect(throws: VectorFormatError.self, "\(name): \(String(decoding: text.prefix(2_000), as: UTF8.self))") {
                        try VectorSuite.check(Array(text))
                    }
                }
            }
        }
        #expect(count > 1_000)
    }

    /// Vectors with an output and with an error, of each message and of each role, have forms of their own.
    private static func form(_ vector: [String: Any]) -> String {
        let input = vector["input"] as? [String: Any]
        return "\(vector["error"] == nil) \(input?["message"] ?? "") \(input?["role"] ?? "")"
    }

    /// The value with one damage in it, for each place where there can be one.
    private static func damages(_ value: Any) -> [Any] {
        switch value {
        case let object as [String: Any]:
            var found: [Any] = [object.merging(["surprise": 1]) { $1 }, "x"]
            for (key, inner) in object {
                found += damages(inner).map { damaged in object.merging([key: damaged]) { $1 } }
            }
            return found
        case let list as [Any]:
            let first = list.first.map { damages($0).map { [$0] + list.dropFirst() } } ?? []
            return [[String: Any]()] + first
        default: return [[String: Any]()]
        }
    }
}
