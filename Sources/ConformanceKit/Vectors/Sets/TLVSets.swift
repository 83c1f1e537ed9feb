import Wire

/// The canonical codec: order, unknown types, lengths, and each form of a value.
struct TLVSets {
    static func all() -> VectorSet {
        var set = TLVSets()
        set.order()
        set.unknown()
        set.cuts()
        set.integers()
        set.texts()
        set.names()
        set.endpoints()
        set.lists()
        return VectorSet(
            name: "tlv", kind: .tlv, description: "TLV streams, read with a table of the types that the reader knows.", cases: set.cases)
    }

    private var cases: [VectorCase] = []

    private static func known(_ forms: [(Int, String)]) -> VectorValue {
        .array(forms.map { ["type": .int($0.0), "form": .string($0.1)] })
    }

    private static let plain = known([(2, "u8"), (4, "u16"), (7, "bytes"), (8, "text")])

    private mutating func add(
        _ id: String, _ clauses: [String], _ text: String, _ stream: [UInt8], _ known: VectorValue = plain, error: String? = nil
    ) {
        cases.append(VectorCase(id, clauses, text, ["stream": .hex(stream), "known": known], error: error))
    }

    private mutating func add(_ id: String, _ text: String, _ form: String, _ value: [UInt8], _ clauses: [String], error: String? = nil) {
        add("\(form)-\(id)", clauses, text, TLVBytes.field(2, value), Self.known([(2, form)]), error: error)
    }
}

extension TLVSets {
    private mutating func order() {
        let (a, b, c) = (TLVBytes.integer(2, UInt8(1)), TLVBytes.integer(4, UInt16(2)), TLVBytes.text(8, "x"))
        add("empty", Clauses.tlv, "no field", [])
        add("one", Clauses.tlv, "one field", a)
        add("three", Clauses.tlv, "three fields", a + b + c)
        add("gap", Clauses.tlv, "types need not be consecutive", a + c)
        add("empty-value", Clauses.tlv, "a value without bytes", TLVBytes.field(7, []))
        add("reordered", Clauses.tlvOrder, "a lower type behind a higher one", b + a, error: "unordered")
        add("reordered-late", Clauses.tlvOrder, "the last two are swapped", a + c + b, error: "unordered")
        add("duplicate", Clauses.tlvOrder, "a type twice, the same value", a + a, error: "unordered")
        add("duplicate-other", Clauses.tlvOrder, "a type twice, another value", a + TLVBytes.integer(2, UInt8(9)), error: "unordered")
        add("duplicate-last", Clauses.tlvOrder, "the last type twice", a + b + c + c, error: "unordered")
        add(
            "duplicate-unknown", Clauses.tlvOrder, "an unknown odd type twice", TLVBytes.field(9, [1]) + TLVBytes.field(9, [1]),
            error: "unordered")
        add(
            "unordered-unknown", Clauses.tlvOrder, "unknown odd types out of order", TLVBytes.field(11, []) + TLVBytes.field(9, []),
            error: "unordered")
        add(
            "known-behind-unknown", Clauses.tlvOrder, "a known type behind a higher unknown one", TLVBytes.field(9, []) + c,
            error: "unordered")
        add(
            "missing", Clauses.tlvMissing, "a field that must be there is not", a,
            [["type": 2, "form": "u8"], ["type": 4, "form": "u16", "required": true]], error: "missing")
        add(
            "missing-all", Clauses.tlvMissing, "an empty stream without a field that must be there", [],
            [["type": 2, "form": "u8", "required": true]], error: "missing")
    }

    private mutating func unknown() {
        for type in [1, 3, 9, 255, 257, 32_769, 65_535] as [UInt16] {
            let stream =
                (type < 2 ? TLVBytes.field(type, [7]) : []) + TLVBytes.integer(2, UInt8(1))
                + (type > 2 ? TLVBytes.field(type, [7, 8]) : [])
            add("odd-\(type)", Clauses.tlvOdd, "the unknown odd type \(type) is skipped", stream)
        }
        for type in [0, 6, 10, 256, 32_768, 65_534] as [UInt16] {
            let first = type < 2 ? TLVBytes.field(type, [7]) : []
            let stream = first + TLVBytes.integer(2, UInt8(1)) + (type > 2 ? TLVBytes.field(type, [7]) : [])
            add("even-\(type)", Clauses.tlvEven, "the unknown even type \(type) is refused", stream, error: "unknown-critical")
        }
        add("odd-alone", Clauses.tlvOdd, "nothing but an unknown odd type", TLVBytes.field(13, Label.bytes("odd", 40)))
        add("odd-many", Clauses.tlvOdd, "ten unknown odd types", (10..<20).flatMap { TLVBytes.field(UInt16($0 * 2 + 1), [UInt8($0)]) })
        add("odd-empty", Clauses.tlvOdd, "an unknown odd type without bytes", TLVBytes.field(9, []))
        add("even-empty", Clauses.tlvEven, "an unknown even type without bytes", TLVBytes.field(10, []), error: "unknown-critical")
        add("odd-known", Clauses.tlvOdd, "a known odd type is read", TLVBytes.field(7, [1, 2, 3]))
        add(
            "even-nested", Clauses.tlvEven, "an unknown even type in a nested stream", TLVBytes.field(2, TLVBytes.field(2, [])),
            Self.known([(2, "stream")]), error: "unknown-critical")
        add(
            "odd-nested", Clauses.tlvOdd, "an unknown odd type in a nested stream", TLVBytes.field(2, TLVBytes.field(3, [])),
            Self.known([(2, "stream")]))
    }

    private mutating func cuts() {
        let stream = TLVBytes.integer(2, UInt8(1)) + TLVBytes.integer(4, UInt16(2)) + TLVBytes.text(8, "abc")
        for count in 1..<stream.count where count != 5 && count != 11 {
            add(
                "cut-\(count)", Clauses.tlvCut, "the stream ends after \(count) of \(stream.count) bytes", Array(stream.prefix(count)),
                error: "truncated")
        }
        add("trailing", Clauses.tlvCut, "one byte behind the last field", stream + [0], error: "truncated")
        add("trailing-3", Clauses.tlvCut, "three bytes behind the last field", stream + [0, 9, 0], error: "truncated")
        add("trailing-field", Clauses.tlvOrder, "four zero bytes behind the last field: type 0", stream + [0, 0, 0, 0], error: "unordered")
        add("length-1", Clauses.tlvCut, "a length one too great", TLVBytes.field(7, [1, 2], length: 3), error: "truncated")
        add(
            "length-max", Clauses.tlvCut, "a length of 65,535 with two bytes behind it", TLVBytes.field(7, [1, 2], length: 65_535),
            error: "truncated")
        add(
            "length-unknown", Clauses.tlvCut, "an unknown odd type whose length is too great", TLVBytes.field(9, [1], length: 2),
            error: "truncated")
        add(
            "length-swallow", Clauses.tlvCut, "a length that reaches into the next header",
            TLVBytes.field(7, [1], length: 3) + TLVBytes.text(8, "a"), error: "truncated")
        add(
            "nested-cut", Clauses.tlvCut, "a nested stream that ends within a header", TLVBytes.field(2, [0, 3, 0]),
            Self.known([(2, "stream")]), error: "truncated")
        add(
            "nested-length", Clauses.tlvCut, "a nested length beyond its field",
            TLVBytes.field(2, TLVBytes.field(3, [1], length: 9)) + Label.bytes("rest", 4),
            Self.known([(2, "stream")]), error: "truncated")
        add(
            "nested-order", Clauses.tlvOrder, "a nested stream out of order",
            TLVBytes.field(2, TLVBytes.field(5, []) + TLVBytes.field(3, [])),
            Self.known([(2, "stream")]), error: "unordered")
    }
}

extension TLVSets {
    private mutating func integers() {
        for (form, width) in [("u8", 1), ("u16", 2), ("u32", 4), ("u64", 8)] {
            let ones = [UInt8](repeating: 0xFF, count: width)
            let counting = (1...width).map { UInt8($0) }
            add("zero", "the smallest \(form)", form, [UInt8](repeating: 0, count: width), Clauses.tlvIntegers)
            add("one", "1 in its full width", form, [UInt8](repeating: 0, count: width - 1) + [1], Clauses.tlvIntegers)
            add("order", "the most significant byte first", form, counting, Clauses.tlvIntegers)
            add("high", "the highest bit alone", form, [0x80] + [UInt8](repeating: 0, count: width - 1), Clauses.tlvIntegers)
            add("max", "the greatest \(form)", form, ones, Clauses.tlvIntegers)
            for count in 0...9 where count != width {
                let value = [UInt8](repeating: 0, count: max(0, count - 1)) + (count > 0 ? [1] : [])
                add("width-\(count)", "\(count) bytes where \(form) has \(width)", form, value, Clauses.tlvIntegers, error: "bad-length")
            }
        }
        for value in [0, 1] as [UInt8] { add("\(value)", "a flag of \(value)", "flag", [value], Clauses.tlvFlags) }
        for value in [2, 3, 16, 127, 128, 254, 255] as [UInt8] {
            add("\(value)", "a flag of \(value)", "flag", [value], Clauses.tlvFlags, error: "bad-value")
        }
        add("empty", "a flag without a byte", "flag", [], Clauses.tlvIntegers, error: "bad-length")
        add("wide", "a flag of two bytes", "flag", [0, 1], Clauses.tlvIntegers, error: "bad-length")
        add("32", "32 bytes", "bytes32", Label.bytes("bytes32"), Clauses.tlv)
        for count in [0, 1, 31, 33, 64] {
            add(
                "\(count)", "\(count) bytes where 32 are due", "bytes32", Label.bytes("bytes32", count), Clauses.tlvIntegers,
                error: "bad-length")
        }
    }

    private mutating func texts() {
        let good: [(String, String)] = [
            ("ascii", "hello"), ("empty", ""), ("two", "\u{e9}"), ("three", "\u{20ac}"), ("four", "\u{1f600}"), ("combining", "e\u{301}"),
            ("zero", "a\u{0}b"), ("control", "line\nline\t\u{7f}"), ("quote", "\"\\/"), ("bom", "\u{feff}x"), ("last", "\u{10ffff}"),
        ]
        for (id, text) in good { add(id, "valid UTF-8", "text", Array(text.utf8), Clauses.tlvText) }
        let bad: [(String, String, [UInt8])] = [
            ("lone-continuation", "a continuation byte alone", [0x80]),
            ("cut-two", "a sequence of two that ends", [0xC3]),
            ("cut-three", "a sequence of three that ends", [0xE2, 0x82]),
            ("cut-four", "a sequence of four that ends", [0xF0, 0x9F, 0x98]),
            ("overlong-slash", "an overlong slash", [0xC0, 0xAF]),
            ("overlong-zero", "an overlong zero", [0xC0, 0x80]),
            ("overlong-three", "an overlong sequence of three", [0xE0, 0x80, 0xAF]),
            ("overlong-four", "an overlong sequence of four", [0xF0, 0x80, 0x80, 0xAF]),
            ("surrogate-high", "a high surrogate", [0xED, 0xA0, 0x80]),
            ("surrogate-low", "a low surrogate", [0xED, 0xBF, 0xBF]),
            ("beyond", "a point beyond U+10FFFF", [0xF4, 0x90, 0x80, 0x80]),
            ("five", "a sequence of five", [0xF8, 0x88, 0x80, 0x80, 0x80]),
            ("fe", "the byte FE", [0xFE]), ("ff", "the byte FF", [0xFF]),
            ("latin1", "Latin-1", [0x61, 0xE9, 0x62]),
            ("utf16", "UTF-16 with its mark", [0xFF, 0xFE, 0x61, 0x00]),
        ]
        for (id, text, bytes) in bad { add(id, text, "text", bytes, Clauses.tlvText, error: "bad-value") }
        for (count, error) in [(5, nil), (6, "bad-length")] as [(Int, String?)] {
            add(
                "text-limit-\(count)", Clauses.tlvLengths, "\(count) bytes where at most 5 are allowed",
                TLVBytes.field(2, Array("abcdef".utf8.prefix(count))),
                [["type": 2, "form": "text", "limit": 5]], error: error)
            add(
                "bytes-limit-\(count)", Clauses.tlvLengths, "\(count) bytes where at most 5 are allowed",
                TLVBytes.field(2, [UInt8](repeating: 1, count: count)),
                [["type": 2, "form": "bytes", "limit": 5]], error: error)
        }
        add(
            "text-limit-points", Clauses.tlvLengths, "a limit counts bytes, not characters", TLVBytes.text(2, "\u{20ac}\u{20ac}"),
            [["type": 2, "form": "text", "limit": 5]], error: "bad-length")
        add(
            "text-limit-first", Clauses.tlvLengths, "too long and not UTF-8: the length counts first",
            TLVBytes.field(2, [UInt8](repeating: 0xFF, count: 6)),
            [["type": 2, "form": "text", "limit": 5]], error: "bad-length")
    }

    private mutating func names() {
        let longest = String(repeating: "n", count: 128)
        for name in ["a", "Z", "0", "ocr", "worker-1", "a.b_c-d", "9lives", "a..b", "a-", "x.", longest] {
            add("good-\(name.prefix(12))", "a name", "name", Array(name.utf8), Clauses.names)
        }
        let bad = ["", "-a", ".a", "_a", "a b", "a/b", "a:b", "a\u{0}", "a\n", "\u{e9}", "a\u{301}", "a+b", "a@b", "a%20b", "~a"]
        for (index, name) in bad.enumerated() {
            add("bad-\(index)", "not a name", "name", Array(name.utf8), Clauses.names, error: "bad-value")
        }
        add("long", "a name of 129 bytes", "name", Array((longest + "n").utf8), Clauses.tlvLengths, error: "bad-length")
        add("not-utf8", "a name that is not UTF-8", "name", [0x61, 0xFF], Clauses.tlvText, error: "bad-value")
    }

    private mutating func endpoints() {
        let label = String(repeating: "h", count: 200)
        let good = ["localhost:1", "10.0.0.1:7700", "[::1]:7700", "host.example:65535", "h:0", "[fe80::1%eth0]:1", "\(label).example:443"]
        for (index, text) in good.enumerated() { add("good-\(index)", "host and port", "endpoint", Array(text.utf8), Clauses.endpoints) }
        let bad = [
            "", "host", "host:", ":1", "host:65536", "host:-1", "host:+1", "host:01", "host: 1", "ho st:1", "::1:7700", "[::1]", "[]:1",
            "[host]:1",
            "a/b:1", "host:1 ", "h\u{f6}st:1", "host:1:2", "[::1:7700", "host:\u{661}", "http://host:1",
        ]
        for (index, text) in bad.enumerated() {
            add("bad-\(index)", "not host and port in its one form", "endpoint", Array(text.utf8), Clauses.endpoints, error: "bad-value")
        }
        add(
            "long", "263 bytes", "endpoint", Array((String(repeating: "h", count: 259) + ":443").utf8), Clauses.tlvLengths,
            error: "bad-length")
    }

    private mutating func lists() {
        add("one", "a list of one", "list", TLVBytes.list([[1, 2]]), Clauses.tlvLists)
        add("three", "a list of three, one of them empty", "list", TLVBytes.list([[1], [], [2, 3]]), Clauses.tlvLists)
        add("empty-element", "a list of one empty element", "list", [0, 0], Clauses.tlvLists)
        add("long", "a list of fifty", "list", TLVBytes.list((0..<50).map { [UInt8($0)] }), Clauses.tlvLists)
        add("empty", "an empty list is to be left out", "list", [], Clauses.tlvMinimal, error: "not-minimal")
        add("half-length", "half a length", "list", [0], Clauses.tlvLists, error: "bad-length")
        add("cut", "an element that ends", "list", [0, 2, 1], Clauses.tlvLists, error: "bad-length")
        add("cut-second", "the second element ends", "list", TLVBytes.list([[1]]) + [0, 3, 1, 2], Clauses.tlvLists, error: "bad-length")
        add("trailing", "a byte behind the last element", "list", TLVBytes.list([[1], [2]]) + [0], Clauses.tlvLists, error: "bad-length")
        add(
            "length-max", "an element of 65,535 bytes in a value of four", "list", [0xFF, 0xFF, 1, 2], Clauses.tlvLists, error: "bad-length"
        )
        for (count, error) in [(3, nil), (4, "oversized")] as [(Int, String?)] {
            add(
                "list-limit-\(count)", Clauses.tlvMany, "\(count) elements where at most 3 are allowed",
                TLVBytes.field(2, TLVBytes.list([[UInt8]](repeating: [1], count: count))), [["type": 2, "form": "list", "limit": 3]],
                error: error)
        }
        add(
            "list-length-beyond", Clauses.tlvLists, "an element that would reach into the next field",
            TLVBytes.field(2, [0, 6, 1]) + TLVBytes.field(3, [1, 2, 3, 4]), Self.known([(2, "list"), (3, "bytes")]), error: "bad-length")
    }
}
