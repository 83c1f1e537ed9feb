import Wire

/// LZ4 blocks in DATA: right ones, and ones that lie.
enum CompressionCases {
    static let all: [ConformanceCase] = good + bad

    /// DATA with `raw` as a block.
    static func block(_ stream: UInt32, _ raw: [UInt8], end: Bool = false) -> RawFrame {
        .compressed(stream, rawSize: raw.count, compressed(raw), end: end)
    }

    /// The block of `raw`, also where it is longer than that: literals only.
    static func compressed(_ raw: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        if LZ4.compress(raw.span.bytes, into: &out) != nil { return out }
        var length = raw.count
        out = [UInt8(min(length, 15)) << 4]
        if length >= 15 {
            length -= 15
            while length >= 255 {
                out.append(255)
                length -= 255
            }
            out.append(UInt8(length))
        }
        return out + raw
    }

    private static func taken(_ name: String, _ title: String, _ clauses: [String], _ pieces: [[UInt8]]) -> ConformanceCase {
        ConformanceCase("lz4/\(name)", "takes \(title)", clauses, needs: [.compression]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(try [.head(stream, Scene.ping)] + pieces.map { block(stream, $0) } + [.data(stream, [], end: true)])
            _ = try await link.expectAnswer(stream)
        }
    }

    private static let text = (0..<2_000).flatMap { Array("line \($0 % 37) of a text that repeats itself\n".utf8) }

    private static let good: [ConformanceCase] = [
        taken("text", "a compressed text", ["LZ4-1.1"], [Array(text.prefix(20_000))]),
        taken("one-byte", "a block of one byte", ["LZ4-1.1", "LZ4-2.1"], [[7]]),
        taken("largest", "a block of 61,440 bytes", ["LZ4-1.1", "LZ4-2.1"], [[UInt8](repeating: 0, count: Limits.data)]),
        taken("incompressible", "a block that saved nothing", ["LZ4-1.1"], [SystemRandom.bytes(10_000)]),
        taken(
            "independent", "blocks that know nothing of each other", ["LZ4-1.1"],
            [Array(text.prefix(5_000)), Array(text.prefix(5_000)), [1, 2, 3]]),
        ConformanceCase("lz4/with-end", "takes END on compressed DATA", ["LZ4-1.1"], needs: [.compression]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(try .head(stream, Scene.ping), block(stream, Array(text.prefix(3_000)), end: true))
            _ = try await link.expectAnswer(stream)
        },
        ConformanceCase("lz4/credit", "grants credit for the raw size", ["FLOW-1.3"], needs: [.compression]) { scene in
            let link = try await scene.link()
            let zeroes = [UInt8](repeating: 0, count: Limits.data)
            let frame = compressed(zeroes)
            // More than the stream's window in raw bytes, a few KiB on the wire.
            let stream = link.newStream()
            let count = Int(clamping: min(link.peer.streamWindow, 8 << 20)) / Limits.data + 2
            link.seesCredit = true
            try link.send(.head(stream, Scene.ping))
            var done: UInt64 = 0
            for _ in 0..<min(count, 17) {
                while link.credit(of: stream) - done < UInt64(Limits.data) {
                    guard case .frame = try await link.next(until: .now + link.patience) else {
                        throw Mismatch(expected: "credit for raw bytes", seen: "none behind \(done)")
                    }
                }
                try link.send(.compressed(stream, rawSize: Limits.data, frame))
                done += UInt64(Limits.data)
            }
            try link.send(.data(stream, [], end: true))
            _ = try await link.expectAnswer(stream)
            link.seesCredit = false
            try await link.expectService()
        },
        ConformanceCase("lz4/echo", "makes of blocks what they were made of", ["LZ4-1.1"], needs: [.worker, .echo, .compression]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            let raw = Array(text.prefix(30_000))
            try link.send(try .head(stream, scene.echo), block(stream, Array(raw.prefix(9_000))), .data(stream, Array(raw[9_000..<10_000])))
            try link.send(block(stream, Array(raw[10_000...]), end: true))
            guard try await link.expectAnswer(stream).body == raw else { throw Mismatch(expected: "the same bytes", seen: "others") }
        },
    ]

    private static func ends(_ name: String, _ title: String, _ payload: @escaping @Sendable () -> [UInt8]) -> ConformanceCase {
        ConformanceCase("lz4/\(name)", "ends the link on \(title)", ["LZ4-2.1"], needs: [.compression]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(try .head(stream, Scene.ping), RawFrame(.data, flags: RawFrame.lz4, stream: stream, payload()))
            try await link.expectGoAway(.compression)
        }
    }

    private static func resets(_ name: String, _ title: String, rawSize: Int, _ block: @escaping @Sendable () -> [UInt8]) -> ConformanceCase
    {
        ConformanceCase("lz4/\(name)", "resets a stream with \(title)", ["LZ4-2.3"], needs: [.compression]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(try .head(stream, Scene.ping), .compressed(stream, rawSize: rawSize, block()))
            try await link.expectReset(stream, .compression)
            try await link.expectService()
        }
    }

    private static let bad: [ConformanceCase] = [
        ends("raw-size-zero", "a raw size of 0") { [0, 0, 0x10, 1] },
        ends("raw-size-too-large", "a raw size of 61,441") { be16(61_441) + compressed([UInt8](repeating: 0, count: 61_440)) },
        ends("raw-size-largest", "a raw size of 65,535") { be16(65_535) + compressed([UInt8](repeating: 0, count: 61_440)) },
        ends("no-block", "compressed DATA of 2 bytes") { [0, 9] },
        ends("one-byte-payload", "compressed DATA of 1 byte") { [9] },
        ends("empty-payload", "compressed DATA without a byte") { [] },
        resets("says-more", "a block that holds less than its raw size", rawSize: 5_001) {
            compressed([UInt8](repeating: 1, count: 5_000))
        },
        resets("says-less", "a block that holds more than its raw size", rawSize: 4_999) {
            compressed([UInt8](repeating: 1, count: 5_000))
        },
        resets("bomb", "a block that holds far more than its raw size", rawSize: 16) { compressed([UInt8](repeating: 0, count: 61_440)) },
        resets("truncated", "a block that ends too early", rawSize: 5_000) { Array(compressed(Array(text.prefix(5_000))).dropLast(4)) },
        resets("trailing", "a block with bytes behind its end", rawSize: 5_000) { compressed(Array(text.prefix(5_000))) + [0, 0, 0] },
        resets("offset-before-start", "a block that copies from before its start", rawSize: 64) {
            [0x1f, 0x61, 0xff, 0xff, 44, 0x50, 1, 2, 3, 4, 5]
        },
        resets("offset-zero", "a block that copies from offset 0", rawSize: 64) { [0x1f, 0x61, 0, 0, 44, 0x50, 1, 2, 3, 4, 5] },
        resets("garbage", "a block of random bytes", rawSize: 1_000) { [0xf0] + [UInt8](repeating: 0xff, count: 40) },
    ]
}
