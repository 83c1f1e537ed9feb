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

        mutating func begin(order: DatagramOrder? = nil, request: [UInt8]? = [9]) throws -> DatagramInitiator {
            try DatagramInitiator(
                credentials: initiator, responder: responder.staticKey.publicKey, index: 11, order: order ?? self.order,
                ephemeral: SecretBytes(mesh.random.bytes(32)), request: request)
        }

        /// What the responder makes of an initiation.
        struct Answer: ~Copyable {
            let response: [UInt8]
            let keys: DatagramKeys
            let hello: DatagramHello
            var certificate: Certificate { hello.certificate }
            var order: DatagramOrder { hello.order }
        }

        mutating func answer(
            _ datagram: [UInt8], now: UnixTime? = nil, last: DatagramOrder? = nil, answer: [UInt8]? = [8]
        ) throws(WireError) -> Answer {
            _ = try DatagramResponder.filter(datagram, meshID: responder.meshID)
            let half = try DatagramResponder(
                datagram, credentials: responder, now: now ?? mesh.now, ephemeral: SecretBytes(mesh.random.bytes(32)), last: { _ in last })
            let hello = half.hello
            let response = try half.finish(index: 22, answer: answer)
            return Answer(response: response.datagram, keys: response.keys, hello: hello)
        }
    }

    /// DGRAM-3.1, DGRAM-3.9, DGRAM-4.1
    @Test func bothSidesEndWithTheSameKeysAndTalk() throws {
        var pair = try Pair()
        var initiator = try pair.begin()
        let answer = try pair.answer(initiator.initiation)
        let taken = try initiator.receive(answer.response)
        let mine = taken.keys
        let (request, welcome) = (answer.hello.request, taken.welcome)
        #expect(request == [9] && welcome.answer == [8] && welcome.certificate.name == "worker-2")
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
            let there = try right.open(try left.seal(text)).plaintext
            let back = try left.open(try right.seal(text)).plaintext
            #expect(there == text)
            #expect(back == text)
        }
    }

    /// DGRAM-2.1: whoever forges a source address makes nobody send more than he has sent himself.
    @Test func anAnswerIsNeverLongerThanWhatItAnswers() throws {
        var pair = try Pair()
        let initiator = try pair.begin()
        let initiation = initiator.initiation
        let certificate = try #require(pair.responder.certificate)
        let room = try #require(DatagramWelcome.room(beside: certificate))
        let response = try pair.answer(initiation, answer: [UInt8](repeating: 1, count: room)).response
        #expect(initiation.count == 1_200)
        #expect(response.count == 1_200)
        #expect(throws: WireError.oversized) { _ = try pair.answer(initiation, answer: [UInt8](repeating: 1, count: room + 1)) }
        for count in stride(from: 0, to: 1_200, by: 7) {
            let part = Array(initiation.prefix(count))
            #expect(throws: WireError.truncated) { _ = try pair.answer(part) }
        }
    }

    /// DGRAM-2.2, DGRAM-2.3
    @Test func noByteOfAnInitiationMayBeAnother() throws {
        var pair = try Pair()
        let initiation = try pair.begin().initiation
        for position in initiation.indices.dropLast(16) {  // mac2 counts only where it is asked for
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
