import MeshTestKit
import Testing
import Wire

@Suite struct LZ4Tests {
    private static let text = Array(String(repeating: "the quick brown fox jumps over the lazy dog. ", count: 60).utf8)

    @Test func textShrinksAndComesBack() throws {
        var packed: [UInt8] = [1, 2]
        let length = try #require(LZ4.compress(Self.text.span.bytes, into: &packed))
        #expect(packed.count == 2 + length && packed[..<2] == [1, 2] && length < Self.text.count / 8)
        var raw: [UInt8] = [9]
        try LZ4.decompress(Array(packed[2...]).span.bytes, rawSize: Self.text.count, into: &raw)
        #expect(raw == [9] + Self.text)
    }

    @Test func whatDoesNotSaveAnEighthIsNotKept() {
        var random = SeededRandom(seed: 3)
        for count in [1, 16, 512, 4_096, Limits.data] {
            var packed: [UInt8] = [7]
            #expect(LZ4.compress(random.bytes(count).span.bytes, into: &packed) == nil)
            #expect(packed == [7])
        }
        var packed: [UInt8] = []
        #expect(LZ4.compress(RawSpan(), into: &packed) == nil)
        #expect(LZ4.compress([UInt8](repeating: 0, count: Limits.data + 1).span.bytes, into: &packed) == nil)
        #expect(LZ4.compress([UInt8](repeating: 0, count: Limits.data).span.bytes, into: &packed) != nil)
    }

    /// A block of 88 % of its raw size is not worth its while, one of 87 % is.
    @Test func theLineIsAtAnEighth() throws {
        var random = SeededRandom(seed: 4)
        var lengths: [Bool: [Int]] = [:]
        for noise in stride(from: 700, through: 1_000, by: 1) {
            let block = random.bytes(noise) + [UInt8](repeating: 0, count: 1_000 - noise)
            var packed: [UInt8] = []
            let length = LZ4.compress(block.span.bytes, into: &packed)
            lengths[length != nil, default: []].append(noise)
            if let length { #expect(length <= 875) }
        }
        #expect(try #require(lengths[true]?.max()) < 875)
        #expect(try #require(lengths[false]?.min()) > 850)
    }

    // LZ4-2.2
    @Test func liesAboutTheRawSizeAreRefused() throws {
        var packed: [UInt8] = []
        _ = try #require(LZ4.compress(Self.text.span.bytes, into: &packed))
        for lie in [1, Self.text.count - 1, Self.text.count + 1, Limits.data] {
            var raw: [UInt8] = [5]
            #expect(throws: WireError.compression) { try LZ4.decompress(packed.span.bytes, rawSize: lie, into: &raw) }
            #expect(raw == [5])
        }
        var raw: [UInt8] = []
        #expect(throws: WireError.oversized) { try LZ4.decompress(packed.span.bytes, rawSize: Limits.data + 1, into: &raw) }
        #expect(throws: WireError.oversized) { try LZ4.decompress(packed.span.bytes, rawSize: .max, into: &raw) }
        for nothing in [0, -1, Int.min] {
            #expect(throws: WireError.compression) { try LZ4.decompress(packed.span.bytes, rawSize: nothing, into: &raw) }
        }
        #expect(raw.capacity == 0, "nothing was allocated for a lie")
    }

    /// 255 bytes of zeros for each byte: the declared size is the limit, whatever the block would give.
    @Test func aBombGivesNoMoreThanItDeclares() throws {
        let bomb = [0x1F, 0, 1, 0] + [UInt8](repeating: 255, count: 60_000) + [0, 0x50, 0, 0, 0, 0, 0]
        var raw: [UInt8] = []
        #expect(throws: WireError.compression) { try LZ4.decompress(bomb.span.bytes, rawSize: Limits.data, into: &raw) }
        #expect(raw.isEmpty)
    }

    @Test func damagedBlocksNeverReadOrWriteOutside() throws {
        var packed: [UInt8] = []
        _ = try #require(LZ4.compress(Self.text.span.bytes, into: &packed))
        for length in packed.indices {
            var raw: [UInt8] = []
            #expect(throws: WireError.compression) {
                try LZ4.decompress(Array(packed.prefix(length)).span.bytes, rawSize: Self.text.count, into: &raw)
            }
        }
        var random = SeededRandom(seed: 8)
        for _ in 0..<1_000 {
            var damaged = packed
            damaged[Int(random.next() % UInt64(damaged.count))] = UInt8(truncatingIfNeeded: random.next())
            var raw: [UInt8] = []
            try? LZ4.decompress(damaged.span.bytes, rawSize: Self.text.count, into: &raw)
            #expect(raw.isEmpty || raw.count == Self.text.count)
        }
    }

    // MARK: Policy

    @Test func smallBlocksAndForbiddenOnesAreNotAttempted() {
        var policy = CompressionPolicy(enabled: true)
        let (small, large) = (policy.shouldAttempt(Limits.compressFrom - 1), policy.shouldAttempt(Limits.compressFrom))
        #expect(!small && large)
        var forbidden = CompressionPolicy(enabled: false)
        let attempt = forbidden.shouldAttempt(60_000)
        #expect(!attempt)
    }

    /// Which of the first `count` blocks are attempted, where `isKept` says what becomes of each.
    private func attempts(_ count: Int, _ policy: inout CompressionPolicy, isKept: (Int) -> Bool) -> [Int] {
        var attempts: [Int] = []
        for block in 0..<count where policy.shouldAttempt(4_096) {
            attempts.append(block)
            policy.record(kept: isKept(block))
        }
        return attempts
    }

    @Test func incompressibleStreamsAreTriedLessAndLess() {
        var policy = CompressionPolicy(enabled: true)
        #expect(attempts(400, &policy) { _ in false } == [0, 2, 5, 10, 19, 36, 69, 134, 199, 264, 329, 394])
        policy = CompressionPolicy(enabled: true)
        #expect(attempts(100, &policy) { _ in true } == Array(0..<100))
    }

    @Test func aStreamThatTurnsCompressibleIsNoticed() throws {
        var policy = CompressionPolicy(enabled: true)
        _ = attempts(1_000, &policy) { _ in false }
        let after = attempts(200, &policy) { $0 < 100 }
        let noticed = try #require(after.first)
        #expect(noticed <= CompressionPolicy.maximumSkip)
        #expect(after.prefix { $0 < 100 } == Array(noticed..<100)[...])
        #expect(after.filter { $0 >= 100 } == [100, 102, 105, 110, 119, 136, 169])
    }
}
