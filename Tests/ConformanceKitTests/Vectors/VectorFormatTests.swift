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
        ("\"kind\": \"tlv\"", "\"kind\": \"tlw\"", 3, "\"kind\" must be one of noise, "),
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
        ("\"output\"", "\"outputs\"", 13, "the vector \"one\": unknown field \"outputs\""),
        ("\"value\": 255", "\"value\": 255, \"more\": 1", 14, "the vector \"one\": unknown field \"more\""),
        ("\"value\": 255", "\"values\": 255", 14, "the vector \"one\": the field \"value\" is missing"),
        ("[{\"type\": 2, \"value\": 255}]", "\"ff\"", 14, "the vector \"one\": \"fields\" must be an array"),
        ("\"clauses\": []", "\"clauses\": [\"x\"]", 7, "the vector \"one\": \"clauses\" must be of the form "),
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

    @Test func aFileWithoutAVectorIsRefused() throws {
        let text = #"{"description": "d", "kind": "tlv", "vectors": []}"#
        let error = try #require(throws: VectorFormatError.self) { try VectorSuite.check(Array(text.utf8)) }
        #expect(error.line == 1 && error.reason == "\"vectors\" must have at least one element or character")
    }

    @Test func anIDThatStandsTwiceIsRefused() throws {
        let vectors =
            try #require(Self.good.range(of: "{\n      \"id\"")).lowerBound..<(try #require(Self.good.range(of: "\n  ]\n}"))).lowerBound
        let text = Self.good.replacingCharacters(in: vectors, with: Self.good[vectors] + ",\n" + Self.good[vectors])
        let error = try #require(throws: VectorFormatError.self) { try VectorSuite.check(Array(text.utf8)) }
        #expect(error.line == 18 && error.reason == "the id \"one\" stands twice", "\(error)")
    }

    @Test func anUnknownNameOfAnErrorIsRefused() throws {
        let output = try #require(Self.good.range(of: "\"output\""))
        let text = Self.good[..<output.lowerBound] + "\"error\": \"broken\" } ] }"
        let error = try #require(throws: VectorFormatError.self) { try VectorSuite.check(Array(text.utf8)) }
        #expect(error.line == 13 && error.reason.hasPrefix("the vector \"one\": \"error\" must be a name of registry.json"), "\(error)")
    }

    @Test(arguments: ["", "[", "{", "nul", "\"\\u12\"", "\"\\ud800\"", "\"a", String(repeating: "[", count: 100_000), "{} {}", "01", "-"])
    func whatIsNotJSONIsRefused(text: String) {
        #expect(throws: VectorFormatError.self) { try VectorSuite.check(Array(text.utf8)) }
    }
}
