import Wire

/// Records of one direction: sequences, the rekey, failed opens, the last nonce.
enum RecordSets {
    static func all() throws -> [VectorSet] {
        try [Suite.chaChaPoly, .aesGCM].flatMap { suite in
            let name = suite.noiseName.lowercased()
            return [
                VectorSet(
                    name: "records-seal-\(name)", kind: .recordSeal,
                    description:
                        "Plaintexts and their records with \(suite.noiseName), from a given nonce on; the u16 length is not shown.",
                    cases: seals(suite)),
                VectorSet(
                    name: "records-open-\(name)", kind: .recordOpen,
                    description:
                        "Records that are opened in turn with \(suite.noiseName). One that fails before the last is told in the results.",
                    cases: try opens(suite)),
            ]
        }
    }

    private static let boundary: UInt64 = 1 << 20

    private static func seal(_ suite: Suite, _ label: String, nonce: UInt64, _ plaintexts: [[UInt8]]) -> VectorValue {
        [
            "suite": .string(suite.noiseName), "key": Label.hex("record key \(label)"), "nonce": .u64(nonce),
            "plaintexts": .array(plaintexts.map(VectorValue.hex)),
        ]
    }

    private static func seals(_ suite: Suite) -> [VectorCase] {
        let four = (0..<4).map { Label.bytes("record \($0)", 24) }
        var cases: [VectorCase] = []
        func good(_ id: String, _ clauses: [String], _ text: String, nonce: UInt64, _ plaintexts: [[UInt8]]) {
            cases.append(VectorCase(id, clauses, text, seal(suite, id, nonce: nonce, plaintexts)))
        }
        good("first", Clauses.records, "the first four records of a direction", nonce: 0, four)
        for size in [1, 15, 16, 17, 63, 64, 65, 255, 256, 1_000] {
            good("size-\(size)", Clauses.records, "a plaintext of \(size) bytes", nonce: 0, [Label.bytes("size \(size)", size)])
        }
        for nonce: UInt64 in [1, 255, 256, 65_535, 65_536, 1 << 32 - 1, 1 << 32, 1 << 56] {
            good("nonce-\(nonce)", Clauses.records, "two records from nonce \(nonce)", nonce: nonce, Array(four.prefix(2)))
        }
        good("rekey", Clauses.rekey, "four records across the rekey behind record 2^20", nonce: boundary - 2, four)
        good("rekey-at", Clauses.rekey, "the record before a rekey, and one after it", nonce: boundary - 1, Array(four.prefix(2)))
        good("rekey-after", Clauses.rekey, "the first records behind a rekey, with the key of then", nonce: boundary, Array(four.prefix(2)))
        good("rekey-second", Clauses.rekey, "across the second rekey", nonce: 2 * boundary - 1, Array(four.prefix(3)))
        good("rekey-late", Clauses.rekey, "across a rekey far on", nonce: (1 << 40) - 1, Array(four.prefix(2)))
        good("last-nonce", Clauses.lastNonce, "the last record that a direction can have", nonce: .max - 1, [four[0]])
        for (id, nonce, count) in [("exhausted", UInt64.max, 1), ("exhausted-second", .max - 1, 2), ("exhausted-third", .max - 2, 3)] {
            cases.append(
                VectorCase(
                    id, Clauses.lastNonce, "a record with the nonce 2^64 - 1, which is reserved",
                    seal(suite, id, nonce: nonce, Array(four.prefix(count))), error: "exhausted"))
        }
        return cases
    }
}

extension RecordSets {
    private static func sealed(_ input: VectorValue) throws -> [[UInt8]] {
        guard case .output(let output) = try VectorKind.recordSeal.run(input, line: 0) else { return [] }
        return output["records"]?.elements.map { [UInt8](hex: $0.text ?? "") ?? [] } ?? []
    }

    private static func opens(_ suite: Suite) throws -> [VectorCase] {
        let plaintexts = (0..<4).map { Label.bytes("opened \($0)", 20) }
        func records(_ nonce: UInt64) throws -> [[UInt8]] { try sealed(seal(suite, "open", nonce: nonce, plaintexts)) }
        func open(_ nonce: UInt64, _ records: [[UInt8]]) -> VectorValue {
            [
                "suite": .string(suite.noiseName), "key": Label.hex("record key open"), "nonce": .u64(nonce),
                "records": .array(records.map(VectorValue.hex)),
            ]
        }
        let zero = try records(0)
        let edge = try records(boundary - 2)
        let last = try sealed(seal(suite, "open", nonce: .max - 1, [plaintexts[0]]))
        let forged = zero[0].enumerated().map { $0 == 3 ? $1 ^ 1 : $1 }
        let good: [(String, [String], String, VectorValue)] = [
            ("sequence", Clauses.records, "four records in order", open(0, zero)),
            (
                "failed-first", Clauses.failedOpen, "a forged record, then the good ones: the nonce has not advanced",
                open(0, [forged] + zero)
            ),
            ("failed-between", Clauses.failedOpen, "a forged record between good ones", open(0, [zero[0], forged, zero[1]])),
            ("failed-replay", Clauses.failedOpen, "a record that comes twice, then the next", open(0, [zero[0], zero[0], zero[1]])),
            ("failed-ahead", Clauses.failedOpen, "a record too early, then all in order", open(0, [zero[1], zero[0], zero[1]])),
            ("failed-short", Clauses.failedOpen, "fifteen bytes, then a good record", open(0, [Array(zero[0].prefix(15)), zero[0]])),
            (
                "failed-many", Clauses.failedOpen, "eight forged records, then a good one",
                open(0, [[UInt8]](repeating: forged, count: 8) + [zero[0]])
            ),
            ("rekey", Clauses.rekey, "four records across the rekey", open(boundary - 2, edge)),
            (
                "rekey-failed", Clauses.failedOpen, "forged records on both sides of the rekey do not count",
                open(boundary - 2, [edge[0], forged, edge[1], forged, edge[2], edge[3]])
            ),
            ("last-nonce", Clauses.lastNonce, "the last record that a direction can have", open(.max - 1, last)),
        ]
        var cases = good.map { VectorCase($0.0, $0.1, $0.2, $0.3) }
        func bad(_ id: String, _ clauses: [String], _ text: String, _ input: VectorValue, _ error: String = "authentication") {
            cases.append(VectorCase(id, clauses, text, input, error: error))
        }
        for offset in zero[0].indices {
            let changed = zero[0].enumerated().map { $0 == offset ? $1 ^ 0x40 : $1 }
            bad("byte-\(offset)", Clauses.badRecord, "byte \(offset) of a record is changed", open(0, [changed]))
        }
        for count in [0, 1, 15, 16] {
            bad(
                "short-\(count)", Clauses.shortRecord, "\(count) bytes", open(0, [Array(zero[0].prefix(count))]))
        }
        bad("longer", Clauses.badRecord, "a record with a byte more", open(0, [zero[0] + [0]]))
        bad("replay", Clauses.badRecord, "a record that comes twice", open(0, [zero[0], zero[0]]))
        bad("ahead", Clauses.badRecord, "the second record first", open(0, [zero[1]]))
        bad(
            "swapped", Clauses.badRecord, "the tags of two records are swapped",
            open(0, [Array(zero[0].dropLast(16)) + zero[1].suffix(16)]))
        bad(
            "no-rekey", Clauses.rekey, "a record behind the rekey that was sealed without it",
            open(boundary - 2, Array(edge.prefix(2)) + [try sealed(seal(suite, "open", nonce: boundary, plaintexts))[0]]))
        bad("exhausted", Clauses.lastNonce, "the nonce 2^64 - 1 is reserved", open(.max, [zero[0]]), "exhausted")
        bad("exhausted-after", Clauses.lastNonce, "a record behind the last", open(.max - 1, last + last), "exhausted")
        return cases
    }
}
