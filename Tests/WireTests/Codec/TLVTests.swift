import Testing
import Wire

/// What every TLV stream and every encoding has in common.
@Suite struct TLVTests {
    private static func field(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
        [UInt8(type >> 8), UInt8(type & 255), UInt8(value.count >> 8), UInt8(value.count & 255)] + value
    }

    // CONV-3.1
    @Test func writersKeepTheOrder() {
        for second: UInt16 in [4, 3] {
            var writer = TLVWriter()
            writer.put(4, "a")
            writer.put(second, "b")
            #expect(throws: WireError.unordered(second)) { try writer.finish() }
        }
    }

    // CONV-3.5
    @Test(arguments: [[0], [0, 2], [0, 2, 0], [0, 2, 0, 1], [0, 2, 0, 5, 1, 2, 3, 4]] as [[UInt8]])
    func streamsEndWithAField(bytes: [UInt8]) {
        #expect(throws: WireError.truncated) { try ResolveRequest(bytes) }
    }

    // CONV-3.6
    @Test func requiredFieldsAreMissed() {
        #expect(throws: WireError.missing(2)) { try ResolveRequest([]) }
        #expect(throws: WireError.missing(4)) { try DiscoverRequest(Self.field(2, [0x73])) }
    }

    // CONV-4.4
    @Test func flagsAreZeroOrOne() throws {
        var bytes = try ServiceRecord(name: "s").encode()
        let healthy = 5 + 4
        for value: UInt8 in [0, 1] {
            bytes[healthy] = value
            #expect(try ServiceRecord(bytes).healthy == (value == 1))
        }
        bytes[healthy] = 2
        #expect(throws: WireError.badValue(4)) { try ServiceRecord(bytes) }
    }

    // CONV-4.5
    @Test(arguments: [[0], [0, 2, 0x61], [0, 1, 0x61, 0], [0, 1, 0x61, 0, 9]] as [[UInt8]])
    func listsEndWithAnElement(value: [UInt8]) {
        #expect(throws: WireError.badLength(2)) { try WatchRequest(Self.field(2, value)) }
    }

    // CONV-4.7
    @Test func emptyListsAreLeftOut() throws {
        #expect(try WatchRequest().encode() == [])
        #expect(try LoadUpdate().encode() == [])
        #expect(try Notice(.drain, text: "").encode() == Self.field(2, [4]) + Self.field(4, []))
        #expect(try EnrolAnswer(certificate: [1], coordinators: []).encode() == Self.field(2, [1]))
    }

    // CONV-4.11
    @Test func unknownKindsAreRefused() throws {
        let event = Self.field(2, [9]) + Self.field(4, [UInt8](repeating: 0, count: 8))
        #expect(throws: WireError.badValue(2)) { try WatchEvent(event) }
        var record = try WorkerRecord(name: "w").encode()
        #expect(record[5..<10] == [0, 6, 0, 1, 1])
        record[9] = 6
        #expect(throws: WireError.badValue(6)) { try WorkerRecord(record) }
    }

    // CONV-4.12
    @Test func unknownBitsAreIgnored() throws {
        let renewal = try RenewRequest(Self.field(2, [0xFF, 0xFF, 0xFF, 0xFE]))
        #expect(!renewal.features.contains(.aes))
        #expect(try RenewRequest(Self.field(2, [0xFF, 0xFF, 0xFF, 0xFF])).features.contains(.aes))
    }

    // CONV-4.13
    @Test func rowsAreOfWholeIDs() {
        let start = Self.field(2, [3]) + Self.field(4, [])
        for count in [31, 33, 63] {
            #expect(throws: WireError.badLength(6)) { try Notice(start + Self.field(6, [UInt8](repeating: 0, count: count))) }
        }
        #expect(throws: WireError.notMinimal) { try Notice(start + Self.field(6, [])) }
        #expect(throws: WireError.oversized) {
            try Notice(start + Self.field(6, [UInt8](repeating: 0, count: 32 * (Limits.noticeNodes + 1))))
        }
    }

    /// A capability: `u16 length || key || kind || value`.
    private static func registration(_ capability: [UInt8]) -> [UInt8] {
        let element = [UInt8(capability.count >> 8), UInt8(capability.count & 255)] + capability
        return field(2, [UInt8](repeating: 0, count: 8)) + field(6, [0, 0]) + field(13, element)
    }

    // MSG-4.1
    @Test(
        arguments: [
            [0, 0, 1, 1], [0, 1, 0x6B], [0, 9, 0x6B, 1, 1], [0, 1, 0x6B, 1], [0, 1, 0x6B, 1, 1, 1], [0, 1, 0x6B, 2, 1],
            [0, 1, 0x6B, 3, 0, 0, 0, 0, 0, 0, 0], [4, 1] + [UInt8](repeating: 0x6B, count: 1_025) + [4],
            [0, 1, 0x6B, 4] + [UInt8](repeating: 0x6B, count: 1_025),
        ] as [[UInt8]])
    func capabilitiesHaveTheLengthOfTheirKind(capability: [UInt8]) {
        #expect(throws: WireError.badLength(13)) { try Registration(Self.registration(capability)) }
    }

    // MSG-4.2
    @Test func doublesAreFinite() throws {
        for bits in [Double.nan, .infinity, -.infinity].map(\.bitPattern) {
            let value = (0..<8).reversed().map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) }
            #expect(throws: WireError.badValue(13)) { try Registration(Self.registration([0, 1, 0x6B, 3] + value)) }
        }
        let one = (0..<8).reversed().map { UInt8(truncatingIfNeeded: Double(1).bitPattern >> ($0 * 8)) }
        #expect(try Registration(Self.registration([0, 1, 0x6B, 3] + one)).capabilities == ["k": .double(1)])
    }

    // MSG-1.3
    @Test func sequencesEndWithAnElement() throws {
        let element = try ServiceSummary(name: "s", healthyWorkers: 1, tier: 0, requires: "").encode()
        let sequence = try MessageSequence.framed(element)
        #expect(try ServiceList(sequence + sequence).services.count == 2)
        for length in 1..<sequence.count {
            #expect(throws: WireError.truncated) { try ServiceList(sequence + sequence.prefix(length)) }
        }
    }
}
