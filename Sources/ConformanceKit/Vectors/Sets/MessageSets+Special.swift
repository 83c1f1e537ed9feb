import Wire

extension MessageSets {
    static func special() throws -> [VectorCase] { try capabilities() + services() + loads() + events() + notices() + answers() }

    /// The sample of a message with one field set to `value`.
    private static func with(_ message: String, _ type: UInt16, _ value: [UInt8]) throws -> VectorValue {
        guard let form = try MessageForm.all().first(where: { $0.message == message }) else {
            throw VectorMismatch("no message \(message)")
        }
        var fields = TLVBytes.split(form.sample)
        if let index = fields.firstIndex(where: { $0.type == type }) { fields[index].value = value }
        return vector(message, TLVBytes.join(fields))
    }

    private static func capability(_ key: String, _ kind: UInt8, _ value: [UInt8]) -> [UInt8] {
        TLVBytes.list([Array(key.utf8)]) + [kind] + value
    }

    private static func capabilities() throws -> [VectorCase] {
        let long = String(repeating: "k", count: 1_025)
        let json = String(repeating: "1", count: 16_385)
        let one = capability("a", 1, [1])
        let rows: [(String, String, [[UInt8]], String?)] = [
            ("flag-0", "false", [capability("a", 1, [0])], nil), ("flag-2", "a flag of 2", [capability("a", 1, [2])], "bad-value"),
            ("flag-wide", "a flag of two bytes", [capability("a", 1, [0, 1])], "bad-length"),
            ("i64-min", "the smallest i64", [capability("a", 2, [0x80, 0, 0, 0, 0, 0, 0, 0])], nil),
            ("i64-max", "the greatest i64", [capability("a", 2, [0x7F] + [UInt8](repeating: 255, count: 7))], nil),
            ("i64-short", "an i64 of seven bytes", [capability("a", 2, [UInt8](repeating: 0, count: 7))], "bad-length"),
            ("double-pi", "a double", [capability("a", 3, [0x40, 0x09, 0x21, 0xFB, 0x54, 0x44, 0x2D, 0x18])], nil),
            ("double-negative-zero", "-0.0", [capability("a", 3, [0x80, 0, 0, 0, 0, 0, 0, 0])], nil),
            ("double-least", "the least double above zero", [capability("a", 3, [0, 0, 0, 0, 0, 0, 0, 1])], nil),
            ("double-infinity", "infinity", [capability("a", 3, [0x7F, 0xF0, 0, 0, 0, 0, 0, 0])], "bad-value"),
            ("double-minus-infinity", "-infinity", [capability("a", 3, [0xFF, 0xF0, 0, 0, 0, 0, 0, 0])], "bad-value"),
            ("double-nan", "not a number", [capability("a", 3, [0x7F, 0xF8, 0, 0, 0, 0, 0, 0])], "bad-value"),
            ("double-short", "a double of four bytes", [capability("a", 3, [0x40, 0x09, 0x21, 0xFB])], "bad-length"),
            ("text-long", "text of 1,025 bytes", [capability("a", 4, Array(long.utf8))], "bad-length"),
            ("text-utf8", "text that is not UTF-8", [capability("a", 4, [0xFF])], "bad-value"),
            ("json-long", "JSON text of 16,385 bytes", [capability("a", 5, Array(json.utf8))], "bad-length"),
            ("json-unread", "JSON text is carried, not read", [capability("a", 5, Array("{not json".utf8))], nil),
            ("kind-0", "kind 0", [capability("a", 0, [1])], "bad-value"), ("kind-6", "kind 6", [capability("a", 6, [1])], "bad-value"),
            ("key-empty", "an empty key", [capability("", 1, [1])], "bad-length"),
            ("key-long", "a key of 1,025 bytes", [capability(long, 1, [1])], "bad-length"),
            ("key-utf8", "a key that is not UTF-8", [[0, 1, 0xFF, 1, 1]], "bad-value"),
            ("key-cut", "a key that ends", [[0, 9, 0x61, 1, 1]], "bad-length"), ("element-empty", "an empty element", [[]], "truncated"),
            ("element-short", "half a length", [[0]], "truncated"), ("no-kind", "a key and nothing else", [[0, 1, 0x61]], "bad-length"),
            ("no-value", "an empty text", [capability("a", 4, [])], nil),
            ("sorted", "keys in the order of their bytes", [capability("B", 1, [1]), one, capability("a\u{e9}", 1, [1])], nil),
            ("unsorted", "keys out of order", [capability("b", 1, [1]), one], "unordered"),
            ("twice", "a key twice", [one, one], "unordered"),
            (
                "flag-2-many", "a flag of 2, and 128 more",
                [capability("a", 1, [2])] + (0..<128).map { capability("k\(1_000 + $0)", 1, [1]) }, "bad-value"
            ),
            (
                "unsorted-many", "the first two out of order, and too many",
                [capability("b", 1, [1])] + (0..<128).map { capability("a\(1_000 + $0)", 1, [1]) }, "unordered"
            ),
            ("many", "129 of them", (0..<129).map { capability("k\(1_000 + $0)", 1, [1]) }, "oversized"),
        ]
        var cases = try rows.map { id, text, elements, error in
            VectorCase(
                "capabilities-\(id)", capabilityClauses(id, error), "capabilities: \(text)",
                try with("Registration", 13, TLVBytes.list(elements)),
                error: error)
        }
        cases.append(
            VectorCase(
                "capabilities-empty", Clauses.tlvMinimal, "capabilities: an empty list", try with("Registration", 13, []),
                error: "not-minimal"))
        return cases
    }

    private static func capabilityClauses(_ id: String, _ error: String?) -> [String] {
        let value =
            id.hasPrefix("double")
            ? Clauses.finite : id.hasPrefix("flag") ? Clauses.tlvFlags : id.hasPrefix("kind") ? Clauses.enums : Clauses.tlvText
        return error == "unordered"
            ? Clauses.sorted : Clauses.codec(error, good: Clauses.capabilities, value: value, length: Clauses.capabilities)
    }

    private static func services() throws -> [VectorCase] {
        func service(_ name: String) throws -> [UInt8] { try ServiceRecord(name: name).encode() }
        let broken = try service("a")
        let rows: [(String, String, [[UInt8]], String?)] = [
            ("sorted", "services in the order of the bytes of their names", [try service("B"), try service("a"), try service("a.b")], nil),
            ("unsorted", "services out of order", [try service("b"), try service("a")], "unordered"),
            ("twice", "a service twice", [try service("a"), try service("a")], "unordered"),
            ("element-empty", "an empty element", [[]], "missing"),
            ("element-cut", "an element that ends", [Array(broken.dropLast())], "truncated"),
            ("element-even", "an element with an unknown even field", [broken + TLVBytes.field(10, [])], "unknown-critical"),
            ("element-odd", "an element with an unknown odd field", [broken + TLVBytes.field(11, [])], nil),
            ("many", "257 of them", try (0..<257).map { try service("s\(1_000 + $0)") }, "oversized"),
            ("empty-many", "an empty element, and 256 more", [[]] + (try (0..<256).map { try service("s\(1_000 + $0)") }), "missing"),
        ]
        let empty = VectorCase(
            "services-empty", Clauses.tlvMinimal, "services: an empty list", try with("WorkerRecord", 20, []), error: "not-minimal")
        return try rows.map { id, text, elements, error in
            VectorCase(
                "services-\(id)", error == "unordered" ? Clauses.sorted : Clauses.codec(error), "services: \(text)",
                try with("WorkerRecord", 20, TLVBytes.list(elements)),
                error: error)
        } + [empty]
    }

    private static func loads() throws -> [VectorCase] {
        let one = try ServiceLoad(service: "a", load: MessageForm.report).encode()
        let rows: [(String, String, [[UInt8]], String?)] = [
            ("one", "one service", [one], nil), ("twice", "a service twice: a list that need not be sorted", [one, one], nil),
            ("element-empty", "an empty element", [[]], "missing"),
            ("element-cut", "an element that ends", [Array(one.dropLast())], "truncated"),
            ("many", "257 of them", [[UInt8]](repeating: one, count: 257), "oversized"),
        ]
        return try rows.map { id, text, elements, error in
            VectorCase(
                "load-\(id)", Clauses.codec(error), "LoadUpdate: \(text)", try with("LoadUpdate", 2, TLVBytes.list(elements)), error: error)
        } + [
            VectorCase("load-empty", Clauses.tlvMinimal, "LoadUpdate: an empty list", try with("LoadUpdate", 2, []), error: "not-minimal"),
            VectorCase("load-nothing", Clauses.tlv, "LoadUpdate: no field", vector("LoadUpdate", [])),
        ]
    }

    private static func events() throws -> [VectorCase] {
        let record = try MessageForm.record.encode()
        let small = try WorkerRecord(name: "w").encode()
        func event(_ kind: UInt8, _ rest: [(type: UInt16, value: [UInt8])]) -> [UInt8] {
            TLVBytes.join([(2, [kind]), (4, [0, 0, 0, 0, 0, 0, 0, 9])] + rest)
        }
        let name = Array("w".utf8)
        let list = TLVBytes.list([record, small])
        let rows: [(String, String, [UInt8], String?)] = [
            ("snapshot", "a snapshot of two", event(1, [(10, list)]), nil), ("snapshot-empty", "a snapshot of nothing", event(1, []), nil),
            ("snapshot-name", "a snapshot with a name", event(1, [(6, name)]), "bad-value"),
            ("snapshot-record", "a snapshot with one record", event(1, [(8, small)]), "bad-value"),
            ("snapshot-list", "a snapshot with an empty list", event(1, [(10, [])]), "not-minimal"),
            ("snapshot-cut", "a record of a snapshot that ends", event(1, [(10, TLVBytes.list([Array(small.dropLast())]))]), "truncated"),
            ("changed", "a worker has changed", event(2, [(8, record)]), nil),
            ("changed-none", "a change without a record", event(2, []), "missing"),
            ("changed-name", "a change with a name", event(2, [(6, name), (8, small)]), "bad-value"),
            ("changed-records", "a change with a list", event(2, [(8, small), (10, list)]), "bad-value"),
            ("changed-cut", "a changed record that ends", event(2, [(8, Array(small.dropLast()))]), "truncated"),
            ("removed-none", "a removal without a name", event(3, []), "missing"),
            ("removed-record", "a removal with a record", event(3, [(6, name), (8, small)]), "bad-value"),
            ("removed-records", "a removal with a list", event(3, [(6, name), (10, list)]), "bad-value"),
        ]
        return rows.map {
            VectorCase(
                "watch-\($0.0)", ["truncated", "not-minimal"].contains($0.3) ? Clauses.codec($0.3) : Clauses.eventFields,
                "WatchEvent: \($0.1)", vector("WatchEvent", $0.2), error: $0.3)
        }
    }

    private static func notices() throws -> [VectorCase] {
        let rows: [(String, String, [UInt8], String?)] = [
            ("empty", "an empty list", [], "not-minimal"), ("short", "31 bytes", [UInt8](repeating: 1, count: 31), "bad-length"),
            ("odd", "33 bytes", [UInt8](repeating: 1, count: 33), "bad-length"),
            ("many", "1,025 nodes", [UInt8](repeating: 1, count: 1_025 * 32), "oversized"),
        ]
        return try rows.map {
            VectorCase(
                "notice-nodes-\($0.0)", Clauses.codec($0.3, length: Clauses.rows), "Notice: nodes have \($0.1)",
                try with("Notice", 6, $0.2), error: $0.3)
        } + [VectorCase("notice-unknown", Clauses.noticeKind, "Notice: an unknown kind is read", try with("Notice", 2, [200]))]
    }

    private static func answers() throws -> [VectorCase] {
        let record = try MessageForm.record.encode()
        let head = try DiscoverAnswer.encodeHead(revision: 3, known: true, total: 9)
        let framed = try MessageSequence.framed(record)
        let summary = try MessageSequence.framed(try ServiceSummary(name: "ocr", healthyWorkers: 1, tier: 0, requires: "").encode())
        let flag = TLVBytes.join([(2, [UInt8](repeating: 0, count: 8)), (4, [2]), (6, [0, 0, 0, 0])])
        let rows: [(String, String, [UInt8], String?)] = [
            ("DiscoverAnswer", "two workers", head + framed + framed, nil), ("DiscoverAnswer", "no worker", head, nil),
            ("DiscoverAnswer", "nothing", [], "truncated"), ("DiscoverAnswer", "a worker that ends", head + framed.dropLast(), "truncated"),
            ("DiscoverAnswer", "half a length", head + [0, 0], "truncated"),
            ("DiscoverAnswer", "an empty worker", head + [0, 0, 0, 0], "missing"),
            ("DiscoverAnswer", "an empty first message", [0, 0, 0, 0], "missing"),
            ("DiscoverAnswer", "known is 2", try MessageSequence.framed(flag), "bad-value"),
            ("DiscoverAnswer", "a length above 1,048,576", head + [0, 0x10, 0, 1], "oversized"),
            ("ServiceList", "nothing", [], nil), ("ServiceList", "two services", summary + summary, nil),
            ("ServiceList", "a service that ends", summary + summary.dropLast(), "truncated"),
            ("ServiceList", "an empty service", [0, 0, 0, 0], "missing"),
            ("ServiceList", "a length above 1,048,576", [0, 0x10, 0, 1], "oversized"),
            ("ServiceList", "a length of 2^32 - 1", [255, 255, 255, 255], "oversized"),
        ]
        return rows.enumerated().map { index, row in
            VectorCase(
                "\(row.0)-sequence-\(index)",
                row.3 == "oversized" ? Clauses.messageSize : Clauses.codec(row.3, good: Clauses.sequence, value: Clauses.tlvFlags),
                "\(row.0): \(row.1)", vector(row.0, row.2), error: row.3)
        }
    }

    static func sequences() -> [VectorCase] {
        let messages: [[UInt8]] = [Label.bytes("first message", 5), [], Label.bytes("third message", 40)]
        let whole: [UInt8] = messages.flatMap { message -> [UInt8] in [0, 0, 0, UInt8(message.count)] + message }
        func cut(_ size: Int) -> [[UInt8]] {
            stride(from: 0, to: whole.count, by: size).map { Array(whole[$0..<min($0 + size, whole.count)]) }
        }
        let rows: [(String, String, Int, [[UInt8]], String?)] = [
            ("whole", "three messages at once", 64, [whole], nil), ("nothing", "no byte", 64, [], nil),
            ("bytes", "three messages, byte by byte", 64, cut(1), nil),
            ("pieces", "three messages in pieces of seven bytes", 64, cut(7), nil),
            ("half", "the last byte is not there: the body may not end here", 64, [Array(whole.dropLast())], nil),
            ("header", "two bytes of a length", 64, [[0, 0]], nil), ("limit", "a message of exactly the limit", 40, [whole], nil),
            ("beyond", "a length one above the limit, before its bytes are there", 64, [[0, 0, 0, 65]], "oversized"),
            ("beyond-second", "the second message is too long", 64, [[0, 0, 0, 1, 7, 0, 0, 1, 0]], "oversized"),
            ("huge", "a length of 2^32 - 1", 1_048_576, [[255, 255, 255, 255]], "oversized"),
            ("maximum", "a length of 1,048,576 is not too long", 1_048_576, [[0, 0x10, 0, 0]], nil),
            ("maximum-beyond", "a length of 1,048,577 is", 1_048_576, [[0, 0x10, 0, 1]], "oversized"),
        ]
        return rows.map { id, text, limit, pieces, error in
            VectorCase(
                id, error == nil ? Clauses.sequence : Clauses.messageSize, text,
                ["limit": .int(limit), "pieces": .array(pieces.map(VectorValue.hex))], error: error)
        }
    }
}
