import MeshTestKit
import Testing
import Wire

/// What others do to a machine: silence, replays, floods, forged sources, garbage.
@Suite struct DatagramHostileTests {
    private static let stranger = DatagramAddress(v4: 0xC633_6401, port: 53)

    /// DGRAM-2.6: silence is repeated the same bytes, and then told.
    @Test func silenceIsToldAfterTheSameBytesThreeTimes() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        net.path = { _ in nil }
        net.ask(a, b, [1], ticket: 5)
        for _ in 0..<60 {
            net.advance(by: .milliseconds(100))
            net.run()
        }
        #expect(net.types == [1, 1, 1])
        #expect(Set(net.log.map(\.bytes)).count == 1)
        #expect(a.events == [.failed(5, .noAnswer)] && a.pendingCount == 0)
    }

    @Test func theLayerAboveMayAskForARepetitionSooner() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        net.ask(a, b, [1])
        net.flights = []
        net.ask(a, b, [1], isRepeated: true)
        #expect(net.log.count == 1, "a moment ago")
        net.advance(by: .milliseconds(50))
        net.ask(a, b, [1], isRepeated: true)
        net.run()
        #expect(net.log[0].bytes == net.log[1].bytes && a.texts == [[0xAA, 1]])
    }

    /// DGRAM-3.6
    @Test func aRepetitionIsAnsweredWithTheSameBytes() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        net.ask(a, b, [1])
        let initiation = net.flights.removeFirst()
        net.deliver(initiation)
        let first = net.flights.removeFirst()
        net.deliver(initiation)
        #expect(net.flights[0].bytes == first.bytes && b.heard.count == 1)
        net.run()
        #expect(a.texts == [[0xAA, 1]])
        net.deliver(initiation)
        #expect(b.faults.last == .replayed, "the session is confirmed, so the initiator has the response")
    }

    /// DGRAM-2.5, DGRAM-7.2: what somebody has recorded displaces nothing, not even at a responder that has forgotten everything.
    @Test func aReplayDisplacesNothing() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        net.ask(a, b, [1])
        let recorded = net.flights[0]
        net.run()
        for _ in 0..<3 { net.receive(b, recorded.bytes, from: Self.stranger) }
        #expect(b.faults == [.replayed, .replayed, .replayed])
        net.restart(b, boot: 2)
        net.ask(a, b, [2], ticket: 2, way: .handshake)
        net.run()
        net.receive(b, recorded.bytes, from: Self.stranger)
        #expect(b.faults == [.replayed, .replayed, .replayed, .replayed])
        net.restart(b, boot: 3)
        net.receive(b, recorded.bytes, from: Self.stranger)
        #expect(!b.hasSession(with: a))
        net.flights = []
        net.ask(a, b, [3], ticket: 3, way: .handshake)
        net.run()
        #expect(a.texts.last == [0xAA, 3])
        net.ask(b, a, [4])
        net.run()
        #expect(b.texts.last == [0xAA, 4])
        #expect(net.log.filter { $0.to == Self.stranger }.count == 1, "one response for one initiation")
    }

    /// DGRAM-5.1, DGRAM-5.2, DGRAM-5.3: under load nobody is answered but who receives at his address.
    @Test func underLoadStrangersComeAgainWithACookie() throws {
        let net = try DatagramNet()
        let b = try net.add("b", burst: 1)
        let (a, c) = (try net.add("a"), try net.add("c"))
        net.ask(a, b, [1])
        net.ask(c, b, [2])
        net.run()
        #expect(a.texts == [[0xAA, 1]])
        #expect(c.texts.isEmpty && net.types.filter { $0 == 4 }.count == 1, "a moment ago it was sent, so it waits")
        #expect(net.log.filter { $0.bytes[0] == 4 }.allSatisfy { $0.bytes.count == 64 })
        net.advance(by: .milliseconds(20))
        net.ask(c, b, [2], isRepeated: true)
        net.run()
        #expect(c.texts == [[0xAA, 2]])
        let initiations = net.log.filter { $0.bytes[0] == 1 && $0.from == c.address }.map(\.bytes)
        #expect(initiations.count == 2 && initiations[0].prefix(1_184) == initiations[1].prefix(1_184))
        #expect(initiations[0].suffix(16).allSatisfy { $0 == 0 } && initiations[0] != initiations[1])
    }

    /// DGRAM-5.4
    @Test func aForgedCookieIsNoCookie() throws {
        let net = try DatagramNet()
        let b = try net.add("b", burst: 0)
        let a = try net.add("a")
        net.ask(a, b, [1])
        net.deliver(net.flights.removeFirst())
        let cookie = net.flights.removeFirst()
        for position in 4..<cookie.bytes.count {
            var forged = cookie.bytes
            forged[position] ^= 1
            net.receive(a, forged, from: b.address)
        }
        #expect(net.flights.isEmpty && a.faults.count == 60)
        net.advance(by: .milliseconds(20))
        net.deliver(cookie)
        net.run()
        #expect(a.texts == [[0xAA, 1]])
    }

    /// A cookie of one address is of no use at another.
    @Test func aCookieIsBoundToItsAddress() throws {
        let net = try DatagramNet()
        let b = try net.add("b", burst: 0)
        let a = try net.add("a")
        net.ask(a, b, [1])
        net.run()
        net.advance(by: .milliseconds(20))
        net.path = { ($0.bytes, $0.from == a.address ? Self.stranger : $0.from, $0.to) }
        net.ask(a, b, [1], isRepeated: true)
        net.run()
        #expect(b.heard.isEmpty && b.statistics.cookiesSent == 2)
    }

    /// DGRAM-2.7
    @Test func nobodyIsMadeToFloodAVictim() throws {
        let net = try DatagramNet()
        let a = try net.add("a")
        var mesh = net.mesh
        for number in 0..<2_000 as Range<UInt64> {
            let victim = DatagramAddress(v4: 0xC633_6401, port: UInt16(1 + number % 500))
            let target = DatagramTarget(staticKey: try mesh.stranger().staticKey.publicKey, nodeID: nil, address: victim)
            a.machine.send([1].span.bytes, to: target, ticket: number, now: net.clock.now, random: &net.random)
            net.collect(a)
        }
        #expect(net.log.count == Int(Limits.initiationsPerNetwork))
        #expect(a.events.filter { if case .failed(_, .withheld) = $0 { true } else { false } }.count == 2_000 - net.log.count)
        for _ in 0..<40 { net.ask(a, a, [1], way: .handshake, at: DatagramAddress(v4: 0x0808_0808, port: 9)) }
        let other = DatagramAddress(v4: 0xC633_6402, port: 53)
        for number in 0..<40 as Range<UInt64> {
            let target = DatagramTarget(staticKey: try mesh.stranger().staticKey.publicKey, nodeID: nil, address: other)
            a.machine.send([1].span.bytes, to: target, ticket: number, now: net.clock.now, random: &net.random)
        }
        let queued = a.machine.outbox.copies.count
        #expect(queued == Int(Limits.initiationsPerAddress))
    }

    @Test func anAnswerGivesItsInitiationsBack() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        for number in 0..<100 as Range<UInt64> {
            net.ask(a, b, [1], ticket: number, way: .handshake)
            net.run()
        }
        #expect(a.texts.count == 100 && a.statistics.withheld == 0)
    }

    @Test func whatTheNetworkSaysEndsAHandshakeAtOnce() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        net.ask(a, b, [1], ticket: 3)
        net.ask(a, b, [2], ticket: 4)
        a.machine.unreachable(b.address, .refused)
        net.collect(a)
        #expect(a.events == [.failed(3, .refused), .failed(4, .refused), .unreachable(b.address, .refused)])
    }

    @Test func garbageOfAnySortIsDropped() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        net.ask(a, b, [1])
        net.run()
        let seen = net.log.map(\.bytes)
        var random = SeededRandom(seed: 9)
        for round in 0..<3_000 {
            var bytes = round % 3 == 0 ? random.bytes(Int(random.next() % 1_300)) : seen[round % seen.count]
            if round % 3 == 1 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
            if round % 3 == 2 { bytes[Int(random.next() % UInt64(bytes.count))] ^= UInt8(truncatingIfNeeded: random.next()) }
            net.receive(round % 2 == 0 ? a : b, bytes, from: Self.stranger)
        }
        net.flights = []
        net.ask(a, b, [2])
        net.run()
        #expect(a.texts.last == [0xAA, 2])
        #expect(a.sessionCount + b.sessionCount <= 3)
    }

    @Test func tablesAreBounded() throws {
        let net = try DatagramNet()
        let b = try net.add("b", burst: 100_000)
        b.answer = { _ in nil }
        for number in 0..<400 as Range<UInt32> {
            let a = try net.add("node-\(number)", host: 0x0B00_0000 + number)
            net.ask(a, b, [1])
            net.deliver(net.flights.removeLast())
        }
        #expect(b.sessionCount == 400 - Limits.awaitedAnswers, "the oldest are answered without waiting any longer")
        net.advance(by: Limits.answerPatience)
        #expect(b.sessionCount == 400)
        net.flights = []
        net.advance(by: Limits.initiationTimeout * 4)
        #expect(b.sessionCount == 0, "nobody has confirmed them")
    }
}
