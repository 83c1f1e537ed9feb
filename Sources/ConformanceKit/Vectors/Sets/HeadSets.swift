import Wire

/// The payload of HEAD: every field with its bounds.
enum HeadSets {
    static func all() throws -> VectorSet {
        VectorSet(
            name: "heads", kind: .head, description: "Payloads of HEAD frames, as fields and as bytes.",
            cases: try good() + texts() + numbers() + loads() + fields() + shapes())
    }

    private static func vector(_ bytes: [UInt8]) -> VectorValue { ["bytes": .hex(bytes)] }

    static func request() -> Head {
        var head = Head()
        head.service = "ocr"
        head.worker = "worker-1"
        head.verb = "PUT"
        head.path = "/v1/pages?lang=de"
        head.deadline = 30_000
        head.hops = 4
        head.idempotencyKey = "0f8fad5b"
        head.traceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        head.fields = [Head.Field("content-type", "image/png"), Head.Field("accept", "*/*")]
        return head
    }

    static func answer() -> Head {
        var head = Head()
        head.status = 200
        head.load = MessageForm.report
        head.servedBy = "worker-1"
        head.fields = [Head.Field("content-type", "text/plain; charset=utf-8"), Head.Field("x-empty", "")]
        return head
    }

    private static func good() throws -> [VectorCase] {
        var mesh = Head()
        mesh.method = "mesh.register"
        let rows: [(String, String, [UInt8])] = [
            ("empty", "no field", []), ("request", "a request for a service", try request().encode()),
            ("answer", "an answer", try answer().encode()),
            ("method", "a call of the mesh itself", try mesh.encode()),
        ]
        return rows.map { VectorCase($0.0, Clauses.tlv, $0.1, vector($0.2)) }
    }

    private static func texts() -> [VectorCase] {
        let rows: [(UInt16, String, Int)] = [
            (2, "method", 128), (4, "service", 128), (6, "worker", 128), (8, "verb", 32), (17, "idempotency_key", 128),
            (19, "trace_parent", 128),
            (23, "served_by", 128),
        ]
        var cases: [VectorCase] = []
        func add(_ id: String, _ text: String, _ type: UInt16, _ value: [UInt8], _ clauses: [String] = Clauses.tlv, _ error: String? = nil)
        {
            cases.append(VectorCase(id, clauses, text, vector(TLVBytes.field(type, value)), error: error))
        }
        for (type, name, limit) in rows {
            add("\(name)-longest", "\(name) of \(limit) bytes", type, [UInt8](repeating: 0x61, count: limit))
            add(
                "\(name)-long", "\(name) of \(limit + 1) bytes", type, [UInt8](repeating: 0x61, count: limit + 1), Clauses.tlvLengths,
                "bad-length")
            add("\(name)-empty", "an empty \(name) is to be left out", type, [], Clauses.emptyField, "not-minimal")
            add("\(name)-utf8", "\(name) that is not UTF-8", type, [0x61, 0xC3], Clauses.tlvText, "bad-value")
        }
        add("path-empty", "an empty path is to be left out", 10, [], Clauses.emptyField, "not-minimal")
        add("path-utf8", "a path that is not UTF-8", 10, [0x2F, 0xFF], Clauses.tlvText, "bad-value")
        add("path-long", "a path of 1,000 bytes", 10, [UInt8](repeating: 0x2F, count: 1_000))
        return cases
    }

    private static func numbers() -> [VectorCase] {
        let rows: [(UInt16, String, Int)] = [(12, "status", 2), (14, "deadline", 4), (16, "hops", 1)]
        return rows.flatMap { type, name, width in
            let zero = [UInt8](repeating: 0, count: width)
            let one = zero.dropLast() + [1]
            let values: [(String, String, [UInt8], [String], String?)] = [
                ("one", "\(name) of 1", Array(one), Clauses.tlv, nil),
                ("max", "the greatest \(name)", zero.map { _ in 255 }, Clauses.tlv, nil),
                ("zero", "\(name) of 0 is to be left out", zero, Clauses.emptyField, "not-minimal"),
                ("wide", "\(name) with a byte too many", [0] + one, Clauses.tlvIntegers, "bad-length"),
                ("none", "\(name) without a byte", [], Clauses.emptyField, "not-minimal"),
            ]
            let short =
                width > 1
                ? [("short", "\(name) with a byte too few", Array(one.dropFirst()), Clauses.tlvIntegers, "bad-length" as String?)] : []
            return (values + short).map { VectorCase("\(name)-\($0.0)", $0.3, $0.1, vector(TLVBytes.field(type, $0.2)), error: $0.4) }
        }
    }

    private static func loads() -> [VectorCase] {
        let rows: [(String, Int, String?)] = [("16", 16, nil), ("15", 15, "bad-length"), ("17", 17, "bad-length"), ("0", 0, "not-minimal")]
        return rows.map { id, count, error in
            VectorCase(
                "load-\(id)", count == 0 ? Clauses.emptyField : Clauses.tlvIntegers, "a load of \(count) bytes",
                vector(TLVBytes.field(21, [UInt8](repeating: 0, count: count))),
                error: error)
        }
    }

    private static func fields() -> [VectorCase] {
        func list(_ texts: [String]) -> [UInt8] { TLVBytes.list(texts.map { Array($0.utf8) }) }
        let rows: [(String, String, [UInt8], String?)] = [
            ("one", "one field", list(["a", "b"]), nil),
            ("same", "a name twice: both are kept, in order", list(["a", "1", "a", "2"]), nil),
            ("empty-value", "an empty value", list(["a", ""]), nil),
            ("unicode", "a value beyond ASCII", list(["a", "\u{e9}\u{1f600}"]), nil),
            ("many", "sixty fields", list((0..<120).map { "x\($0)" }), nil), ("empty", "an empty list", [], "not-minimal"),
            ("odd", "a name without a value", list(["a"]), "bad-length"),
            ("odd-three", "two names and a value", list(["a", "b", "c"]), "bad-length"),
            ("no-name", "an empty name", list(["", "b"]), "bad-value"),
            ("utf8-name", "a name that is not UTF-8", TLVBytes.list([[0xFF], [0x61]]), "bad-value"),
            ("utf8-value", "a value that is not UTF-8", TLVBytes.list([[0x61], [0xFF]]), "bad-value"),
            ("cut", "a value that ends", [0, 1, 0x61, 0, 2, 0x62], "bad-length"),
            ("cut-length", "half a length", [0, 1, 0x61, 0], "bad-length"),
            ("utf8-cut", "a name that is not UTF-8, and a value that ends: the first fault counts", [0, 1, 0xFF, 0, 2, 0x62], "bad-value"),
            ("cut-utf8", "a length that goes beyond the end, and a byte that is not UTF-8", [0, 2, 0xFF], "bad-length"),
            ("odd-no-name", "an empty name without a value: pairs are looked at first", list([""]), "bad-length"),
            ("utf8-odd", "a name that is not UTF-8, without a value", TLVBytes.list([[0xFF]]), "bad-value"),
        ]
        return rows.map {
            VectorCase(
                "fields-\($0.0)",
                $0.2.isEmpty
                    ? Clauses.emptyField
                    : $0.0.hasPrefix("utf8") ? Clauses.tlvText : $0.0.hasPrefix("cut") ? Clauses.tlvLists : Clauses.headFields, $0.1,
                vector(TLVBytes.field(24, $0.2)), error: $0.3)
        }
    }

    private static func shapes() throws -> [VectorCase] {
        let request = try request().encode()
        let fields = TLVBytes.split(request)
        let filler = TLVBytes.field(10, [UInt8](repeating: 0x2F, count: Limits.headSize - 4))
        var cases: [VectorCase] = []
        func add(_ id: String, _ clauses: [String], _ text: String, _ bytes: [UInt8], _ error: String? = nil) {
            cases.append(VectorCase(id, clauses, text, vector(bytes), error: error))
        }
        add("largest", Clauses.frameLengths, "16,384 bytes", filler)
        add(
            "oversized", Clauses.frameLengths, "16,385 bytes", TLVBytes.field(10, [UInt8](repeating: 0x2F, count: Limits.headSize - 3)),
            "oversized"
        )
        add("odd", Clauses.tlvOdd, "an unknown odd field is skipped", request + TLVBytes.field(101, [1]))
        add("odd-empty", Clauses.emptyField, "an unknown odd field without bytes", request + TLVBytes.field(101, []), "not-minimal")
        add("even", Clauses.tlvEven, "an unknown even field", request + TLVBytes.field(100, [1]), "unknown-critical")
        add(
            "fields-first", Clauses.headFields, "fields without a value, and a field out of order behind them",
            TLVBytes.field(24, TLVBytes.list([[0x61]])) + TLVBytes.field(2, [0x61]), "bad-length")
        add("trailing", Clauses.tlvCut, "a byte behind the end", request + [0], "truncated")
        for count in [1, 2, 3, 5, request.count - 1] {
            add("cut-\(count)", Clauses.tlvCut, "\(count) of \(request.count) bytes", Array(request.prefix(count)), "truncated")
        }
        for (index, field) in fields.enumerated() {
            var twice = fields
            twice.insert(field, at: index)
            add("twice-\(field.type)", Clauses.tlvOrder, "type \(field.type) stands twice", TLVBytes.join(twice), "unordered")
            guard index > 0 else { continue }
            var swapped = fields
            swapped.swapAt(index - 1, index)
            add("order-\(field.type)", Clauses.tlvOrder, "type \(field.type) before the one below it", TLVBytes.join(swapped), "unordered")
        }
        return cases
    }
}
