import MeshTestKit
import Testing
import Wire

/// The handshake by datagrams, both sides, and what comes in between.
@Suite struct DatagramHandshakeTests {
    private struct Pair {
        var mesh: Mesh
        var initiator: NodeCredentials
        var responder: NodeCredentials
        let order = DatagramOrder(bootEpoch: 1 << 32, counter: 0)

        init() throws {
            mesh = try Mesh(seed: 12)
            initiator = try mesh.member("worker-1")
            responder = try mesh.member("worker-2")
        }

        mutating func begin(order: DatagramOrder? = nil) throws -> DatagramInitiator {
            try DatagramInitiator(
                credentials: initiator, responder: responder.staticKey.publicKey, index: 11, order: order ?? self.order,
                ephemeral: SecretBytes(mesh.random.bytes(32)))
        }

        mutating func answer(_ datagram: [UInt8], now: UnixTime? = nil, last: DatagramOrder? = nil) throws(WireError)
            -> DatagramResponder.Answer
        {
            try DatagramResponder.answer(
                datagram, credentials: responder, index: 22, now: now ?? mesh.now, ephemeral: SecretBytes(mesh.random.bytes(32)),
                last: { _ in last })
        }
    }

    /// DGRAM-3.1, DGRAM-3.3, DGRAM-4.1
    @Test func bothSidesEndWithTheSameKeysAndTalk() throws {
        var pair = try Pair()
        var initiator = try pair.begin()
        let answer = try pair.answer(initiator.initiation)
        let mine = try initiator.receive(answer.response)
        let (hash, theirHash) = (mine.handshakeHash, answer.keys.handshakeHash)
        let (index, theirIndex) = (mine.peerIndex, answer.keys.peerIndex)
        let (name, order) = (answer.certificate.name, answer.order)
        #expect(hash == theirHash)
        #expect(index == 22)
        #expect(theirIndex == 11)
        #expect(name == "worker-1")
        #expect(order == pair.order)
        var left = try DatagramSession(index: 11, peerIndex: 22, sendKey: mine.initiatorKey, receiveKey: mine.responderKey)
        var right = try DatagramSession(
            index: 22, peerIndex: 11, sendKey: answer.keys.responderKey, receiveKey: answer.keys.initiatorKey)
        for text in [[], [1], [UInt8](repeating: 7, count: 1_168)] as [[UInt8]] {
            let there = try right.open(try left.seal(text))
            let back = try left.open(try right.seal(text))
            #expect(there == text)
            #expect(back == text)
        }
    }

    /// DGRAM-2.1: whoever forges a source address makes nobody send more than he has sent himself.
    @Test func anAnswerIsNeverLongerThanWhatItAnswers() throws {
        var pair = try Pair()
        let initiator = try pair.begin()
        let initiation = initiator.initiation
        let response = try pair.answer(initiation).response
        #expect(initiation.count == 1_200)
        #expect(response.count <= 1_200)
        for count in stride(from: 0, to: 1_200, by: 7) {
            let part = Array(initiation.prefix(count))
            #expect(throws: WireError.truncated) { _ = try pair.answer(part) }
        }
    }

    /// DGRAM-2.2, DGRAM-2.3
    @Test func noByteOfAnInitiationMayBeAnother() throws {
        var pair = try Pair()
        let initiation = try pair.begin().initiation
        for position in initiation.indices {
            var changed = initiation
            changed[position] ^= 1
            #expect(throws: WireError.self, "byte \(position)") { _ = try pair.answer(changed) }
        }
    }

    /// DGRAM-3.4, DGRAM-3.5
    @Test func aForgedResponseDoesNotEndTheHandshake() throws {
        var pair = try Pair()
        var initiator = try pair.begin()
        let response = try pair.answer(initiator.initiation).response
        for position in response.indices {
            var changed = response
            changed[position] ^= 1
            // The sender index of a response is not authenticated: who changes it makes the session's first datagrams go astray.
            guard !(16..<20).contains(position) else { continue }
            #expect(throws: WireError.self, "byte \(position)") { _ = try initiator.receive(changed) }
        }
        _ = try initiator.receive(response)
    }

    /// DGRAM-2.5, DGRAM-2.6
    @Test func aRecordedInitiationIsRefused() throws {
        var pair = try Pair()
        let initiator = try pair.begin()
        let first = try pair.answer(initiator.initiation).order
        let again = initiator.initiation
        #expect(throws: WireError.replayed) { _ = try pair.answer(again, last: first) }
        let next = try pair.begin(order: DatagramOrder(bootEpoch: first.bootEpoch, counter: first.counter + 1))
        let second = try pair.answer(next.initiation, last: first).order
        #expect(second > first)
        let restarted = try pair.begin(order: DatagramOrder(bootEpoch: first.bootEpoch + 1, counter: 0))
        let third = try pair.answer(restarted.initiation, last: DatagramOrder(bootEpoch: first.bootEpoch, counter: .max)).order
        #expect(third > second)
    }

    /// DGRAM-2.4
    @Test func strangersAndExpiredMembersAreRefused() throws {
        var pair = try Pair()
        let initiation = try pair.begin().initiation
        let late = UnixTime(seconds: pair.mesh.now.seconds + 3_600)
        #expect(throws: WireError.certificate(.expired)) { _ = try pair.answer(initiation, now: late) }
        var other = try Mesh(seed: 99)
        pair.initiator = try other.member("worker-1")
        let foreign = try pair.begin().initiation
        #expect(throws: WireError.authentication, "its mac1 is that of another mesh") { _ = try pair.answer(foreign) }
        pair.initiator = try pair.mesh.stranger()
        #expect(throws: WireError.certificate(.permissionDenied)) { _ = try pair.begin() }
    }
}
