import Wire

/// The TLV stream of HEAD: its one encoding, and every way to miss it.
enum HeadCases {
    static let all: [ConformanceCase] = order + minimal + widths + texts + fields + taken

    private static let base = RawTLV([(2, Array(MeshMethod.ping.utf8))])

    /// The stream is reset, the link goes on.
    private static func refused(
        _ name: String, _ title: String, _ clauses: [String], _ head: @autoclosure @escaping @Sendable () -> [UInt8]
    ) -> ConformanceCase {
        ConformanceCase("head/\(name)", "resets the stream of a HEAD \(title); the link goes on", clauses + ["FRAME-6.3"]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(.head(stream, head(), end: true))
            try await link.expectReset(stream, .protocolViolation)
            try await link.expectService()
        }
    }

    private static func with(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
        var head = base
        head[type] = value
        return head.encoded
    }

    private static let order: [ConformanceCase] = [
        refused(
            "backwards", "in the wrong order", ["CONV-3.2"], RawTLV([(16, [4]), (2, Array(MeshMethod.ping.utf8))]).encoded),
        refused("twice", "with a field twice", ["CONV-3.2"], base.encoded + base.encoded),
        refused("unknown-even", "with an unknown even field", ["CONV-3.4"], with(26, [1])),
        refused(
            "unknown-even-inside", "with an unknown even field between others", ["CONV-3.4"],
            RawTLV([(2, Array(MeshMethod.ping.utf8)), (18, [1]), (24, [0, 1, 97, 0, 1, 98])]).encoded),
        refused("cut-in-type", "that ends within a type", ["CONV-3.5"], base.encoded + [0]),
        refused("cut-in-length", "that ends within a length", ["CONV-3.5"], base.encoded + [0, 12, 0]),
        refused("cut-in-value", "that ends within a value", ["CONV-3.5"], Array(base.encoded.dropLast())),
        refused("cut-far", "whose value is longer than the frame", ["CONV-3.5"], [0, 2, 0xff, 0xff, 1]),
    ]

    private static let minimal: [ConformanceCase] =
        [
            (2, "method"), (4, "service"), (6, "worker"), (8, "verb"), (10, "path"), (17, "idempotency-key"), (19, "trace-parent"),
            (23, "served-by"), (24, "fields"), (25, "unknown"),
        ]
        .map { (type: UInt16, name: String) in
            refused("empty-\(name)", "with an empty \(name)", ["FRAME-6.2"], type == 2 ? RawTLV([(2, [])]).encoded : with(type, []))
        }
        + [(12, "status", 2), (14, "deadline", 4), (16, "hops", 1)].map { (type: UInt16, name: String, width: Int) in
            refused("zero-\(name)", "whose \(name) is 0", ["FRAME-6.2"], with(type, [UInt8](repeating: 0, count: width)))
        }

    private static let widths: [ConformanceCase] =
        [(12, "status", 2), (14, "deadline", 4), (16, "hops", 1), (21, "load", 16)].flatMap { (type: UInt16, name: String, width: Int) in
            [width - 1, width + 1].filter { $0 > 0 }.map { count in
                refused(
                    "width-\(name)-\(count)", "whose \(name) has \(count) bytes", ["CONV-4.1"],
                    with(type, [UInt8](repeating: 1, count: count)))
            }
        }

    private static let texts: [ConformanceCase] =
        [(4, "service"), (6, "worker"), (8, "verb"), (10, "path"), (17, "idempotency-key"), (19, "trace-parent"), (23, "served-by")]
        .map { (type: UInt16, name: String) in
            refused("utf8-\(name)", "whose \(name) is not UTF-8", ["CONV-4.2"], with(type, [0x61, 0xff]))
        }
        + [
            refused("utf8-method", "whose method is not UTF-8", ["CONV-4.2"], RawTLV([(2, [0xc0, 0x80])]).encoded),
            refused("utf8-surrogate", "with a surrogate in its text", ["CONV-4.2"], with(10, [0xed, 0xa0, 0x80])),
        ]
        + [(4, "service", 129), (6, "worker", 129), (8, "verb", 33), (17, "idempotency-key", 129), (19, "trace-parent", 129)]
        .map { (type: UInt16, name: String, count: Int) in
            refused("long-\(name)", "whose \(name) has \(count) bytes", ["CONV-4.3"], with(type, [UInt8](repeating: 0x61, count: count)))
        }

    private static let fields: [ConformanceCase] = [
        refused("fields-odd", "with a field name that has no value", ["FRAME-6.4"], with(24, RawTLV.list([[97], [98], [99]]))),
        refused("fields-no-name", "with a field whose name is empty", ["FRAME-6.4"], with(24, RawTLV.list([[], [98]]))),
        refused("fields-cut", "whose list of fields ends within an element", ["CONV-4.5"], with(24, [0, 1, 97, 0, 9, 98])),
        refused("fields-cut-length", "whose list of fields ends within a length", ["CONV-4.5"], with(24, [0, 1, 97, 0])),
        refused("fields-utf8-name", "with a field name that is not UTF-8", ["CONV-4.2"], with(24, RawTLV.list([[0xff], [98]]))),
        refused("fields-utf8-value", "with a field value that is not UTF-8", ["CONV-4.2"], with(24, RawTLV.list([[97], [0xff]]))),
    ]

    private static func served(_ name: String, _ title: String, _ clauses: [String], _ head: @autoclosure @escaping @Sendable () -> [UInt8])
        -> ConformanceCase
    {
        ConformanceCase("head/\(name)", "takes a HEAD \(title)", clauses) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(.head(stream, head(), end: true))
            _ = try await link.expectAnswer(stream)
        }
    }

    private static let taken: [ConformanceCase] = [
        served("full", "with every field", ["FRAME-6.1"], full.encoded),
        served(
            "unknown-odd", "with unknown odd fields", ["CONV-3.3"],
            {
                var head = full
                for type: UInt16 in [1, 3, 13, 25, 0xffff] { head[type] = [1, 2] }
                return head.encoded
            }()),
        served("field-empty-value", "with a field whose value is empty", ["FRAME-6.4"], with(24, RawTLV.list([[97], []]))),
        served("fields-twice", "with a field name twice", ["FRAME-6.4"], with(24, RawTLV.list([[97], [98], [97], [99]]))),
        served("fields-many", "with 200 fields", ["FRAME-6.4"], with(24, RawTLV.list((0..<400).map { Array("n\($0)".utf8) }))),
        served("deadline-longest", "with the longest deadline", ["CALL-2.3"], with(14, [0xff, 0xff, 0xff, 0xff])),
    ]

    private static let full = RawTLV([
        (2, Array(MeshMethod.ping.utf8)), (8, Array("GET".utf8)), (10, Array("/x?y=z".utf8)), (14, [0, 0, 0x27, 0x10]), (16, [4]),
        (17, Array("key-1".utf8)), (19, Array("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".utf8)),
        (24, RawTLV.list([Array("accept".utf8), Array("*/*".utf8)])),
    ])
}
