import Wire

/// Payload 3: its TLV stream, and lies about what was offered.
enum PayloadCases {
    static let all: [ConformanceCase] = shape + parameters + downgrade + accepted

    /// Message 3 with an edited payload ends in silence.
    static func refused(
        _ name: String, _ title: String, _ clauses: [String], needs: Set<Feature> = [],
        _ edit: @escaping @Sendable (inout RawTLV, Scene) throws -> Void
    ) -> ConformanceCase {
        ConformanceCase("payload/\(name)", "closes on a payload 3 \(title), without a byte", clauses, needs: needs) { scene in
            var failure: (any Error)?
            let halfway = try await scene.halfway { approach in
                approach.edits.payload = { fields in do { try edit(&fields, scene) } catch { failure = error } }
            }
            let last = try halfway.initiator.lastFlight()
            if let failure { throw failure }
            halfway.connection.send(last)
            try await halfway.expectSilentClose()
        }
    }

    /// Message 3 with an edited payload leads to a link.
    static func taken(
        _ name: String, _ title: String, _ clauses: [String], _ edit: @escaping @Sendable (inout RawTLV) -> Void
    ) -> ConformanceCase {
        ConformanceCase("payload/\(name)", "takes a payload 3 \(title)", clauses) { scene in
            try await scene.link { $0.edits.payload = edit }.expectAlive()
        }
    }

    private static let names: [(UInt16, String)] = [(2, "preface"), (4, "majors"), (6, "suites"), (8, "parameters"), (10, "certificate")]

    private static let shape: [ConformanceCase] =
        names.map { type, name in
            refused("without-\(name)", "without \(name)", ["CONV-3.6", "HS-8.1"]) { fields, _ in fields[type] = nil }
        }
        + names.map { type, name in
            refused("twice-\(name)", "with \(name) twice", ["CONV-3.2"]) { fields, _ in
                guard let index = fields.fields.firstIndex(where: { $0.type == type }) else { return }
                fields.fields.insert(fields.fields[index], at: index)
            }
        } + [
            refused("backwards", "in the wrong order", ["CONV-3.2"]) { fields, _ in fields.fields.reverse() },
            refused("swapped", "with two fields in the wrong order", ["CONV-3.2"]) { fields, _ in fields.fields.swapAt(1, 2) },
            refused("unknown-even", "with an unknown even field", ["CONV-3.4"]) { fields, _ in fields[12] = [1] },
            refused("unknown-even-low", "with an unknown even field in front", ["CONV-3.4"]) { fields, _ in fields[0] = [] },
            refused("empty", "without a byte", ["CONV-3.6"]) { fields, _ in fields.fields = [] },
            refused("short-preface", "with a preface of 7 bytes", ["CONV-4.3"]) { fields, _ in fields[2]?.removeLast() },
            refused("long-preface", "with a preface of 9 bytes", ["CONV-4.3"]) { fields, _ in fields[2]?.append(0) },
            refused("suites-descending", "with suites in descending order", ["CONV-4.14"]) { fields, _ in fields[6] = [2, 1] },
            refused("suites-twice", "with a suite twice", ["CONV-4.14"]) { fields, _ in fields[6] = [1, 1] },
            refused("majors-twice", "with a version twice", ["CONV-4.14"]) { fields, _ in fields[4] = [1, 1] },
        ]

    private static let widths: [(UInt16, String, Int)] = [
        (2, "boot-epoch", 8), (4, "stream-window", 8), (6, "link-window", 8), (8, "max-streams", 4), (10, "features", 4),
    ]

    private static func inner(_ fields: inout RawTLV, _ edit: (inout RawTLV) -> Void) {
        var inner = RawTLV(splitting: fields[8] ?? [])
        edit(&inner)
        fields[8] = inner.encoded
    }

    private static let parameters: [ConformanceCase] =
        widths.map { type, name, _ in
            refused("parameters-without-\(name)", "whose parameters lack \(name)", ["CONV-3.6", "HS-8.1"]) { fields, _ in
                inner(&fields) { $0[type] = nil }
            }
        }
        + widths.map { type, name, width in
            refused("parameters-short-\(name)", "whose \(name) has \(width - 1) bytes", ["CONV-4.1"]) { fields, _ in
                inner(&fields) { $0[type] = [UInt8](repeating: 1, count: width - 1) }
            }
        }
        + widths.map { type, name, width in
            refused("parameters-long-\(name)", "whose \(name) has \(width + 1) bytes", ["CONV-4.1"]) { fields, _ in
                inner(&fields) { $0[type] = [UInt8](repeating: 0, count: width) + [1] }
            }
        } + [
            refused("parameters-unknown-even", "whose parameters have an unknown even field", ["CONV-3.4"]) { fields, _ in
                inner(&fields) { $0[12] = [1] }
            },
            refused("parameters-cut", "whose parameters end within a field", ["CONV-3.5"]) { fields, _ in fields[8]?.removeLast(2) },
        ]

    private static let downgrade: [ConformanceCase] =
        [
            ("major", 4, UInt8(2)), ("suite", 5, 2), ("pattern", 6, 2), ("flags", 7, 1), ("magic", 0, 0x57 ^ 1),
        ].map { name, index, value in
            refused("preface-\(name)", "that saw another \(name) in the preface", ["HS-6.1"]) { fields, _ in fields[2]?[index] = value }
        } + [
            refused("majors-without-1", "that does not speak version 1", ["HS-6.2"]) { fields, _ in fields[4] = [2] },
            refused("majors-none", "that speaks no version", ["HS-6.2"]) { fields, _ in fields[4] = [] },
            refused("suites-without-1", "that does not offer the suite in use", ["HS-6.3"]) { fields, _ in fields[6] = [2] },
            refused("suites-none", "that offers no suite", ["HS-6.3"]) { fields, _ in fields[6] = [] },
        ]

    private static let accepted: [ConformanceCase] = [
        taken("suites-unknown", "that offers suites nobody knows", ["HS-6.3"]) { $0[6] = [1, 2, 99, 200] },
        taken("majors-higher", "that also speaks a higher version", ["HS-6.2"]) { $0[4] = [1, 2, 9] },
        taken("suites-one", "that offers one suite", ["HS-6.3"]) { $0[6] = [1] },
        taken("unknown-odd", "with an unknown odd field", ["CONV-3.3"]) { $0[11] = [1, 2, 3] },
        taken("unknown-odd-empty", "with an unknown odd field that is empty", ["CONV-3.3"]) { $0[1] = [] },
        taken("unknown-odd-many", "with unknown odd fields between all others", ["CONV-3.3"]) { fields in
            for type: UInt16 in [1, 3, 5, 7, 9, 11, 0xffff] { fields[type] = [UInt8](repeating: 0, count: 20) }
        },
        taken("parameters-unknown-odd", "whose parameters have an unknown odd field", ["CONV-3.3"]) { fields in
            inner(&fields) { $0[7] = [1] }
        },
        taken("features-unknown", "with features nobody knows", ["CONV-4.12"]) { fields in
            inner(&fields) { $0[10] = [0xff, 0xff, 0xff, 0xfe] }
        },
    ]
}
