import Testing
import Wire

/// What a member that was admitted but does not keep to the protocol can do: every case is a typed error or costs it only its stream.
@Suite struct HostileFrameTests {
    private static func head(_ stream: UInt32, _ payload: [UInt8] = [0, 4, 0, 1, 0x73]) -> [UInt8] {
        RogueLink.frame(0x02, stream: stream, payload)
    }

    private static func integer(_ value: UInt64) -> [UInt8] { (0..<8).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }

    private static let fatal: [(name: String, frames: [UInt8], error: WireError)] = [
        ("unknown even type", RogueLink.frame(0x20, stream: 0), .unknownCritical(0x20)),
        ("undefined flag", RogueLink.frame(0x02, flags: 0x80, stream: 1), .badValue(2)),
        ("data before head", RogueLink.frame(0x00, stream: 1, [1]), .streamState),
        ("stream zero", head(0), .streamState),
        ("the victim's stream", head(2), .streamState),
        ("second head", head(1) + head(1), .streamState),
        ("data after the end", RogueLink.frame(0x02, flags: 1, stream: 1) + RogueLink.frame(0x00, stream: 1, [1]), .streamState),
        ("short header", [0, 1, 0], .truncated),
        ("length beyond the record", [0xFF, 0xFF, 0, 0, 0, 0, 0, 1], .truncated),
        ("head too large", RogueLink.frame(0x02, stream: 1, [UInt8](repeating: 0, count: Limits.headSize + 1)), .oversized),
        ("data too large", head(1) + RogueLink.frame(0x00, stream: 1, [UInt8](repeating: 0, count: Limits.data + 1)), .oversized),
        ("window of seven bytes", RogueLink.frame(0x04, stream: 0, [UInt8](repeating: 0, count: 7)), .badLength(4)),
        ("window that shrinks", RogueLink.frame(0x04, stream: 0, integer(1)), .flowControl),
        ("window that overflows", RogueLink.frame(0x04, stream: 0, integer(.max)), .flowControl),
        ("max streams on a stream", RogueLink.frame(0x06, stream: 1, [0, 0, 0, 9]), .streamState),
        ("ping of nine bytes", RogueLink.frame(0x0C, stream: 0, [UInt8](repeating: 0, count: 9)), .badLength(0x0C)),
        ("reset without a code", head(1) + RogueLink.frame(0x0A, stream: 1, [0]), .badLength(0x0A)),
        ("reset of a stream that never was", RogueLink.frame(0x0A, stream: 9, [0, 0, 0, 0, 0, 0]), .streamState),
        ("goaway with a long reason", RogueLink.frame(0x10, stream: 0, [UInt8](repeating: 0x61, count: 300)), .badLength(0x10)),
        ("goaway that is not text", RogueLink.frame(0x10, stream: 0, [0, 0, 0, 0, 0, 0, 0xFF]), .badValue(0x10)),
        ("compressed without a size", head(1) + RogueLink.frame(0x00, flags: 4, stream: 1, [1]), .compression),
        ("compressed beyond the limit", head(1) + RogueLink.frame(0x00, flags: 4, stream: 1, [0xFF, 0xFF, 0]), .compression),
    ]

    // REC-1.3, FRAME-1.2, FRAME-1.3, FRAME-1.4, FRAME-1.5, FRAME-1.6, FRAME-1.8, FRAME-3.1, FLOW-1.4, LZ4-2.1
    @Test(arguments: fatal.indices) func endsTheLinkWithATypedError(index: Int) throws {
        let example = Self.fatal[index]
        var rogue = try RogueLink()
        var thrown: WireError?
        do { try rogue.send(example.frames) } catch { thrown = error }
        #expect(thrown == example.error, "\(example.name)")
    }

    private static let harmless: [(name: String, frames: [UInt8])] = [
        ("unknown odd type", RogueLink.frame(0x21, stream: 77, [1, 2, 3])),
        ("padding", RogueLink.frame(0x01, stream: 0, [UInt8](repeating: 0, count: 1_000))),
        ("a head that is not TLV", head(1, [1, 2, 3])),
        ("a head with an unknown even type", head(1, [0x7F, 0xFE, 0, 0])),
        ("a head out of order", head(1, [0, 4, 0, 1, 0x73, 0, 2, 0, 1, 0x73])),
        ("a head with an empty field", head(1, [0, 4, 0, 0])),
        ("a head that is not text", head(1, [0, 4, 0, 1, 0xFF])),
        ("a block that does not decode", head(1) + RogueLink.frame(0x00, flags: 4, stream: 1, [0, 100, 0xFF, 0xFF, 0xFF])),
        ("a block that lies about its size", head(1) + RogueLink.frame(0x00, flags: 4, stream: 1, [0, 99, 0x10, 0x61])),
        ("data for a stream that was refused", head(1, [1]) + RogueLink.frame(0x00, stream: 1, [1, 2, 3])),
    ]

    // FRAME-1.1, FRAME-5.5, FRAME-6.3, LZ4-2.3
    @Test(arguments: harmless.indices) func costsOnlyItsOwnStream(index: Int) throws {
        let example = Self.harmless[index]
        var rogue = try RogueLink()
        try rogue.send(example.frames)
        try rogue.send(Self.head(3) + RogueLink.frame(0x00, flags: 1, stream: 3, [9]))
        #expect(rogue.victim.bodies[3] == [9], "\(example.name)")
    }

    // FLOW-1.2
    @Test func moreThanTheStreamsCreditEndsTheLink() throws {
        var rogue = try RogueLink()
        try rogue.send(Self.head(1))
        var sent = 0
        var thrown: WireError?
        do {
            while sent <= Int(Limits.streamWindow) {
                try rogue.send(RogueLink.frame(0x00, stream: 1, [UInt8](repeating: 0, count: 60_000)))
                sent += 60_000
            }
        } catch { thrown = error }
        #expect(thrown == .flowControl)
        #expect(sent <= Int(Limits.streamWindow))
    }

    // FRAME-3.5
    @Test func moreStreamsThanGrantedEndTheLink() throws {
        var parameters = LinkParameters(bootEpoch: 1)
        parameters.maxStreams = 2
        var rogue = try RogueLink(own: parameters)
        try rogue.send(Self.head(1) + Self.head(3))
        var thrown: WireError?
        do { try rogue.send(Self.head(5)) } catch { thrown = error }
        #expect(thrown == .streamState)
    }

    @Test(arguments: [
        RogueLink.frame(0x0C, stream: 0, [UInt8](repeating: 0, count: 8)), RogueLink.frame(0x01, stream: 0),
        RogueLink.frame(0x21, stream: 0), RogueLink.frame(0x04, stream: 0, integer(Limits.linkWindow)),
    ]) func framesWithoutProgressAreBudgeted(frame: [UInt8]) throws {
        var rogue = try RogueLink()
        var thrown: WireError?
        do { for _ in 0...Limits.idleFrameBurst { try rogue.send(frame) } } catch { thrown = error }
        #expect(thrown == .flood)
    }

    @Test func rapidResetIsAFlood() throws {
        var rogue = try RogueLink()
        var stream: UInt32 = 1
        var thrown: WireError?
        do {
            while stream < 20_000 {
                try rogue.send(Self.head(stream) + RogueLink.frame(0x0A, stream: stream, [0, 0x10, 0, 0, 0, 0]))
                stream += 2
            }
        } catch { thrown = error }
        #expect(thrown == .flood || thrown == .streamState)
        #expect(stream / 2 <= Limits.openStreams + 1)
    }

    @Test func aTamperedRecordDoesNotOpenAndTheNextGoodOneDoes() throws {
        let pair = try MachinePair()
        _ = try pair.client.machine.open(Head(), deadline: nil, end: true, compress: true, now: pair.now)
        var bytes: [UInt8] = []
        _ = try pair.client.machine.flush(now: pair.now) { bytes += $0.array }
        let good = try #require(pair.records(in: bytes).first)
        for index in good.indices {
            var bad = good
            bad[index] ^= 1
            #expect(throws: WireError.authentication) { try pair.receive(bad, at: pair.server) }
        }
        try pair.receive(good, at: pair.server)
        #expect(pair.server.streamCount == 1)
    }
}
