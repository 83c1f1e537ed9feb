import Wire

/// LZ4 blocks, made by hand: what they decompress to is fixed, how something is compressed is not.
enum LZ4Sets {
    static func all() -> VectorSet {
        VectorSet(
            name: "lz4", kind: .lz4, description: "LZ4 blocks and what they decompress to; the output is told by its length and SHA-256.",
            cases: literals() + matches() + lies())
    }

    private static func vector(_ rawSize: Int, _ block: [UInt8]) -> VectorValue { ["raw_size": .int(rawSize), "block": .hex(block)] }

    /// The bytes of a length above 15 in a token's half.
    private static func extra(_ length: Int) -> [UInt8] {
        guard length >= 15 else { return [] }
        return [UInt8](repeating: 255, count: (length - 15) / 255) + [UInt8((length - 15) % 255)]
    }

    private static func half(_ length: Int) -> UInt8 { UInt8(min(length, 15)) }

    /// The last sequence of a block: literals and nothing else.
    private static func last(_ bytes: [UInt8]) -> [UInt8] { [half(bytes.count) << 4] + extra(bytes.count) + bytes }

    /// Literals and a match.
    private static func sequence(_ bytes: [UInt8], offset: Int, length: Int) -> [UInt8] {
        let token = [half(bytes.count) << 4 | half(length - 4)]
        return token + extra(bytes.count) + bytes + [UInt8(offset & 255), UInt8(offset >> 8)] + extra(length - 4)
    }

    private static func literals() -> [VectorCase] {
        [1, 2, 12, 14, 15, 16, 100, 269, 270, 271, 525, 2_000].map { count in
            VectorCase("literals-\(count)", Clauses.lz4, "\(count) literals", vector(count, last(Label.bytes("literals \(count)", count))))
        }
    }

    private static func matches() -> [VectorCase] {
        let tail = Label.bytes("tail", 12)
        let words = Array("the quick brown fox ".utf8)
        let rows: [(String, String, Int, [UInt8])] = [
            ("run-1", "a run: offset 1", 33, sequence([0x61], offset: 1, length: 20) + last(tail)),
            ("run-2", "pairs: offset 2", 34, sequence([0x61, 0x62], offset: 2, length: 20) + last(tail)),
            ("run-3", "offset 3, shorter than the match", 35, sequence([1, 2, 3], offset: 3, length: 20) + last(tail)),
            ("shortest", "a match of 4", 20, sequence([1, 2, 3, 4], offset: 4, length: 4) + last(tail)),
            ("length-18", "a match of 18: the most that a token says", 31, sequence([9], offset: 1, length: 18) + last(tail)),
            ("length-19", "a match of 19: one byte more", 32, sequence([9], offset: 1, length: 19) + last(tail)),
            ("length-273", "a match of 273", 286, sequence([9], offset: 1, length: 273) + last(tail)),
            ("length-274", "a match of 274", 287, sequence([9], offset: 1, length: 274) + last(tail)),
            ("far", "an offset of 1,000", 1_112, sequence(Label.bytes("far", 1_000), offset: 1_000, length: 100) + last(tail)),
            ("two", "two matches", 80, sequence(words, offset: 20, length: 24) + sequence([0x21], offset: 21, length: 23) + last(tail)),
            (
                "no-literals", "a match right behind a match", 52,
                sequence(words, offset: 20, length: 10) + sequence([], offset: 5, length: 10) + last(tail)
            ),
            ("largest", "61,440 bytes in a few", 61_440, sequence([0], offset: 1, length: 61_427) + last(tail)),
        ]
        return rows.map { VectorCase($0.0, Clauses.lz4, $0.1, vector($0.2, $0.3)) }
    }

    private static func lies() -> [VectorCase] {
        let tail = Label.bytes("tail", 12)
        let run = sequence([0x61], offset: 1, length: 20) + last(tail)
        let bomb = sequence([0], offset: 1, length: 61_427) + last(tail)
        let rows: [(String, String, Int, [UInt8])] = [
            ("empty", "no block", 3, []), ("token", "a token that promises literals, and nothing", 3, [0x30]),
            ("zero", "a raw size of 0", 0, [0]),
            ("smaller", "a raw size one too small", 32, run), ("greater", "a raw size one too great", 34, run),
            ("one", "a raw size of 1", 1, run),
            ("bomb", "61,440 bytes where 1,000 are claimed", 1_000, bomb), ("claim", "33 bytes where 61,440 are claimed", 61_440, run),
            ("cut-literal", "the literals end", 33, Array(run.dropLast())), ("cut-offset", "half an offset", 33, [0x1F, 0x61, 0x01]),
            ("cut-length", "a length that goes on, and does not", 600, [0x1F, 0x61, 0x01, 0x00, 255]),
            ("cut-literal-length", "a number of literals that goes on, and does not", 600, [0xF0, 255]),
            ("offset-before", "an offset before the beginning", 33, sequence([0x61], offset: 2, length: 20) + last(tail)),
            ("offset-far", "an offset of 65,535", 33, sequence([0x61], offset: 65_535, length: 20) + last(tail)),
            ("trailing", "a byte behind the end", 33, run + [0x10]), ("trailing-block", "a block behind the block", 33, run + run),
            ("literal-overrun", "more literals than the raw size", 10, last(Label.bytes("overrun", 11))),
            ("match-overrun", "a match beyond the raw size", 20, sequence([0x61], offset: 1, length: 100) + last(tail)),
            ("text", "text instead of a block", 40, Array("this is not a block of LZ4 at all, sorry".utf8)),
        ]
        return rows.map {
            VectorCase($0.0, $0.0 == "zero" ? Clauses.lz4Size : Clauses.lz4Fault, $0.1, vector($0.2, $0.3), error: "compression")
        }
    }
}
