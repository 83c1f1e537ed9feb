import Testing
import Wire

/// What holds for every message of the registry.
@Suite struct MessageCodecTests {
    @Test func everyMessageComesBack() throws {
        for sample in try Samples.all() { #expect(try sample.cycle(sample.bytes) == sample.bytes, "\(sample.testDescription)") }
    }

    /// A prefix is refused, or it is itself the one encoding of a smaller value: nothing is read beyond the end.
    @Test func everyPrefixIsRefusedOrWhole() throws {
        for sample in try Samples.all() {
            var refused = 0
            for length in 0..<sample.bytes.count {
                let prefix = Array(sample.bytes.prefix(length))
                do throws(WireError) {
                    #expect(try sample.cycle(prefix) == prefix, "\(sample.testDescription) at \(length)")
                } catch { refused += 1 }
            }
            #expect(refused >= sample.bytes.count * 3 / 4, "\(sample.testDescription)")
        }
    }

    // CONV-3.3
    @Test func unknownOddFieldsAreSkipped() throws {
        for sample in try Samples.all() where sample.isTLV {
            #expect(try sample.cycle(sample.bytes + [0xFF, 0xFF, 0, 2, 1, 2]) == sample.bytes, "\(sample.testDescription)")
        }
    }

    // CONV-3.4
    @Test func unknownEvenFieldsAreRefused() throws {
        for sample in try Samples.all() where sample.isTLV {
            #expect(throws: WireError.unknownCritical(0xFFFE)) { try sample.cycle(sample.bytes + [0xFF, 0xFE, 0, 0]) }
        }
    }

    // CONV-3.2
    @Test func repeatedAndReorderedFieldsAreRefused() throws {
        for sample in try Samples.all() where sample.isTLV && !sample.bytes.isEmpty {
            let first = 4 + Int(sample.bytes[2]) << 8 + Int(sample.bytes[3])
            let head = Array(sample.bytes.prefix(first))
            let rest = Array(sample.bytes.dropFirst(first))
            let type = UInt16(sample.bytes[0]) << 8 + UInt16(sample.bytes[1])
            #expect(throws: WireError.unordered(type)) { try sample.cycle(head + sample.bytes) }
            if !rest.isEmpty { #expect(throws: WireError.unordered(type)) { try sample.cycle(rest + head) } }
        }
    }

    /// Whatever a flipped byte makes of a message, it is refused or it decodes to something that encodes and decodes again.
    @Test func alteredBytesAreRefusedOrCanonical() throws {
        var random = SplitMix(state: 11)
        for sample in try Samples.all() where !sample.bytes.isEmpty {
            for _ in 0..<200 {
                var bytes = sample.bytes
                bytes[random.below(bytes.count)] ^= UInt8(1 + random.below(255))
                guard let again = try? sample.cycle(bytes) else { continue }
                #expect(try sample.cycle(again) == again, "\(sample.testDescription)")
            }
        }
    }

    @Test func randomBytesNeverTrap() throws {
        var random = SplitMix(state: 13)
        let samples = try Samples.all()
        for _ in 0..<2_000 {
            let bytes = (0..<random.below(64)).map { _ in UInt8(random.below(random.below(2) == 0 ? 8 : 256)) }
            _ = try? samples[random.below(samples.count)].cycle(bytes)
        }
    }
}
