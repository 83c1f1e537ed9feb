import Foundation
import NIOCore
import Testing
import Wire

@testable import HTTPCompat

@Suite struct JSONWriterTests {
    @Test func writesNestedObjects() {
        var json = JSONWriter()
        json.object { json in
            json.field("name", "a")
            json.field("none", String?.none)
            json.field("count", 3)
            json.field("load", 0.0)
            json.field("flag", true)
            json.field("list", array: [1, 2]) { $1.write(to: &$0) }
            json.field("empty", array: [Int]()) { $1.write(to: &$0) }
            json.field("inner") { (json: inout JSONWriter) in json.field("x", ["a", "b"]) }
            json.name("quo\"te")
            json.null()
        }
        #expect(
            String(buffer: json.buffer)
                == #"{"name":"a","none":null,"count":3,"load":0.0,"flag":true,"list":[1,2],"empty":[],"#
                + #""inner":{"x":["a","b"]},"quo\"te":null}"#
        )
    }

    /// What is written, Foundation reads back: every scalar below 0x300 and some above.
    @Test func escapesSoThatOthersRead() throws {
        let scalars = (0..<0x300).compactMap { Unicode.Scalar($0) } + ["\u{2028}", "😀", "\u{10FFFF}", "\u{FFFD}"]
        for scalar in scalars {
            let text = "a\(Character(scalar))b"
            var json = JSONWriter()
            json.string(text)
            let read = try JSONDecoder().decode(String.self, from: Data(json.buffer.readableBytesView))
            #expect(Array(read.utf8) == Array(text.utf8))
        }
    }

    @Test func writesNoInfinity() {
        var json = JSONWriter()
        json.array([Double.infinity, .nan, -.infinity, 0.5]) { $1.write(to: &$0) }
        #expect(String(buffer: json.buffer) == "[null,null,null,0.5]")
    }

    @Test func writesCapabilitiesInOrderAndMendsBrokenFragments() {
        let capabilities: [String: CapabilityValue] = [
            "b": .json("{\"x\":[1.0]}"), "a": .bool(true), "c": .int(-1), "d": .double(0.5), "e": .text("\""), "f": .json("},"),
        ]
        var json = JSONWriter()
        capabilities.write(to: &json)
        #expect(String(buffer: json.buffer) == #"{"a":true,"b":{"x":[1.0]},"c":-1,"d":0.5,"e":"\"","f":"},"}"#)
    }

    @Test func keepsCapabilitiesAsTheyCame() throws {
        let text = #"{"deep":{"b":[1,{"a":2.50}],"a":null},"gpu":"x","n":8,"on":true,"r":24.0}"#
        let value = try JSONValue(parsing: text.utf8)
        let capabilities = Dictionary(uniqueKeysWithValues: (value.members ?? []).map { ($0.name, CapabilityValue($0.value)) })
        var json = JSONWriter()
        capabilities.write(to: &json)
        #expect(String(buffer: json.buffer) == text)
        #expect(capabilities["n"] == .int(8))
    }

    @Test func writesTimesWithoutZone() {
        let time = WallTime(microseconds: 1_765_319_500_166_047)
        #expect(time.description.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.166047/) != nil)
        #expect(WallTime(microseconds: 5).description.hasSuffix(".000005"))
        #expect(WallTime(microseconds: -1).description.hasSuffix(".999999"))
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "yyyy-MM-dd'T'HH:mm:ss"
        #expect(time.description.hasPrefix(formatter.string(from: Date(timeIntervalSince1970: 1_765_319_500))))
    }
}
