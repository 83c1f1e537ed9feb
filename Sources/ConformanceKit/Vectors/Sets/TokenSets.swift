import Wire

/// Join tokens as texts, and codes of errors.
enum TokenSets {
    static func all() throws -> [VectorSet] {
        [
            VectorSet(name: "tokens-written", kind: .tokenText, description: "Join tokens from what stands in them.", cases: written()),
            VectorSet(
                name: "tokens", kind: .token, description: "Texts that are join tokens, and texts that are not.",
                cases: try texts() + contents()),
            VectorSet(
                name: "error-codes", kind: .errorCode, description: "Every error code, with and without its highest bit.", cases: codes()),
            VectorSet(
                name: "durations", kind: .duration, description: "Texts that are durations, and texts that are not.", cases: durations()),
        ]
    }

    private static func value(_ endpoints: [String]) -> VectorValue {
        [
            "id": Label.hex("token id", 16), "secret": Label.hex("token secret"), "authority": Label.hex("token authority"),
            "endpoints": .array(endpoints.map(VectorValue.string)),
        ]
    }

    private static func written() -> [VectorCase] {
        let rows: [(String, String, [String], String?)] = [
            ("one", "one coordinator", ["10.0.0.1:7700"], nil), ("two", "two coordinators", ["a.example:1", "[2001:db8::1]:65535"], nil),
            ("none", "no coordinator", [], nil), ("eight", "eight coordinators", (1...8).map { "c\($0).example:7700" }, nil),
            ("nine", "nine coordinators", (1...9).map { "c\($0).example:7700" }, "oversized"),
        ]
        return rows.map { VectorCase($0.0, Clauses.codec($0.3), $0.1, value($0.2), error: $0.3) }
    }

    private static func text(_ endpoints: [String]) throws -> String {
        guard case .output(let output) = try VectorKind.tokenText.run(value(endpoints), line: 0) else { return "" }
        return output["text"]?.text ?? ""
    }

    /// The text of any stream, with its checksum.
    private static func text(of stream: [UInt8]) -> String {
        let checksum = SHA256.hash(Array("WM/1 draft join token".utf8) + [0], stream).bytes.prefix(4)
        return "wmj1_" + Base64URL.encode(stream + checksum)
    }

    private static func texts() throws -> [VectorCase] {
        let good = try text(["10.0.0.1:7700"])
        let body = good.dropFirst(5)
        func changed(at index: Int) -> String {
            var characters = Array(good)
            characters[index] = characters[index] == "A" ? "B" : "A"
            return String(characters)
        }
        let limit = "wmj1_" + String(repeating: "A", count: 4_096)
        let rows: [(String, String, String, String?)] = [
            ("good", "a token", good, nil), ("spaces", "white space around a token", " \t\r\n\u{b}\u{c}" + good + "\n\n ", nil),
            ("none", "a token without coordinators", try text([]), nil),
            ("two", "two coordinators", try text(["a.example:1", "[2001:db8::1]:65535"]), nil),
            ("empty", "an empty text", "", "not-a-token"), ("blank", "white space", " \n", "not-a-token"),
            ("word", "another word", "hello", "not-a-token"),
            ("prefix-cut", "a part of the prefix", "wmj1", "not-a-token"),
            ("prefix-upper", "the prefix in capitals", "WMJ1_" + body, "not-a-token"),
            ("prefix-2", "another version of the prefix", "wmj2_" + body, "not-a-token"),
            ("prefix-dash", "a hyphen in the prefix", "wmj1-" + body, "not-a-token"),
            ("before", "a word before the token", "token " + good, "not-a-token"),
            ("quote", "a quoted token", "\"" + good + "\"", "not-a-token"),
            ("bare", "the prefix alone", "wmj1_", "mistyped-token"),
            ("checksum-only", "four bytes: a checksum and nothing else", "wmj1_AAAAAA", "mistyped-token"),
            ("behind", "a word behind the token", good + " x", "mistyped-token"),
            ("inner-space", "a space within", good.prefix(20) + " " + good.dropFirst(20), "mistyped-token"),
            ("inner-line", "a line end within", good.prefix(40) + "\n" + good.dropFirst(40), "mistyped-token"),
            ("padding", "padding", good + "=", "mistyped-token"),
            ("cut", "the last character is not there", String(good.dropLast()), "mistyped-token"),
            ("cut-half", "half a token", String(good.prefix(good.count / 2)), "mistyped-token"),
            ("longer", "a character more", good + "A", "mistyped-token"), ("twice", "the token twice", good + good, "mistyped-token"),
            ("plus", "the alphabet of plain base64", "wmj1_+/" + body.dropFirst(2), "mistyped-token"),
            ("beyond-ascii", "a letter beyond ASCII", good + "\u{e9}", "mistyped-token"),
            ("no-break-space", "a no-break space behind", good + "\u{a0}", "mistyped-token"),
            ("long", "4,101 characters", limit, "mistyped-token"),
            ("zero-byte", "a zero byte behind", good + "\u{0}", "mistyped-token"),
        ]
        let slips = [5, 10, 30, 60, good.count - 6, good.count - 1].map { index in
            VectorCase(
                "slip-\(index)", Clauses.tokenChecksum, "character \(index) is another", ["text": .string(changed(at: index))],
                error: "mistyped-token")
        }
        return rows.map { VectorCase($0.0, clauses($0.0, $0.3), $0.1, ["text": .string($0.2)], error: $0.3) } + slips + trailingBits()
    }

    private static func clauses(_ id: String, _ error: String?) -> [String] {
        switch error {
        case "not-a-token": Clauses.tokenPrefix
        case "mistyped-token":
            ["bare", "checksum-only", "cut", "cut-half", "longer", "twice"].contains(id) ? Clauses.tokenChecksum : Clauses.tokenText
        default: Clauses.tokenSpace
        }
    }

    /// Base64 has bits behind the last byte; there is one text for each value.
    private static func trailingBits() -> [VectorCase] {
        let stream = TLVBytes.join([
            (2, Label.bytes("token id", 16)), (4, Label.bytes("token secret")), (6, Label.bytes("token authority")),
        ])
        return [1, 2].map { extra in
            let text = text(of: stream + TLVBytes.field(101, [UInt8](repeating: 0, count: extra)))
            let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
            let last = alphabet.firstIndex(of: text.last ?? "A") ?? 0
            let used = text.count % 4
            return VectorCase(
                "bits-\(extra)", Clauses.tokenText, "a bit behind the last byte is set, with \(used) characters in the last group",
                ["text": .string(text.dropLast() + String(alphabet[last | 1]))], error: last & 1 == 0 ? "mistyped-token" : nil)
        }
    }

    /// The checksum fits, the stream does not.
    private static func contents() -> [VectorCase] {
        let fields: [(type: UInt16, value: [UInt8])] = [
            (2, Label.bytes("token id", 16)), (4, Label.bytes("token secret")), (6, Label.bytes("token authority")),
            (8, TLVBytes.list([Array("10.0.0.1:7700".utf8)])),
        ]
        let forms: [(String, FieldForm)] = [("id", .fixed(16)), ("secret", .fixed(32)), ("authority", .bytes32), ("endpoints", .endpoints)]
        var cases: [VectorCase] = []
        func add(_ id: String, _ text: String, _ stream: [UInt8], _ error: String?, _ clauses: [String]? = nil) {
            cases.append(
                VectorCase("stream-\(id)", clauses ?? Clauses.codec(error), text, ["text": .string(Self.text(of: stream))], error: error))
        }
        for (index, (name, form)) in forms.enumerated() {
            var without = fields
            without.remove(at: index)
            add("no-\(name)", "without \(name)", TLVBytes.join(without), name == "endpoints" ? nil : "missing")
            var twice = fields
            twice.insert(fields[index], at: index)
            add("twice-\(name)", "\(name) stands twice", TLVBytes.join(twice), "unordered")
            for mistake in form.mistakes {
                var wrong = fields
                wrong[index].value = mistake.value
                add("\(name)-\(mistake.id)", "\(name) has \(mistake.text)", TLVBytes.join(wrong), mistake.error, form.clauses(mistake))
            }
        }
        add("odd", "an unknown odd field", TLVBytes.join(fields) + TLVBytes.field(101, [1]), nil)
        add("even", "an unknown even field", TLVBytes.join(fields) + TLVBytes.field(100, [1]), "unknown-critical")
        add("byte", "one byte", [0], "truncated")
        add("cut", "the last byte of the stream is not there", Array(TLVBytes.join(fields).dropLast()), "truncated")
        return cases
    }

    private static func durations() -> [VectorCase] {
        let good = [
            "1ms", "500ms", "30s", "5m", "1h", "60m", "3600s", "3600000ms", "3600001ms", "2h", "99999999999h", "007s",
            "18446744073709551615ms",
            "99999999999999999999999999s",
        ]
        let bad = [
            "", "s", "1", "0s", "000ms", "-1s", "+1s", "1.5s", "1e3s", "1 s", " 1s", "1s ", "1S", "1Ms", "1sec", "1d", "1us", "ms", "1m30s",
            "0x1s",
            "\u{661}s", "1_000s", "1s\n",
        ]
        return good.map { VectorCase("good-\($0.prefix(24))", Clauses.durations, "a duration", ["text": .string($0)]) }
            + bad.enumerated().map { index, text in
                VectorCase("bad-\(index)", Clauses.durations, "not a duration", ["text": .string(text)], error: "bad-value")
            }
    }

    private static func codes() -> [VectorCase] {
        let known = ErrorCode.table.flatMap { row in [row.code.base.rawValue, row.code.base.rawValue | 0x8000] }
        let unknown: [UInt16] = [0x0008, 0x000F, 0x001F, 0x0029, 0x0040, 0x0100, 0x7FFF, 0x8008, 0xC000, 0xFFFF]
        return (known + unknown).map { code in
            let bytes = [UInt8(truncatingIfNeeded: code >> 8), UInt8(truncatingIfNeeded: code)]
            let what = known.contains(code) ? ErrorCode(rawValue: code).name : "a code that nobody knows"
            return VectorCase(
                "code-\(bytes.hex)", Clauses.errors, "\(what)\(code & 0x8000 != 0 ? ", not processed" : "")", ["code": .number(code)])
        }
    }
}
