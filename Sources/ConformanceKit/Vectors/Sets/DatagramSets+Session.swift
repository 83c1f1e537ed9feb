import Wire

extension DatagramSets {
    private static func input(_ counter: UInt64, _ plaintexts: [[UInt8]], type: String = "session") -> VectorValue {
        [
            "key": Label.hex("datagram key"), "type": .string(type), "receiver": .int(0x0A0B_0C0D), "counter": .u64(counter),
            "plaintexts": .array(plaintexts.map(VectorValue.hex)),
        ]
    }

    static func sealed() -> [VectorCase] {
        var cases = [0, 1, 15, 16, 17, 64, 255, 1_168].map { count in
            VectorCase("size-\(count)", Clauses.datagramSeal, "\(count) bytes", input(0, [Label.bytes("datagram \(count)", count)]))
        }
        cases += ([0, 1, 255, 1 << 32 - 1, 1 << 32, .max - 3] as [UInt64]).map { counter in
            VectorCase(
                "counter-\(counter)", Clauses.datagramSeal, "three datagrams from counter \(counter) on",
                input(counter, (0..<3).map { Label.bytes("datagram three \($0)", 10) }))
        }
        cases += [
            VectorCase(
                "challenge", Clauses.challenge, "a challenge", input(9, [Label.bytes("datagram challenge", 8)], type: "challenge")),
            VectorCase("echo", Clauses.challenge, "its echo", input(9, [Label.bytes("datagram challenge", 8)], type: "echo")),
            VectorCase("sign-of-life", Clauses.confirmation, "an empty echo", input(0, [[]], type: "echo")),
            VectorCase(
                "oversized", Clauses.datagramSize, "1,169 bytes", input(0, [Label.bytes("datagram long", 1_169)]), error: "oversized"),
            VectorCase("exhausted", Clauses.datagramCounter, "the counter 2^64 - 1", input(.max, [[1]]), error: "exhausted"),
            VectorCase(
                "exhausted-second", Clauses.datagramCounter, "the one behind the last counter", input(.max - 1, [[1], [2]]),
                error: "exhausted"),
        ]
        return cases
    }

    static func opened() throws -> [VectorCase] {
        func datagrams(_ counter: UInt64, _ count: Int, type: String = "session") throws -> [[UInt8]] {
            let input = input(counter, (0..<count).map { [UInt8($0), 7] }, type: type)
            guard case .output(let output) = try VectorKind.datagramSeal.run(input, line: 0) else { return [] }
            return output["datagrams"]?.elements.map { [UInt8](hex: $0.text ?? "") ?? [] } ?? []
        }
        func open(_ datagrams: [[UInt8]], index: Int = 0x0A0B_0C0D) -> VectorValue {
            ["key": Label.hex("datagram key"), "index": .int(index), "datagrams": .array(datagrams.map(VectorValue.hex))]
        }
        let d = try datagrams(0, 6)
        let far = try datagrams(8_192, 2)
        let distant = try datagrams(1 << 60, 2)
        let challenge = try datagrams(6, 1, type: "challenge")[0]
        let echo = try datagrams(7, 1, type: "echo")[0]
        func changed(_ offset: Int) -> [UInt8] { d[0].enumerated().map { $0 == offset ? $1 ^ 2 : $1 } }
        var cases: [VectorCase] = [
            VectorCase("order", Clauses.datagramOpen, "in order", open(d)),
            VectorCase("overtaken", Clauses.replays, "out of order", open([d[3], d[1], d[5], d[0], d[2], d[4]])),
            VectorCase(
                "types", Clauses.datagramOpen, "datagrams of all three types, which share their counters", open([d[0], challenge, echo])),
            VectorCase("lost", Clauses.datagramOpen, "some are lost", open([d[0], d[3], d[5]])),
            VectorCase("replay-between", Clauses.replays, "one comes twice, then another", open([d[0], d[0], d[1]])),
            VectorCase(
                "forged-between", Clauses.datagramForged, "a forged one, then the true one with the same counter",
                open([changed(17), d[0]])),
            VectorCase(
                "forged-far", Clauses.datagramForged, "a forged one with a counter far ahead does not move the window",
                open([[3, 1, 0, 0, 0x0A, 0x0B, 0x0C, 0x0D, 0x0F, 0, 0, 0, 0, 0, 0, 0] + Label.bytes("forged", 18), d[0], d[1]])),
            VectorCase("edge", Clauses.replays, "8,191 behind the highest: the oldest that is taken", open([far[0], d[1]])),
            VectorCase("distant", Clauses.replays, "a jump to 2^60", open([d[0], distant[1], distant[0]])),
        ]
        func bad(_ id: String, _ clauses: [String], _ text: String, _ input: VectorValue, _ error: String) {
            cases.append(VectorCase(id, clauses, text, input, error: error))
        }
        for offset in 8..<d[0].count {
            bad("byte-\(offset)", Clauses.datagramForged, "byte \(offset) is changed", open([changed(offset)]), "authentication")
        }
        bad("replay", Clauses.replays, "one comes twice", open([d[0], d[0]]), "replayed")
        bad("replay-late", Clauses.replays, "one comes twice, with others between", open([d[0], d[1], d[2], d[5], d[1]]), "replayed")
        bad("old", Clauses.replays, "8,192 behind the highest", open([far[0], d[0]]), "replayed")
        bad("old-distant", Clauses.replays, "far behind the highest", open([distant[0], d[5]]), "replayed")
        bad("index", Clauses.datagramIndex, "the datagram of another session", open([d[0]], index: 5), "bad-value")
        bad(
            "initiation", Clauses.datagramIndex, "an initiation",
            open([DatagramHeader(.initiation).encoded + [UInt8](repeating: 0, count: 100)]), "bad-value")
        bad(
            "type", Clauses.datagramForged, "a challenge that is made an echo",
            open([challenge.enumerated().map { $0 == 0 ? 6 : $1 }]), "authentication")
        bad(
            "replay-types", Clauses.replays, "an echo with the counter of a datagram before",
            open([d[0], try datagrams(0, 1, type: "echo")[0]]), "replayed")
        bad("short", Clauses.datagramForged, "31 bytes", open([Array(d[0].prefix(31))]), "truncated")
        bad("cut", Clauses.datagramForged, "a byte less", open([Array(d[0].dropLast())]), "authentication")
        bad("longer", Clauses.datagramForged, "a byte more", open([d[0] + [0]]), "authentication")
        let last = DatagramHeader(.session, receiver: 0x0A0B_0C0D, counter: .max).encoded + Label.bytes("last", 18)
        bad("exhausted", Clauses.datagramCounter, "the counter 2^64 - 1", open([last]), "exhausted")
        return cases
    }

    static func windows() -> [VectorCase] {
        let w: UInt64 = 8_192
        func vector(_ counters: [UInt64]) -> VectorValue { ["counters": .array(counters.map(VectorValue.u64))] }
        let good: [(String, String, [UInt64])] = [
            ("order", "in order", Array(0..<20)), ("reverse", "from the highest to the lowest", (0..<20).reversed()),
            ("first-high", "the first one is high", [1 << 40]),
            ("first-edge", "the first one, and the oldest that fits behind it", [w, 1]),
            ("gaps", "with gaps, which are filled", [10, 0, 64, 63, 65, 127, 128, 1]), ("duplicate", "one twice, then another", [5, 5, 6]),
            ("duplicate-zero", "0 twice, then 1", [0, 0, 1]),
            ("edge", "the oldest that is taken, and the one before", [w + 100, 100, 101]),
            ("words", "the edges of words", [63, 64, 127, 128, 191, 192, 0]),
            ("jump-window", "a jump by the whole window", [0, w, 1, w - 1]),
            ("jump-more", "a jump by more than the window", [5, 5 + w + 64, 6 + 64]),
            ("jump-far", "a jump by 2^50; what is behind is forgotten", [7, 1 << 50, 1 << 50 - 1, 7, 1 << 50 + 1]),
            ("wrap", "many times around the ring", (0..<40).map { $0 * 1_000 }),
            ("wrap-fill", "around the ring, and back into the window", [0, 8_255, 8_256, 8_257, 8_256 + w, 8_257, 8_300]),
            ("top", "the highest counters", [.max - 1, .max - 2, .max - 3]),
            ("top-edge", "the oldest below the highest", [.max - 1, .max - w]),
            ("max-between", "2^64 - 1 is no counter", [3, .max, 4]),
            ("mixed", "duplicates, gaps and old ones", [1, 2, 2, 9_000, 808, 809, 9_000, 1, 8_999, 9_001]),
        ]
        let bad: [(String, String, [UInt64], String)] = [
            ("again", "the same again", [4, 4], "replayed"), ("again-zero", "0 again", [0, 0], "replayed"),
            ("again-late", "one of before", [1, 2, 3, 4, 2], "replayed"),
            ("again-edge", "the oldest of the window again", [1, w, 1], "replayed"), ("old", "one behind the window", [w, 0], "replayed"),
            ("old-100", "one behind the window, further on", [w + 100, 100, 101, 100 - 1], "replayed"),
            ("old-far", "long ago", [1 << 50, 3], "replayed"),
            ("old-unseen", "long ago and never seen", [0, 2, 20_000, 1], "replayed"),
            ("again-word", "the last bit of a word again", [63, 64, 63], "replayed"),
            ("again-wrapped", "one that shares a bit with another", [0, 8_256, 8_256], "replayed"),
            ("again-top", "the highest again", [.max - 1, .max - 1], "replayed"),
            ("old-top", "one behind the window of the highest", [.max - 1, .max - 1 - w], "replayed"),
            ("max", "2^64 - 1", [.max], "exhausted"), ("max-late", "2^64 - 1 behind others", [1, 2, .max], "exhausted"),
        ]
        return good.map { VectorCase($0.0, Clauses.replays, $0.1, vector($0.2)) }
            + bad.map {
                VectorCase(
                    "refused-\($0.0)", $0.3 == "exhausted" ? Clauses.datagramCounter : Clauses.replays, $0.1, vector($0.2), error: $0.3)
            }
    }
}
