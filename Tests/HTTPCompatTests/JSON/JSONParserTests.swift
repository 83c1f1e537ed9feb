import Testing
import Wire

@testable import HTTPCompat

@Suite struct JSONParserTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "12", "-3.25", "1e3", "1.0E-7", "12345678901234567890", "\"\"", "[]", "{}",
        "[1,[2,{\"a\":null}],\"x\"]", "{\"b\":1,\"a\":{\"c\":[true,false]}}", "{\"a\":1.0,\"a\":1}",
    ])
    func givesBackWhatItRead(text: String) throws {
        #expect(try JSONValue(parsing: text.utf8).encoded == text)
    }

    @Test func skipsWhiteSpace() throws {
        let value = try JSONValue(parsing: " \t\r\n{ \"a\" : [ 1 , 2 ] }\n".utf8)
        #expect(value == ["a": [1, 2]])
    }

    @Test(arguments: [
        (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9""#, "Aé"), (#""\ud83d\ude00""#, "😀"),
        (#""\u0000""#, "\u{0}"), ("\"é😀\"", "é😀"), (#""\uD83D\uDE00x""#, "😀x"),
    ])
    func unescapesStrings(json: String, text: String) throws {
        #expect(try JSONValue(parsing: json.utf8) == .string(text))
    }

    @Test(arguments: [
        ("", "Expecting value", 0), ("nul", "Expecting value", 0), ("[1,]", "Expecting value", 3), ("[1 2]", "Expecting ',' delimiter", 3),
        ("{\"a\" 1}", "Expecting ':' delimiter", 5), ("{a:1}", "Expecting property name enclosed in double quotes", 1),
        ("{\"a\":1,}", "Expecting property name enclosed in double quotes", 7), ("1 2", "Extra data", 2), ("01", "Extra data", 1),
        ("+1", "Expecting value", 0), (".5", "Expecting value", 0), ("1.", "Extra data", 1), ("1e", "Extra data", 1),
        ("-", "Expecting value", 0),
        ("NaN", "Expecting value", 0), ("\"a", "Unterminated string starting", 0), ("\"\\", "Invalid \\escape", 1),
        ("\"\\x\"", "Invalid \\escape", 1), ("\"\\u12\"", "Invalid \\uXXXX escape", 1), ("\"\\ud800\"", "Invalid \\uXXXX escape", 1),
        ("\"\\ud800\\u0041\"", "Invalid \\uXXXX escape", 1), ("\"\\udc00\"", "Invalid \\uXXXX escape", 1),
        ("\"a\nb\"", "Invalid control character", 2), ("{\"a\":", "Expecting value", 5), ("[", "Expecting value", 1),
        ("\u{FEFF}1", "Expecting value", 0),
    ])
    func refuses(text: String, message: String, offset: Int) {
        #expect {
            try JSONValue(parsing: text.utf8)
        } throws: { error in
            (error as? JSONError).map { $0.message == message && $0.offset == offset } ?? false
        }
    }

    @Test func saysTheLine() {
        #expect(throws: JSONError("Expecting value", at: 8, in: Array("{\n\"a\":\n tru}".utf8))) {
            try JSONValue(parsing: "{\n\"a\":\n tru}".utf8)
        }
        #expect((try? JSONValue(parsing: "".utf8)) == nil)
        let error = JSONError("Expecting value", at: 8, in: Array("{\n\"a\":\n tru}".utf8))
        #expect(error.line == 3)
    }

    @Test func refusesInvalidUTF8() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xC0, 0x80, 0x22]) }
    }

    @Test func limitsDepth() throws {
        func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        _ = try JSONValue(parsing: nested(Limits.jsonDepth).utf8)
        #expect(throws: JSONError.self) { try JSONValue(parsing: nested(Limits.jsonDepth + 1).utf8) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: "{\"a\":", count: 100_000).utf8) }
    }

    /// Every prefix and every single-byte change of a document either parses or throws; nothing traps.
    @Test func survivesDamage() throws {
        let document = Array(#"{"a":[1,-2.5e3,"x\u00e9\n",true,null],"b":{"c":"😀"}}"#.utf8)
        for end in document.indices { _ = try? JSONValue(parsing: document[..<end]) }
        for index in document.indices {
            for byte in UInt8.min...UInt8.max {
                var damaged = document
                damaged[index] = byte
                if let value = try? JSONValue(parsing: damaged) {
                    #expect(try JSONValue(parsing: value.encoded.utf8) == value)
                }
            }
        }
    }

    @Test func readsNumbers() throws {
        #expect(try JSONValue(parsing: "3.0".utf8).integer == 3)
        #expect(try JSONValue(parsing: "3.5".utf8).integer == nil)
        #expect(try JSONValue(parsing: "1e999".utf8).double == nil)
        #expect(try JSONValue(parsing: "1e30".utf8).integer == nil)
        #expect(try JSONValue(parsing: "9223372036854775807".utf8).integer == .max)
    }
}
