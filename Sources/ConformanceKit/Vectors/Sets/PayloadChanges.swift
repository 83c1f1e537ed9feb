import Wire

/// What may be wrong with the payload of message 2 or 3, whoever reads it.
struct PayloadChange {
    typealias Fields = [(type: UInt16, value: [UInt8])]

    var id: String
    var clauses: [String]
    var text: String
    /// `nil` where the reader does not mind.
    var error: String?
    var apply: (inout Fields) throws -> Void

    static func all(_ scene: LinkScene) -> [PayloadChange] {
        prefaces(scene) + offers() + shapes() + parameters()
    }

    private static func set(_ type: UInt16, _ value: [UInt8]) -> (inout Fields) -> Void {
        { fields in
            if let index = fields.firstIndex(where: { $0.type == type }) {
                fields[index].value = value
            } else {
                fields.append((type, value))
                fields.sort { $0.type < $1.type }
            }
        }
    }

    private static func drop(_ type: UInt16) -> (inout Fields) -> Void { { $0.removeAll { $0.type == type } } }

    /// The preface as the other side claims to have seen it, each byte changed.
    private static func prefaces(_ scene: LinkScene) -> [PayloadChange] {
        (0..<8).map { offset in
            PayloadChange(
                id: "preface-\(offset)", clauses: Clauses.samePreface, text: "the other side saw another byte \(offset) of the preface",
                error: "downgrade"
            ) { fields in
                guard let index = fields.firstIndex(where: { $0.type == 2 }) else { return }
                fields[index].value[offset] ^= 3
            }
        } + [
            PayloadChange(id: "preface-short", clauses: Clauses.tlvLengths, text: "a preface of 7 bytes", error: "bad-length") { fields in
                fields[0].value.removeLast()
            },
            PayloadChange(id: "preface-long", clauses: Clauses.tlvLengths, text: "a preface of 9 bytes", error: "bad-length") { fields in
                fields[0].value.append(0)
            },
        ]
    }

    private static func offers() -> [PayloadChange] {
        let majors: [(String, String, [UInt8], String?)] = [
            ("2", "only version 2", [2], "downgrade"), ("none", "no version", [], "downgrade"),
            ("1-2", "versions 1 and 2: 1 is the highest that both speak", [1, 2], nil),
            ("0-1", "versions 0 and 1", [0, 1], nil), ("0", "only version 0", [0], "downgrade"),
            ("2-1", "versions in falling order", [2, 1], "bad-value"), ("1-1", "a version twice", [1, 1], "bad-value"),
        ]
        let suites: [(String, String, [UInt8], String?)] = [
            ("2", "not the suite in use", [2], "downgrade"), ("none", "no suite", [], "downgrade"), ("1-2", "two suites", [1, 2], nil),
            ("1-9", "a suite that the reader does not know", [1, 9], nil), ("0-1", "suite 0", [0, 1], nil),
            ("2-1", "suites in falling order", [2, 1], "bad-value"), ("1-1", "a suite twice", [1, 1], "bad-value"),
        ]
        return majors.map { row in
            PayloadChange(
                id: "majors-\(row.0)", clauses: row.3 == "bad-value" ? Clauses.ascending : Clauses.majors,
                text: "the other side offers \(row.1)", error: row.3,
                apply: set(4, row.2))
        }
            + suites.map { row in
                PayloadChange(
                    id: "suites-\(row.0)", clauses: row.3 == "bad-value" ? Clauses.ascending : Clauses.suites,
                    text: "the other side offers \(row.1)", error: row.3,
                    apply: set(6, row.2))
            }
    }

    private static func shapes() -> [PayloadChange] {
        let required: [(UInt16, String)] = [(2, "preface"), (4, "majors"), (6, "suites"), (8, "parameters")]
        return required.map { type, name in
            PayloadChange(id: "no-\(name)", clauses: Clauses.tlvMissing, text: "\(name) is missing", error: "missing", apply: drop(type))
        } + [
            PayloadChange(id: "odd", clauses: Clauses.tlvOdd, text: "an unknown odd field", error: nil, apply: set(11, [1, 2, 3])),
            PayloadChange(
                id: "even", clauses: Clauses.tlvEven, text: "an unknown even field", error: "unknown-critical", apply: set(12, [1])),
            PayloadChange(id: "order", clauses: Clauses.tlvOrder, text: "majors and suites are swapped", error: "unordered") {
                $0.swapAt(1, 2)
            },
            PayloadChange(id: "twice", clauses: Clauses.tlvOrder, text: "the preface stands twice", error: "unordered") {
                $0.insert($0[0], at: 0)
            },
            PayloadChange(id: "empty", clauses: Clauses.tlvMissing, text: "an empty payload", error: "missing") { $0 = [] },
            PayloadChange(
                id: "certificate-cut", clauses: Clauses.tlvCut, text: "a certificate that ends", error: "truncated"
            ) { fields in
                fields.removeAll { $0.type == 10 }
                fields.append((10, [0, 2, 0]))
            },
            PayloadChange(
                id: "certificate-large", clauses: Clauses.tlvLengths, text: "1,025 bytes of certificate", error: "bad-length"
            ) { fields in
                fields.removeAll { $0.type == 10 }
                fields.append((10, [UInt8](repeating: 0, count: 1_025)))
            },
            PayloadChange(
                id: "certificate-empty", clauses: Clauses.tlvMissing, text: "a certificate without bytes", error: "missing"
            ) { fields in
                fields.removeAll { $0.type == 10 }
                fields.append((10, []))
            },
        ]
    }

    private static func parameters() -> [PayloadChange] {
        let names: [(UInt16, String)] = [(2, "bootEpoch"), (4, "streamWindow"), (6, "linkWindow"), (8, "maxStreams"), (10, "features")]
        func inner(_ body: @escaping (inout Fields) -> Void) -> (inout Fields) -> Void {
            { fields in
                guard let index = fields.firstIndex(where: { $0.type == 8 }) else { return }
                var parameters = TLVBytes.split(fields[index].value)
                body(&parameters)
                fields[index].value = TLVBytes.join(parameters)
            }
        }
        return names.flatMap { type, name in
            [
                PayloadChange(
                    id: "parameters-no-\(name)", clauses: Clauses.tlvMissing, text: "\(name) is missing", error: "missing",
                    apply: inner(drop(type))),
                PayloadChange(
                    id: "parameters-short-\(name)", clauses: Clauses.tlvIntegers, text: "\(name) is a byte short", error: "bad-length",
                    apply: inner { fields in
                        if let index = fields.firstIndex(where: { $0.type == type }) { fields[index].value.removeFirst() }
                    }),
            ]
        } + [
            PayloadChange(
                id: "parameters-even", clauses: Clauses.tlvEven, text: "an unknown even parameter", error: "unknown-critical",
                apply: inner(set(12, [0]))),
            PayloadChange(
                id: "parameters-odd", clauses: Clauses.tlvOdd, text: "an unknown odd parameter", error: nil,
                apply: inner(set(13, [0]))),
            PayloadChange(
                id: "parameters-zero", clauses: Clauses.tlv, text: "all parameters are zero", error: nil,
                apply: inner { fields in
                    for index in fields.indices { fields[index].value = fields[index].value.map { _ in 0 } }
                }),
        ]
    }
}
