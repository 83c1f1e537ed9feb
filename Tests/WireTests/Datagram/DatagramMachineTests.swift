import MeshTestKit
import Testing
import Wire

/// Two machines, from the first request to a session, and how sessions replace each other.
@Suite struct DatagramMachineTests {
    /// DGRAM-3.1, DGRAM-3.8, DGRAM-2.8
    @Test func aStrangerIsAnsweredInOneRoundTrip() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        net.ask(a, b, [1, 2, 3], ticket: 7)
        net.run()
        #expect(net.types == [1, 2, 6], "an initiation, a response, and the sign of life that confirms the session")
        let request = try #require(b.heard.first)
        #expect(request.text == [1, 2, 3] && !request.message.isInSession && !request.message.isProven)
        #expect(request.message.peer.nodeID == a.credentials.certificate?.nodeID)
        let answer = try #require(a.heard.first)
        #expect(answer.text == [0xAA, 1, 2, 3] && answer.message.ticket == 7 && answer.message.isProven)
        #expect(answer.message.peer.certificate == b.credentials.certificate)
        let nodes = [a, b].compactMap { $0.credentials.certificate?.nodeID }
        #expect(a.events == [.proven(nodes[1], b.address)])
        #expect(b.events == [.proven(nodes[0], a.address)])
        #expect(net.log.allSatisfy { $0.bytes.count <= Limits.datagram } && net.log[1].bytes.count <= net.log[0].bytes.count)
    }

    /// DGRAM-7.1, DGRAM-7.2, DGRAM-7.6
    @Test func bothSidesSpeakInTheSession() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        net.ask(a, b, [1])
        net.deliver(net.flights.removeFirst())
        #expect(!b.hasSession(with: a), "nobody has confirmed it")
        net.run()
        #expect(b.hasSession(with: a))
        net.ask(b, a, [2])
        net.ask(a, b, [3])
        net.run()
        #expect(net.types == [1, 2, 6, 3, 3, 3, 3])
        #expect(a.texts == [[0xAA, 1], [2], [0xAA, 3]] && b.texts == [[1], [3], [0xAA, 2]])
        #expect(b.heard.dropFirst().allSatisfy { $0.message.isInSession && $0.message.isProven })
    }

    @Test func requestsThatFollowWaitForTheSession() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        for text in 0..<5 as Range<UInt8> { net.ask(a, b, [text], ticket: UInt64(text)) }
        net.run()
        #expect(net.types.filter { $0 == 1 }.count == 1)
        #expect(b.texts == (0..<5).map { [$0] })
        #expect(a.texts.count == 5)
    }

    /// DGRAM-2.8: what changes something never travels where it could be a replay.
    @Test func whatMustBeInASessionWaitsForOne() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        net.ask(a, b, [9], way: .inSession)
        net.run()
        #expect(net.types == [1, 2, 3, 3])
        #expect(b.heard.map(\.message.isInSession) == [true])
    }

    @Test func aLongRequestGoesInTheSessionAndATooLongOneNowhere() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        b.answer = { _ in [UInt8](repeating: 0xAA, count: 1_168) }
        net.ask(a, b, [UInt8](repeating: 5, count: 1_168))
        net.ask(a, b, [UInt8](repeating: 5, count: 1_169), ticket: 2)
        net.run()
        #expect(b.texts.map(\.count) == [1_168] && a.texts.map(\.count) == [1_168])
        #expect(a.events.contains(.failed(2, .tooBig)))
    }

    /// An answer that does not fit message 2, or is not there at once, is asked for again in the session.
    @Test(arguments: [true, false]) func anAnswerThatMessage2CannotCarryComesInTheSession(isLong: Bool) throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        let long = [UInt8](repeating: 0xAA, count: 1_100)
        b.answer = { _ in isLong ? long : b.heard.count == 1 ? nil : [0xAA, 2] }
        net.ask(a, b, [1])
        net.run()
        net.advance(by: Limits.answerPatience)
        net.run()
        #expect(net.types == [1, 2, 3, 3])
        #expect(a.texts == [isLong ? long : [0xAA, 2]])
    }

    /// DGRAM-7.3, DGRAM-7.4: a peer that has restarted is found again by the second attempt.
    @Test func aRestartCostsOneRepetition() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        net.ask(a, b, [1])
        net.run()
        net.restart(b, boot: 2)
        net.ask(a, b, [2], ticket: 2)
        net.run()
        #expect(b.faults == [.badValue(3)])
        net.ask(a, b, [2], ticket: 2, isRepeated: true)
        net.run()
        #expect(a.texts.last == [0xAA, 2])
        #expect(a.sessionCount == 2, "the one before is kept for what is under way")
        net.restart(a, boot: 2)
        net.ask(a, b, [3])
        net.run()
        #expect(b.sessionCount == 1, "nobody is at the other end of the sessions of earlier runs")
    }

    @Test func bothBeginAtOnce() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        net.ask(a, b, [1])
        net.ask(b, a, [2])
        net.run()
        for round in 3..<9 as Range<UInt8> {
            net.ask(a, b, [round])
            net.ask(b, a, [round])
            net.run()
        }
        #expect(net.types.filter { $0 == 1 }.count == 2)
        #expect(a.texts.filter { $0.first == 0xAA }.count == 7 && b.texts.filter { $0.first == 0xAA }.count == 7)
    }

    /// DGRAM-7.3: what was under way in the session before still arrives.
    @Test func aDatagramOfTheSessionBeforeIsTaken() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        net.ask(a, b, [1])
        net.run()
        net.ask(a, b, [2])
        let late = net.flights.removeFirst()
        net.ask(a, b, [3], ticket: 3, way: .handshake)
        net.run()
        net.deliver(late)
        net.run()
        #expect(b.texts == [[1], [3], [2]] && a.texts.last == [0xAA, 2])
    }

    /// DGRAM-7.5
    @Test func aSessionEndsAndIsReplacedBefore() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        net.ask(a, b, [1])
        net.run()
        for minute in 0..<49 as Range<UInt8> {
            net.advance(by: .seconds(60))
            net.ask(a, b, [minute], ticket: UInt64(minute))
            net.run()
        }
        #expect(net.types.filter { $0 == 1 }.count == 1)
        net.advance(by: .seconds(60))
        net.ask(a, b, [50], ticket: 50)
        let flight = try #require(net.flights.first)
        #expect(flight.bytes[0] == 1, "the initiator begins the next one")
        net.run()
        net.advance(by: .seconds(900))
        #expect(a.sessionCount == 0 && b.sessionCount == 0, "a silent session is forgotten")
    }

    @Test func nothingIsSentOrAnsweredWithoutACertificate() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        var credentials = a.credentials
        credentials.certificate = nil
        a.machine.credentials = credentials
        net.ask(a, b, [1])
        #expect(a.events == [.failed(1, .authentication)] && net.log.isEmpty)
        net.ask(b, a, [1])
        net.run()
        #expect(a.faults == [.certificate(.permissionDenied)])
    }

    /// DGRAM-3.7
    @Test func whoAnswersMustBeWhoWasMeant() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        var target = net.target(b)
        target.nodeID = a.credentials.certificate?.nodeID
        a.machine.send([1].span.bytes, to: target, ticket: 4, now: net.clock.now, random: &net.random)
        net.collect(a)
        net.run()
        #expect(a.events == [.failed(4, .authentication)])
        #expect(a.faults == [.certificate(.wrongPeer)] && a.sessionCount == 0)
    }

    /// DGRAM-2.9
    @Test func aRevokedNodeIsNeitherAnsweredNorAsked() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        net.ask(a, b, [1])
        net.run()
        b.machine.revoke([try #require(a.credentials.certificate).nodeID])
        #expect(b.sessionCount == 0)
        net.ask(a, b, [2], ticket: 2)
        net.ask(a, b, [2], ticket: 2, way: .handshake)
        net.run()
        #expect(b.texts == [[1]] && b.faults == [.badValue(3), .certificate(.revoked)])
        net.ask(b, a, [3], ticket: 3)
        #expect(b.events.last == .failed(3, .authentication))
    }
}
