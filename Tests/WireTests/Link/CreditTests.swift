import Testing
import Wire

/// The arithmetic of credit, streams and budgets.
@Suite struct CreditTests {
    private static let now = Instant(nanoseconds: 1_000_000_000)
    private static let piece = RogueLink.frame(0x00, stream: 1, [UInt8](repeating: 0, count: 60_000))

    private static func head(_ stream: UInt32, _ more: [UInt8] = []) -> [UInt8] {
        RogueLink.frame(0x02, stream: stream, [0, 4, 0, 1, 0x73] + more)
    }

    /// More than the link's credit, sent to a stream that is gone.
    // FRAME-3.3
    @Test func bytesForAStreamThatIsGoneAreGrantedAgain() throws {
        var rogue = try RogueLink()
        try rogue.send(Self.head(1) + RogueLink.frame(0x0A, stream: 1, [0, 0x10, 0, 0, 0, 0]))
        for _ in 0..<400 { try rogue.send(Self.piece) }
        #expect(rogue.victim.bodies[1] == nil)
        let grants = try rogue.frames()
        #expect(grants.contains { $0.type == 0x04 && $0.stream == 0 })
    }

    /// More than the stream's credit, sent to a half that is stopped.
    // FRAME-3.4
    @Test func bytesForAStoppedHalfAreGrantedAgain() throws {
        var rogue = try RogueLink()
        try rogue.send(Self.head(1))
        try rogue.victim.machine.stop(try rogue.opened(), .none)
        for _ in 0..<20 { try rogue.send(Self.piece) }
        #expect(rogue.victim.bodies[1] == nil)
    }

    /// Streams that are reset with bytes in them do not make the link smaller: three times its credit goes through.
    // FLOW-3.1
    @Test func aStreamThatEndsGivesBackWhatItHeld() throws {
        var rogue = try RogueLink()
        for index in 0..<200 as Range<UInt32> {
            let stream = index * 2 + 1
            try rogue.send(Self.head(stream))
            for _ in 0..<4 { try rogue.send(RogueLink.frame(0x00, stream: stream, [UInt8](repeating: 0, count: 60_000))) }
            let ref = try rogue.opened()
            try rogue.victim.machine.reset(ref, .cancelled, reason: "")
            try rogue.victim.machine.release(ref)
            _ = try rogue.frames()
        }
    }

    // FLOW-1.3
    @Test func compressedBytesCountAsTheyAreRaw() throws {
        let pair = try MachinePair(compress: true)
        let call = try #require(try pair.open())
        try pair.client.machine.send(call.client, [UInt8](repeating: 1, count: 1_000_000), end: false)
        try pair.run()
        #expect(pair.server.bodies[call.server.id]?.count == Int(Limits.streamWindow))
    }

    // FLOW-1.5
    @Test func creditIsGrantedForWhatWasConsumedOnly() throws {
        var rogue = try RogueLink()
        try rogue.send(Self.head(1))
        let ref = try rogue.opened()
        for _ in 0..<4 { try rogue.send(Self.piece) }
        let early = try rogue.frames()
        #expect(early.isEmpty)
        try rogue.victim.machine.consumed(ref, 100_000, now: Self.now)
        let stillEarly = try rogue.frames()
        #expect(stillEarly.isEmpty, "more than half of the window is left")
        try rogue.victim.machine.consumed(ref, 50_000, now: Self.now)
        let frames = try rogue.frames()
        let grant = try #require(frames.first)
        #expect(grant.type == 0x04 && grant.stream == 1)
        #expect(grant.payload.reduce(0) { $0 << 8 | UInt64($1) } == 150_000 + Limits.streamWindow)
    }

    // FLOW-5.3
    @Test func fewerStreamsThanBeforeMeanNothing() throws {
        var rogue = try RogueLink()
        #expect(rogue.victim.mayOpen)
        try rogue.send(RogueLink.frame(0x06, stream: 0, [0, 0, 0, 0]))
        #expect(rogue.victim.mayOpen)
    }

    // FLOW-6.2
    @Test func theBudgetIsAsLargeAsTheTextSays() throws {
        let ping = RogueLink.frame(0x0C, stream: 0, [UInt8](repeating: 0, count: 8))
        var rogue = try RogueLink()
        for _ in 0..<1_000 { try rogue.send(ping) }
        #expect(throws: WireError.flood) { try rogue.send(ping) }
        var patient = try RogueLink()
        for _ in 0..<1_000 { try patient.send(ping) }
        patient.now = patient.now + .milliseconds(5)
        try patient.send(ping)
        #expect(throws: WireError.flood) { try patient.send(ping) }
        var honest = try RogueLink()
        for _ in 0..<1_000 { try honest.send(ping) }
        try honest.send(RogueLink.frame(0x02, flags: 1, stream: 1, [0, 4, 0, 1, 0x73]))
        try honest.victim.machine.respond(try honest.opened(), Head(), end: true, compress: false)
        try honest.send(ping)
    }

    // CALL-2.3
    @Test func deadlinesAreAtMostAnHour() throws {
        var rogue = try RogueLink()
        try rogue.send(Self.head(1, [0, 14, 0, 4, 0xFF, 0xFF, 0xFF, 0xFF]))
        #expect(try rogue.victim.tick(Self.now + .seconds(3_599)).isEmpty)
        guard case .reset(_, .deadlineExceeded, _, _)? = try rogue.victim.tick(Self.now + .seconds(3_601)).first else {
            Issue.record("still there after an hour")
            return
        }
    }
}
