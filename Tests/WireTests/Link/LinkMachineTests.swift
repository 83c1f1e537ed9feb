import Testing
import Wire

@Suite struct LinkMachineTests {
    @Test func aCallGoesThereAndBack() throws {
        let pair = try MachinePair()
        let call = try #require(try pair.open("echo"))
        try pair.client.machine.send(call.client, Array("hello".utf8), end: true)
        try pair.run()
        #expect(pair.server.bodies[call.server.id] == Array("hello".utf8))
        var head = Head()
        head.status = 200
        try pair.server.machine.respond(call.server, head, end: false, compress: true)
        try pair.server.machine.send(call.server, Array("hello".utf8), end: true)
        try pair.run()
        #expect(pair.client.bodies[call.client.id] == Array("hello".utf8))
        try pair.client.machine.release(call.client)
        try pair.server.machine.release(call.server)
        #expect(pair.client.streamCount == 0)
        #expect(pair.server.streamCount == 0)
    }

    @Test func framesOfOneTickShareARecord() throws {
        let pair = try MachinePair()
        for _ in 0..<10 { _ = try pair.client.machine.open(Head(), deadline: nil, end: true, compress: true, now: pair.now) }
        var bytes: [UInt8] = []
        _ = try pair.client.machine.flush(now: pair.now) { bytes += $0.array }
        #expect(pair.records(in: bytes).count == 1)
        #expect(bytes.count == 2 + 10 * Limits.frameHeader + Limits.tag)
    }

    // REC-1.2, FLOW-1.1
    @Test func aSenderStopsAtTheStreamsCreditAndGoesOnWithMore() throws {
        let pair = try MachinePair()
        let call = try #require(try pair.open())
        try pair.client.machine.send(call.client, [UInt8](repeating: 1, count: 300_000), end: true)
        try pair.run()
        #expect(pair.server.bodies[call.server.id]?.count == Int(Limits.streamWindow))
        try pair.server.machine.consumed(call.server, 200_000, now: pair.now)
        try pair.run()
        #expect(pair.server.bodies[call.server.id]?.count == 300_000)
    }

    @Test func aDrainedWindowGrowsAndAStalledOneDoesNot() throws {
        let pair = try MachinePair()
        let call = try #require(try pair.open())
        var moved = 0
        for _ in 0..<40 {
            try pair.client.machine.send(call.client, [UInt8](repeating: 1, count: 250_000), end: false)
            try pair.run()
            let arrived = pair.server.bodies[call.server.id]?.count ?? 0
            try pair.server.machine.consumed(call.server, arrived - moved, now: pair.now)
            moved = arrived
            try pair.run()
        }
        pair.server.bodies = [:]
        try pair.client.machine.send(call.client, [UInt8](repeating: 1, count: 20_000_000), end: false)
        try pair.run()
        let held = try #require(pair.server.bodies[call.server.id]).count
        #expect(held > 2 * Int(Limits.streamWindow))
        #expect(held <= Int(Limits.streamWindowMaximum))
    }

    @Test func bulkDoesNotStandBeforeASmallCall() throws {
        let pair = try MachinePair()
        let bulk = try #require(try pair.open("bulk"))
        try pair.client.machine.send(bulk.client, [UInt8](repeating: 1, count: 200_000), end: false)
        let small = try #require(try pair.client.machine.open(Head(), deadline: nil, end: true, compress: true, now: pair.now))
        var bytes: [UInt8] = []
        _ = try pair.client.machine.flush(now: pair.now) { bytes += $0.array }
        let first = try #require(pair.records(in: bytes).first)
        try pair.receive(first, at: pair.server)
        let order = pair.server.events.compactMap { event -> UInt32? in
            switch event {
            case .opened(let ref, _): ref.id
            case .data(let ref, _, _): ref.id
            default: nil
            }
        }
        #expect(order.dropFirst().first == small.id)
    }

    @Test func twoBulkStreamsShareTheLink() throws {
        let pair = try MachinePair()
        let one = try #require(try pair.open("one"))
        let two = try #require(try pair.open("two"))
        try pair.client.machine.send(one.client, [UInt8](repeating: 1, count: 200_000), end: false)
        try pair.client.machine.send(two.client, [UInt8](repeating: 2, count: 200_000), end: false)
        try pair.deliver(from: pair.client, to: pair.server)
        let a = pair.server.bodies[one.server.id]?.count ?? 0
        let b = pair.server.bodies[two.server.id]?.count ?? 0
        #expect(a > 0 && b > 0 && abs(a - b) <= Limits.quantum)
    }

    @Test func aDeadlineEndsTheCallOnBothSides() throws {
        var pair = try MachinePair()
        let call = try #require(try pair.open(deadline: .milliseconds(100)))
        pair.now = pair.now + .milliseconds(90)
        #expect(try pair.client.tick(pair.now).isEmpty)
        pair.now = pair.now + .milliseconds(30)
        for end in [pair.client, pair.server] {
            let events = try end.tick(pair.now)
            guard case .reset(_, .deadlineExceeded, _, _)? = events.first else {
                Issue.record("no deadline: \(events)")
                continue
            }
        }
        try pair.client.machine.release(call.client)
        #expect(pair.client.streamCount == 0)
        #expect(!pair.client.needsTick)
    }

    // FLOW-5.1, FLOW-5.2
    @Test func streamsAreGrantedAgainOnlyAfterCleanUp() throws {
        var parameters = LinkParameters(bootEpoch: 1)
        parameters.maxStreams = 4
        let pair = try MachinePair(own: parameters)
        let calls = try (0..<4).map { _ in try #require(try pair.open()) }
        #expect(try pair.open() == nil)
        for call in calls { try pair.client.machine.reset(call.client, .cancelled, reason: "") }
        try pair.run()
        #expect(!pair.client.mayOpen)
        for call in calls { try pair.server.machine.release(call.server) }
        try pair.run()
        #expect(pair.client.mayOpen)
    }

    // FRAME-9.3, FRAME-9.4
    @Test func drainingRefusesNewCallsAndLetsOldOnesEnd() throws {
        let pair = try MachinePair()
        let old = try #require(try pair.open())
        try pair.server.machine.drain()
        let late = try #require(try pair.client.machine.open(Head(), deadline: nil, end: true, compress: true, now: pair.now))
        try pair.deliver(from: pair.client, to: pair.server)
        try pair.run()
        #expect(pair.client.isRetiring)
        #expect(
            pair.client.events.contains { event in
                if case .reset(let ref, let code, _, _) = event { ref == late && code.isNotProcessed } else { false }
            })
        try pair.client.machine.send(old.client, [1, 2, 3], end: true)
        try pair.run()
        #expect(pair.server.bodies[old.server.id] == [1, 2, 3])
    }

    @Test func stoppingEndsTheOtherSidesSending() throws {
        let pair = try MachinePair()
        let call = try #require(try pair.open())
        try pair.client.machine.send(call.client, [UInt8](repeating: 1, count: 100_000), end: false)
        try pair.server.machine.stop(call.server, .cancelled)
        try pair.deliver(from: pair.server, to: pair.client)
        #expect(pair.client.unsent(call.client) == 0)
        try pair.run()
        #expect(pair.client.events.contains { if case .stopped(call.client, .cancelled) = $0 { true } else { false } })
    }

    @Test func aStreamThatIsReleasedBeforeItsEndIsSentIsCleanedUp() throws {
        let pair = try MachinePair()
        let call = try #require(try pair.open(end: true))
        try pair.server.machine.respond(call.server, Head(), end: false, compress: false)
        try pair.server.machine.send(call.server, [UInt8](repeating: 1, count: 100_000), end: true)
        try pair.server.machine.release(call.server)
        #expect(pair.server.streamCount == 1)
        try pair.run()
        #expect(pair.server.streamCount == 0)
        #expect(pair.client.bodies[call.client.id]?.count == 100_000)
    }

    @Test func aReleasedStreamEndsWithTheRequestThatItStopped() throws {
        let pair = try MachinePair()
        let call = try #require(try pair.open())
        try pair.server.machine.respond(call.server, Head(), end: true, compress: false)
        try pair.client.machine.send(call.client, [UInt8](repeating: 1, count: 10_000), end: false)
        try pair.deliver(from: pair.client, to: pair.server)
        try pair.server.machine.stop(call.server, .none)
        try pair.server.machine.release(call.server)
        try pair.run()
        #expect(pair.server.streamCount == 0)
        try pair.client.machine.release(call.client)
        #expect(pair.client.streamCount == 0)
    }

    @Test func writersWaitForTheCreditOfTheirStreamAndNotForThatOfOthers() throws {
        let pair = try MachinePair()
        var stalled: [StreamRef] = []
        for _ in 0..<20 {
            let call = try #require(try pair.open())
            stalled.append(call.client)
            while pair.client.machine.isWritable(call.client) {
                try pair.client.machine.send(call.client, [UInt8](repeating: 1, count: Limits.writePiece), end: false)
                try pair.run()
            }
        }
        #expect(stalled.reduce(0) { $0 + pair.client.unsent($1) } <= Limits.unsentPerLink)
        let fresh = try #require(try pair.open())
        let isWritable = pair.client.machine.isWritable(fresh.client)
        #expect(isWritable)
    }

    @Test func aHeadThatThePeerWouldNotReadIsNotSent() throws {
        let pair = try MachinePair()
        var head = Head()
        head.verb = String(repeating: "V", count: Limits.verb + 1)
        #expect(throws: WireError.oversized) {
            try pair.client.machine.open(head, deadline: nil, end: true, compress: false, now: pair.now)
        }
        #expect(try pair.open(end: true) != nil, "the link goes on")
    }

    // LZ4-1.1
    @Test func compressibleBodiesArriveAsTheyWere() throws {
        let pair = try MachinePair(compress: true)
        let call = try #require(try pair.open())
        let text = Array(String(repeating: "the same words again and again. ", count: 4_000).utf8)
        try pair.client.machine.send(call.client, text, end: true)
        var bytes = 0
        while pair.client.machine.hasOutput {
            var out: [UInt8] = []
            _ = try pair.client.machine.flush(now: pair.now) { out += $0.array }
            bytes += out.count
            for record in pair.records(in: out) { try pair.receive(record, at: pair.server) }
        }
        #expect(pair.server.bodies[call.server.id] == text)
        #expect(bytes < text.count / 4)
    }

    @Test func stalledStreamsGiveWayNewestFirst() throws {
        var pair = try MachinePair()
        var calls: [StreamRef] = []
        for _ in 0..<60 {
            let call = try #require(try pair.open())
            calls.append(call.server)
            try pair.client.machine.send(call.client, [UInt8](repeating: 1, count: 250_000), end: false)
            try pair.run()
        }
        pair.now = pair.now + Limits.stalledAfter + .seconds(1)
        let reset = try pair.server.tick(pair.now).compactMap { event -> UInt32? in
            if case .reset(let ref, .busy, _, _) = event { ref.id } else { nil }
        }
        #expect(!reset.isEmpty && reset.count < calls.count)
        #expect(reset == Array(calls.map(\.id).sorted(by: >).prefix(reset.count)))
    }
}
