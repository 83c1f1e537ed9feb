import Testing
import Wire

/// What a side does with the frames that it may get, and what it never sends itself.
@Suite struct StreamStateTests {
    private static func head(_ stream: UInt32, end: Bool = false) -> [UInt8] {
        RogueLink.frame(0x02, flags: end ? 1 : 0, stream: stream, [0, 4, 0, 1, 0x73])
    }

    private static let reset: [UInt8] = [0, 0x10, 0, 0, 0, 0]

    // FRAME-2.1, FRAME-2.2
    @Test func idsAreOfOnesOwnParityAndIncrease() throws {
        let pair = try MachinePair()
        var ids: [[UInt32]] = []
        for end in [pair.client, pair.server] {
            ids.append(
                try (0..<3).compactMap { _ in try end.machine.open(Head(), deadline: nil, end: true, compress: false, now: pair.now)?.id })
        }
        #expect(ids == [[1, 3, 5], [2, 4, 6]])
    }

    // FRAME-2.3, FRAME-2.5
    @Test func nothingIsSentBeforeTheHeadOrBehindTheEnd() throws {
        var rogue = try RogueLink()
        try rogue.send(Self.head(1))
        let ref = try rogue.opened()
        try rogue.victim.machine.send(ref, [1, 2, 3], end: false)
        let before = try rogue.frames()
        #expect(before.isEmpty)
        try rogue.victim.machine.respond(ref, Head(), end: false, compress: false)
        try rogue.victim.machine.respond(ref, Head(), end: false, compress: false)
        try rogue.victim.machine.send(ref, [4], end: true)
        try rogue.victim.machine.send(ref, [5], end: true)
        let after = try rogue.frames()
        #expect(after.map { [$0.type, $0.flags] } == [[0x02, 0], [0x00, 1]])
    }

    // FRAME-3.2
    @Test(arguments: [
        head(1), RogueLink.frame(0x04, stream: 1, [0, 0, 0, 0, 0, 0, 0, 1]), RogueLink.frame(0x08, stream: 1, [0, 0]),
        RogueLink.frame(0x0A, stream: 1, reset), RogueLink.frame(0x0A, stream: 1, reset + [0xFF]),
    ])
    func framesOfAStreamThatIsGoneAreIgnored(frame: [UInt8]) throws {
        var rogue = try RogueLink()
        try rogue.send(Self.head(1) + RogueLink.frame(0x0A, stream: 1, Self.reset))
        let events = rogue.victim.events.count
        try rogue.send(frame)
        #expect(rogue.victim.events.count == events)
        let answers = try rogue.frames()
        #expect(answers.isEmpty)
    }

    /// An id that was left out is gone: it is not opened later.
    @Test func idsThatWereLeftOutAreGone() throws {
        var rogue = try RogueLink()
        try rogue.send(Self.head(9))
        try rogue.send(Self.head(3) + RogueLink.frame(0x00, stream: 3, [1]))
        #expect(rogue.victim.streamCount == 1)
    }

    // FRAME-5.2
    @Test func stoppingBeforeTheAnswerIsAReset() throws {
        var rogue = try RogueLink()
        try rogue.send(Self.head(1) + RogueLink.frame(0x08, stream: 1, [0x00, 0x10]))
        let frames = try rogue.frames()
        #expect(frames.map { [UInt32($0.type), $0.stream] } == [[0x0A, 1]])
        #expect(frames.first?.payload.prefix(2) == [0x00, 0x10])
    }

    // FRAME-5.1
    @Test func stoppingInsideTheAnswerEndsItWithoutAnotherByte() throws {
        var rogue = try RogueLink()
        try rogue.send(Self.head(1))
        let ref = try rogue.opened()
        try rogue.victim.machine.respond(ref, Head(), end: false, compress: false)
        _ = try rogue.frames()
        try rogue.victim.machine.send(ref, [UInt8](repeating: 1, count: 50_000), end: false)
        try rogue.send(RogueLink.frame(0x08, stream: 1, [0, 0]))
        try rogue.victim.machine.send(ref, [1], end: false)
        let frames = try rogue.frames()
        #expect(frames.map { [Int($0.type), Int($0.flags), $0.payload.count] } == [[0x00, 1, 0]])
    }

    // FRAME-5.3
    @Test func nothingIsSentBehindAReset() throws {
        for isOwn in [true, false] {
            var rogue = try RogueLink()
            try rogue.send(Self.head(1) + RogueLink.frame(0x00, stream: 1, [UInt8](repeating: 0, count: 60_000)))
            let ref = try rogue.opened()
            if isOwn {
                try rogue.victim.machine.reset(ref, .cancelled, reason: "")
                let frames = try rogue.frames()
                #expect(frames.map(\.type) == [0x0A])
            } else {
                try rogue.send(RogueLink.frame(0x0A, stream: 1, Self.reset))
            }
            try rogue.victim.machine.respond(ref, Head(), end: false, compress: false)
            try rogue.victim.machine.send(ref, [1], end: true)
            try rogue.victim.machine.stop(ref, .none)
            try rogue.victim.machine.reset(ref, .cancelled, reason: "")
            try rogue.victim.machine.consumed(ref, 60_000, now: Instant(nanoseconds: 1_000_000_000))
            let later = try rogue.frames()
            #expect(later.isEmpty)
        }
    }

    // FRAME-5.4
    @Test func aPingIsAnsweredWithItsBytes() throws {
        var rogue = try RogueLink()
        try rogue.send(RogueLink.frame(0x0C, stream: 0, [1, 2, 3, 4, 5, 6, 7, 8]))
        let frames = try rogue.frames()
        #expect(frames.map(\.type) == [0x0E] && frames.first?.payload == [1, 2, 3, 4, 5, 6, 7, 8])
    }

    // FRAME-1.7
    @Test(arguments: ["é", "€", "🐟", "a"]) func reasonsAreCutBetweenCharacters(character: String) throws {
        for offset in 0..<4 {
            var rogue = try RogueLink()
            try rogue.send(Self.head(1))
            let reason = String(repeating: "x", count: offset) + String(repeating: character, count: 300)
            let ref = try rogue.opened()
            try rogue.victim.machine.reset(ref, .internalError, reason: reason)
            let frames = try rogue.frames()
            let text = try #require(frames.first).payload.dropFirst(6)
            #expect(text.count <= 256 && text.count > 252)
            #expect(String(validating: text, as: UTF8.self).map(reason.hasPrefix) == true)
        }
    }

    // REC-1.1
    @Test func thereIsNoRecordWithoutAFrame() throws {
        let rogue = try RogueLink()
        var count = 0
        _ = try rogue.victim.machine.flush(now: Instant(nanoseconds: 1_000_000_000)) { count += $0.byteCount }
        #expect(count == 0)
    }

    // REC-4.2
    @Test(arguments: [0, 1, 15, 16]) func recordsWithoutAFrameDoNotOpen(length: Int) throws {
        let pair = try MachinePair()
        #expect(throws: WireError.authentication) { try pair.receive([UInt8](repeating: 0, count: length), at: pair.server) }
    }

    // FRAME-8.1
    @Test func aFaultOfALinkThatDrainsIsNamedAndServesNothingLess() throws {
        var rogue = try RogueLink()
        try rogue.send(Self.head(5))
        try rogue.victim.machine.drain(.draining, reason: "")
        try rogue.victim.machine.drain(.draining, reason: "said already")
        try rogue.send(Self.head(7))
        try rogue.victim.machine.drain(.revoked, reason: "")
        try rogue.victim.machine.drain(.flood, reason: "")
        let farewells = try rogue.frames().filter { $0.type == 0x10 }.map(\.payload)
        #expect(farewells == [[0, 0, 0, 5, 0x80, 0x17], [0, 0, 0, 5, 0x80, 0x32], [0, 0, 0, 5, 0, 4]])
    }

    // FRAME-8.1, FRAME-9.3
    @Test func aFaultIsToldWithTheHighestStreamThatWasAccepted() throws {
        var rogue = try RogueLink()
        try rogue.send(Self.head(5))
        #expect(throws: WireError.streamState) { try rogue.send(RogueLink.frame(0x00, stream: 9, [1])) }
        try rogue.victim.machine.drain(.streamState, reason: "")
        let farewell = try rogue.frames().last
        #expect(farewell?.payload == [0, 0, 0, 5, 0, 3])
    }

    // FRAME-9.1, FRAME-9.2, FRAME-9.3, FRAME-9.4
    @Test func goingAwayRefusesWhatIsNewAndOnlyThat() throws {
        var rogue = try RogueLink()
        try rogue.send(Self.head(5))
        let now = Instant(nanoseconds: 1_000_000_000)
        let opened = try rogue.victim.machine.open(Head(), deadline: nil, end: false, compress: false, now: now)
        let mine = try #require(opened)
        try rogue.victim.machine.drain(.draining, reason: "")
        let frames = try rogue.frames()
        let goAway = try #require(frames.last)
        #expect(goAway.type == 0x10 && goAway.payload == [0, 0, 0, 5, 0x80, 0x17])
        try rogue.send(Self.head(7) + RogueLink.frame(0x00, stream: 5, [1]))
        let refusal = try rogue.frames()
        #expect(refusal.map { [UInt32($0.type), $0.stream] } == [[0x0A, 7]] && refusal.first?.payload.prefix(2) == [0x80, 0x17])
        #expect(rogue.victim.bodies[5] == [1])
        try rogue.send(RogueLink.frame(0x10, stream: 0, [0, 0, 0, 0, 0, 0]))
        #expect(!rogue.victim.mayOpen)
        let failed = rogue.victim.events.compactMap { event -> ErrorCode? in
            if case .reset(mine, let code, _, _) = event { code } else { nil }
        }
        #expect(failed == [.draining])
    }

    // FRAME-9.6
    @Test func noStreamIsOpenedWhereTheIDsEnd() throws {
        let pair = try MachinePair(streamIDSoftEnd: 7)
        for (end, ids) in [(pair.client, [1, 3, 5]), (pair.server, [2, 4, 6])] as [(End, [UInt32])] {
            let opened = try (0..<5).map { _ in try end.machine.open(Head(), deadline: nil, end: true, compress: false, now: pair.now)?.id }
            #expect(opened == ids + [nil, nil])
            #expect(!end.mayOpen && end.isRetiring)
        }
        let usual = LinkParameters(bootEpoch: 1)
        #expect(LinkConfiguration(isInitiator: true, own: usual, peer: usual, compress: false).streamIDSoftEnd == 0x7FFF_0000)
    }

    // CONV-6.2
    @Test func onlyAssignedTypesAndFlagsAreSent() throws {
        var rogue = try RogueLink(own: LinkParameters(bootEpoch: 1, streamWindow: 1_000, maxStreams: 4), compress: true)
        let now = Instant(nanoseconds: 1_000_000_000)
        try rogue.send(Self.head(1) + RogueLink.frame(0x00, stream: 1, [UInt8](repeating: 0, count: 900)))
        let first = try rogue.opened()
        try rogue.victim.machine.consumed(first, 900, now: now)
        try rogue.victim.machine.respond(first, Head(), end: false, compress: true)
        try rogue.victim.machine.send(first, [UInt8](repeating: 7, count: 5_000), end: true)
        try rogue.victim.machine.stop(first, .none)
        try rogue.send(RogueLink.frame(0x0C, stream: 0, [UInt8](repeating: 1, count: 8)))
        for id in [3, 5, 7] as [UInt32] {
            try rogue.send(Self.head(id))
            let ref = try rogue.opened()
            try rogue.victim.machine.reset(ref, .busy, reason: "")
            try rogue.victim.machine.release(ref)
        }
        _ = try rogue.victim.machine.open(Head(), deadline: nil, end: true, compress: true, now: now)
        try rogue.victim.machine.ping(1)
        try rogue.victim.machine.drain(.draining, reason: "done")
        let frames = try rogue.frames()
        for frame in frames {
            let type = try #require(FrameType(rawValue: frame.type))
            #expect(FrameFlags(rawValue: frame.flags).isSubset(of: .defined(for: type)), "\(type) \(frame.flags)")
        }
        let sent = Set(frames.map(\.type))
        #expect(sent == Set(FrameType.allCases.filter { $0 != .padding }.map(\.rawValue)))
        #expect(frames.contains { $0.type == 0x00 && $0.flags == 5 })
    }
}
