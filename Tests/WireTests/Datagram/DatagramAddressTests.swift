import MeshTestKit
import Testing
import Wire

/// A session whose peer shows up at another address.
@Suite struct DatagramAddressTests {
    private static let elsewhere = DatagramAddress(v4: 0xC633_6407, port: 9_000)

    private static func net() throws -> (DatagramNet, DatagramNet.Node, DatagramNet.Node) {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        net.ask(a, b, [1])
        net.run()
        net.log = []
        a.events = []
        b.events = []
        return (net, a, b)
    }

    /// Everything from `a` seems to come from elsewhere, and what goes there reaches it if `isReachable`.
    private static func move(_ net: DatagramNet, _ a: DatagramNet.Node, isReachable: Bool) {
        net.path = { flight in
            if flight.from == a.address { return (flight.bytes, Self.elsewhere, flight.to) }
            if flight.to == Self.elsewhere { return isReachable ? (flight.bytes, flight.from, a.address) : nil }
            return flight
        }
    }

    /// DGRAM-6.2, DGRAM-6.3, DGRAM-6.5
    @Test func aPeerThatHasMovedIsChallengedAndThenAnswered() throws {
        let (net, a, b) = try Self.net()
        Self.move(net, a, isReachable: true)
        b.answer = { _ in [UInt8](repeating: 0xAA, count: 900) }
        net.ask(a, b, [UInt8](repeating: 2, count: 60))
        net.run()
        #expect(net.types == [3, 5, 6, 3])
        #expect(a.texts.last?.count == 900)
        #expect(b.heard.last?.message.isProven == false)
        #expect(b.events == [.proven(try #require(a.credentials.certificate).nodeID, Self.elsewhere)])
        net.ask(b, a, [3])
        #expect(net.flights.first?.to == Self.elsewhere, "own requests follow it")
        net.run()
        net.ask(a, b, [4])
        net.run()
        #expect(b.heard.last?.message.isProven == true)
    }

    /// DGRAM-6.1: whatever somebody in the middle makes of a session's datagrams, no more goes to a forged source than came from it.
    @Test func aForgedSourceGetsNoMoreThanItSends() throws {
        let (net, a, b) = try Self.net()
        Self.move(net, a, isReachable: false)
        b.answer = { _ in [UInt8](repeating: 0xAA, count: 1_000) }
        for number in 0..<200 {
            net.ask(a, b, [UInt8](repeating: 2, count: number % 90))
            net.advance(by: .milliseconds(number % 50))
            net.run()
            let sent = net.log.filter { $0.to == Self.elsewhere }.reduce(0) { $0 + $1.bytes.count }
            let received = net.log.filter { $0.from == a.address }.reduce(0) { $0 + $1.bytes.count }
            #expect(sent <= received)
        }
        #expect(net.types.contains(5))
        net.path = { $0 }
        net.ask(b, a, [7])
        net.run()
        #expect(b.texts.last == [0xAA, 7], "its own requests go where the peer was proven")
    }

    /// A short answer need not wait.
    @Test func anAnswerNoLongerThanItsRequestGoesAtOnce() throws {
        let (net, a, b) = try Self.net()
        Self.move(net, a, isReachable: true)
        b.answer = { _ in [0xAA] }
        net.ask(a, b, [UInt8](repeating: 2, count: 200))
        net.deliver(net.flights.removeFirst())
        #expect(net.flights.map { $0.bytes[0] } == [5, 3])
    }

    @Test func anotherEchoMovesNothing() throws {
        let (net, a, b) = try Self.net()
        Self.move(net, a, isReachable: true)
        net.ask(a, b, [UInt8](repeating: 2, count: 60))
        net.deliver(net.flights.removeFirst())
        let challenge = try #require(net.flights.first)
        net.flights = []
        net.deliver(challenge)
        let echo = net.flights.removeFirst()
        net.receive(b, echo.bytes, from: DatagramAddress(v4: 0xC633_6408, port: 1))
        #expect(b.events.isEmpty, "it came from a third address")
        net.receive(b, echo.bytes, from: Self.elsewhere)
        #expect(b.faults == [.replayed])
    }

    /// The response has shown that the address of the initiation is the initiator's; the first datagram need not come from there.
    @Test func aConfirmationFromElsewhereProvesWhereTheResponseWent() throws {
        let net = try DatagramNet()
        let (a, b) = (try net.add("a"), try net.add("b"))
        net.ask(a, b, [1])
        net.deliver(net.flights.removeFirst())
        net.deliver(net.flights.removeFirst())
        let confirmation = net.flights.removeFirst()
        net.receive(b, confirmation.bytes, from: Self.elsewhere)
        #expect(b.events == [.proven(try #require(a.credentials.certificate).nodeID, a.address)])
        net.ask(b, a, [2])
        #expect(net.flights.last?.to == a.address)
    }
}

/// A peer made by hand, which may say in a session what no machine says.
private struct Crafted: ~Copyable {
    var session: DatagramSession
    let index: UInt32

    /// Begins a session with `node` from `address`.
    static func begin(
        _ net: DatagramNet, with node: DatagramNet.Node, from address: DatagramAddress, index: UInt32 = 77
    ) throws -> Crafted {
        let credentials = try net.mesh.member("crafted-\(index)")
        var initiator = try DatagramInitiator(
            credentials: credentials, responder: node.credentials.staticKey.publicKey, index: index,
            order: DatagramOrder(bootEpoch: 1, counter: UInt64(index)), ephemeral: SecretBytes(net.random.bytes(32)))
        net.receive(node, initiator.initiation, from: address)
        let answer = try initiator.receive(net.flights.removeLast().bytes)
        let session = try DatagramSession(
            index: index, peerIndex: answer.keys.peerIndex, sendKey: answer.keys.initiatorKey, receiveKey: answer.keys.responderKey)
        return Crafted(session: session, index: answer.keys.peerIndex)
    }
}

@Suite struct CraftedSessionTests {
    private static let here = DatagramAddress(v4: 0xC633_6409, port: 4)

    /// DGRAM-6.3, DGRAM-6.4
    @Test func aChallengeHasEightBytesAndAnEchoEightOrNone() throws {
        let net = try DatagramNet()
        let b = try net.add("b")
        var peer = try Crafted.begin(net, with: b, from: Self.here)
        for size in [0, 7, 9] {
            net.receive(b, try peer.session.seal([UInt8](repeating: 1, count: size), as: .challenge), from: Self.here)
        }
        for size in [1, 7, 9] {
            net.receive(b, try peer.session.seal([UInt8](repeating: 1, count: size), as: .echo), from: Self.here)
        }
        #expect(net.flights.isEmpty && b.faults.count == 6)
        let fine = try peer.session.seal([1, 2, 3, 4, 5, 6, 7, 8], as: .challenge)
        net.receive(b, fine, from: Self.here)
        let echo = try peer.session.open(try #require(net.flights.first).bytes)
        #expect(echo.kind == .echo && echo.plaintext == [1, 2, 3, 4, 5, 6, 7, 8])
    }

    /// DGRAM-6.1, DGRAM-6.2: the echo is owed, so that a challenge of this side waits for more bytes from there.
    @Test func aChallengeFromElsewhereIsAnsweredWithAsManyBytes() throws {
        let net = try DatagramNet()
        let b = try net.add("b")
        var peer = try Crafted.begin(net, with: b, from: Self.here)
        let elsewhere = DatagramAddress(v4: 0xC633_640A, port: 5)
        for kinds in [[6], [6, 5]] as [[UInt8]] {
            net.flights = []
            net.receive(b, try peer.session.seal([1, 2, 3, 4, 5, 6, 7, 8], as: .challenge), from: elsewhere)
            if kinds.count == 2 { net.receive(b, try peer.session.seal([UInt8](repeating: 0, count: 8)), from: elsewhere) }
            #expect(net.flights.map { $0.bytes[0] } == kinds && net.flights.allSatisfy { $0.to == elsewhere })
        }
    }

    /// DGRAM-3.2
    @Test func noTwoSessionsHaveOneIndex() throws {
        let net = try DatagramNet()
        let b = try net.add("b")
        var seen: Set<UInt32> = []
        for number in 1...300 as ClosedRange<UInt32> {
            seen.insert(try Crafted.begin(net, with: b, from: Self.here, index: number).index)
        }
        #expect(seen.count == 300)
    }
}
