import ConformanceKit
import Foundation
import Testing

/// Files that are not vectors are refused with the line; vectors that do not hold are told.
@Suite struct VectorFormatTests {
    private static let good = """
        {
          "description": "d",
          "kind": "tlv",
          "vectors": [
            {
              "id": "one",
              "clauses": [],
              "description": "d",
              "input": {
                "stream": "00020001ff",
                "known": [{"type": 2, "form": "u8"}]
              },
              "output": {
                "fields": [{"type": 2, "value": 255}]
              }
            }
          ]
        }
        """

    @Test func aGoodFilePasses() throws {
        let report = try VectorSuite.check(Array(Self.good.utf8))
        #expect(report.summary == "1 passed, 0 failed")
    }

    @Test(arguments: [("255", "254"), ("00020001ff", "00020001fe"), ("00020001ff", "0002")])
    func aVectorThatDoesNotHoldFails(change: (String, String)) throws {
        let text = Self.good.replacingOccurrences(of: change.0, with: change.1)
        let report = try VectorSuite.check(Array(text.utf8))
        #expect(report.failures.count == 1)
        #expect(report.failures.first?.hasPrefix("one: line 6: ") == true)
    }

    @Test func anExpectedErrorThatDoesNotComeFails() throws {
        let output = try #require(Self.good.range(of: "\"output\""))
        let text = Self.good[..<output.lowerBound] + "\"error\": \"truncated\" } ] }"
        #expect(try VectorSuite.check(Array(text.utf8)).failures.count == 1)
    }

    @Test(arguments: [
        ("\"kind\": \"tlv\"", "\"kind\": \"tlw\"", 1, "unknown kind"),
        ("\"description\": \"d\",\n  \"kind\"", "\"kind\"", 2, "missing"),
        ("\"kind\": \"tlv\"", "\"kind\": \"tlv\", \"more\": 1", 3, "unknown field \"more\""),
        ("\"id\": \"one\"", "\"id\": \"one\", \"note\": \"\"", 6, "unknown field \"note\""),
        ("\"id\": \"one\"", "\"id\": 1", 6, "\"id\" must be a string"),
        ("\"00020001ff\"", "\"00020001FF\"", 10, "lower-case"),
        ("\"00020001ff\"", "\"00020001f\"", 10, "lower-case"),
        ("\"00020001ff\"", "null", 10, "expected"),
        ("\"stream\"", "\"streams\"", 10, "missing"),
        ("\"form\": \"u8\"", "\"form\": \"u9\"", 11, "one of u8"),
        ("\"form\": \"u8\"", "\"form\": \"u8\", \"bound\": 3", 11, "unknown field \"bound\""),
        ("\"type\": 2, \"form\"", "\"type\": 65536, \"form\"", 11, "whole number"),
        ("\"type\": 2, \"form\"", "\"type\": 2.5, \"form\"", 11, "whole number"),
        ("\"fields\"", "\"fields\": [], \"extra\"", 14, "unknown field \"extra\""),
        ("\"output\"", "\"outputs\"", 6, "missing"),
        ("\"clauses\": []", "\"clauses\": [], \"clauses\": []", 7, "stands twice"),
        ("]\n}", "]", 17, "end of an object"),
    ])
    func aFileThatIsNotOneOfVectorsIsRefusedWithItsLine(from: String, to: String, line: Int, reason: String) throws {
        let text = Self.good.replacingOccurrences(of: from, with: to)
        #expect(text != Self.good)
        let error = try #require(throws: VectorFormatError.self) { try VectorSuite.check(Array(text.utf8)) }
        #expect(error.line == line, "\(error)")
        #expect(error.reason.contains(reason), "\(error)")
    }

    @Test(arguments: ["", "[", "{", "nul", "\"\\u12\"", "\"\\ud800\"", "\"a", String(repeating: "[", count: 100_000), "{} {}", "01", "-"])
    func whatIsNotJSONIsRefused(text: String) {
        #expect(throws: VectorFormatError.self) { try VectorSuite.check(Array(text.utf8)) }
    }
}
