import Wire

/// The form of a field, and with it the ways to get it wrong. Stated here a second time, apart from the decoders.
enum FieldForm {
    case u8, u16, u32, u64
    /// A u8 with a few values.
    case oneOf(ClosedRange<UInt8>)
    case flag, name, endpoint, endpoints, bytes32, load
    /// Text of at most so many bytes.
    case text(Int)
    /// Exactly so many bytes.
    case fixed(Int)
    /// At most so many bytes.
    case bytes(Int)
    /// Names, at most so many.
    case names(Int)
    /// Other lists, whose mistakes are told apart.
    case special

    /// A value that the form does not have, and what the reader says to it.
    typealias Mistake = (id: String, text: String, value: [UInt8], error: String)

    /// The requirement that a mistake breaks.
    func clauses(_ mistake: Mistake) -> [String] {
        switch self {
        case .flag: Clauses.codec(mistake.error, value: Clauses.tlvFlags)
        case .oneOf: Clauses.codec(mistake.error, value: Clauses.enums)
        case .name: Clauses.codec(mistake.error, value: mistake.id == "utf8" ? Clauses.tlvText : Clauses.names, length: Clauses.tlvLengths)
        case .text, .fixed, .bytes: Clauses.codec(mistake.error, length: Clauses.tlvLengths)
        case .endpoint, .endpoints: Clauses.codec(mistake.error, value: Clauses.endpoints, length: Clauses.tlvLists)
        case .names: Clauses.codec(mistake.error, value: Clauses.names, length: Clauses.tlvLists)
        case .u8, .u16, .u32, .u64, .bytes32, .load, .special: Clauses.codec(mistake.error)
        }
    }

    var mistakes: [Mistake] {
        switch self {
        case .u8: widths(1)
        case .u16: widths(2)
        case .u32: widths(4)
        case .u64: widths(8)
        case .oneOf(let range):
            widths(1) + [
                ("zero", "0", [range.lowerBound - 1], "bad-value"),
                ("above", "\(range.upperBound + 1)", [range.upperBound + 1], "bad-value"),
                ("max", "255", [255], "bad-value"),
            ]
        case .flag: widths(1) + [("two", "2", [2], "bad-value"), ("max", "255", [255], "bad-value")]
        case .name:
            [
                ("empty", "no byte", [], "bad-value"), ("sign", "a hyphen first", Array("-x".utf8), "bad-value"),
                ("space", "a space", Array("a b".utf8), "bad-value"),
                ("long", "129 bytes", [UInt8](repeating: 0x61, count: 129), "bad-length"),
                ("utf8", "bytes that are not UTF-8", [0x61, 0xFF], "bad-value"),
            ]
        case .text(let limit):
            [
                ("long", "\(limit + 1) bytes", [UInt8](repeating: 0x61, count: limit + 1), "bad-length"),
                ("utf8", "bytes that are not UTF-8", [0x61, 0xFF], "bad-value"),
            ]
        case .endpoint: Self.badEndpoints.map { ($0, $1, Array($2.utf8), "bad-value") }
        case .endpoints:
            Self.badEndpoints.map { ($0, $1, TLVBytes.list([Array($2.utf8)]), "bad-value") }
                + lists(8, Array("host:1".utf8), bad: Array("host".utf8))
        case .names(let limit):
            lists(limit, [0x61], bad: Array("-x".utf8)) + [
                ("sign", "an element that is no name", TLVBytes.list([Array("-x".utf8)]), "bad-value")
            ]
        case .bytes32: sizes(32)
        case .load: sizes(16)
        case .fixed(let count): sizes(count)
        case .bytes(let limit): [("long", "\(limit + 1) bytes", [UInt8](repeating: 1, count: limit + 1), "bad-length")]
        case .special: []
        }
    }

    private static let badEndpoints = [
        ("port", "no port", "host"), ("range", "port 65,536", "host:65536"), ("form", "a port with a leading zero", "host:01"),
    ]

    private func widths(_ width: Int) -> [Mistake] {
        [
            ("short", "\(width - 1) bytes", [UInt8](repeating: 0, count: width - 1), "bad-length"),
            ("wide", "\(width + 1) bytes", [UInt8](repeating: 0, count: width + 1), "bad-length"),
        ]
    }

    private func sizes(_ count: Int) -> [Mistake] {
        [
            ("short", "\(count - 1) bytes", [UInt8](repeating: 1, count: count - 1), "bad-length"),
            ("long", "\(count + 1) bytes", [UInt8](repeating: 1, count: count + 1), "bad-length"),
        ]
    }

    /// A list is read from the front: an element that is `bad` comes before what is wrong behind it.
    private func lists(_ limit: Int, _ element: [UInt8], bad: [UInt8]) -> [Mistake] {
        [
            ("empty", "an empty list", [], "not-minimal"),
            ("many", "\(limit + 1) elements", TLVBytes.list([[UInt8]](repeating: element, count: limit + 1)), "oversized"),
            ("cut", "an element that ends", TLVBytes.list([element]) + [0, 9], "bad-length"),
            (
                "bad-many", "a bad element and \(limit) more", TLVBytes.list([bad] + [[UInt8]](repeating: element, count: limit)),
                "bad-value"
            ),
            ("bad-cut", "a bad element and one that ends", TLVBytes.list([bad]) + [0, 9], "bad-value"),
            ("cut-bad", "an element that ends with a good one's length", [0, 9] + bad, "bad-length"),
        ]
    }
}

/// A message as the specification describes it, with a sample.
struct MessageForm {
    struct Field {
        var type: UInt16
        var name: String
        var form: FieldForm
        var isRequired: Bool

        init(_ type: UInt16, _ name: String, _ form: FieldForm, required: Bool = true) {
            self.type = type
            self.name = name
            self.form = form
            isRequired = required
        }
    }

    var message: String
    /// With every field.
    var sample: [UInt8]
    var fields: [Field]
}
