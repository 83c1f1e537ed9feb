import MeshTestKit
import Testing
import Wire

/// The engine against itself: every pattern, every byte altered, every secret wrong. `NoisePeerTests` has another library at the
/// other end.
@Suite struct HandshakeStateTests {
    static let names =
        (HandshakePattern.fundamental + HandshakePattern.deferred).map(\.name)
        + ["XXpsk0", "XXpsk1", "XXpsk2", "XXpsk3", "IKpsk2", "NNpsk0+psk2", "Npsk0", "X1X1psk4"]

    @Test(arguments: names)
    func everyPatternEndsInTheSameKeys(name: String) throws {
        let pattern = try #require(HandshakePattern(name: name))
        var pair = try Pair(pattern)
        for index in 0..<pattern.messageCount {
            let payload = Array("payload \(index)".utf8)
            let message = try pair.write(payload)
            #expect(try pair.read(message) == payload)
        }
        #expect(pair.initiator.isFinished && pair.responder.isFinished)
        #expect(pair.initiator.handshakeHash == pair.responder.handshakeHash)
        var ends = try pair.split()
        for text in [[], [1, 2, 3], [UInt8](repeating: 9, count: 1_000)] {
            #expect(try ends.responder.receive.opened(try ends.initiator.send.sealed(text)) == text)
            #expect(try ends.initiator.receive.opened(try ends.responder.send.sealed(text)) == text)
        }
    }

    @Test(arguments: ["NK2", "N1K", "XXfallback", "XXpsk4", "psk0", "", "XXpsk", "XXpsk03", "XXpsk0+", "XXpsk-1", "Xx"])
    func unknownPatternsAreRefused(name: String) {
        #expect(HandshakePattern(name: name) == nil)
    }

    /// Whatever byte of whatever message is altered, the handshake does not finish on both sides with the same hash.
    @Test(arguments: ["XX", "XXpsk3", "IK"])
    func anyAlteredByteIsNoticed(name: String) throws {
        let pattern = try #require(HandshakePattern(name: name))
        for target in 0..<pattern.messageCount {
            var length = 1
            var position = 0
            while position < length {
                var pair = try Pair(pattern)
                #expect(throws: WireError.self) {
                    for index in 0..<pattern.messageCount {
                        var message = try pair.write([1, 2, 3])
                        if index == target {
                            length = message.count
                            message[position] ^= 0x40
                        }
                        _ = try pair.read(message)
                    }
                    // The last message may be whole while an earlier payload in the clear was not: then the hashes differ.
                    guard pair.initiator.handshakeHash == pair.responder.handshakeHash else { throw WireError.authentication }
                }
                position += 1
            }
        }
    }

    @Test(arguments: ["XX", "XXpsk3", "IK"])
    func anyTruncationIsNoticed(name: String) throws {
        let pattern = try #require(HandshakePattern(name: name))
        var pair = try Pair(pattern)
        let length = try pair.write([]).count
        for kept in 0..<length {
            var fresh = try Pair(pattern)
            let message = try fresh.write([])
            #expect(throws: WireError.self) { try fresh.read(Array(message.prefix(kept))) }
        }
    }

    @Test func wrongPSKFailsAtTheMessageThatHasIt() throws {
        var pair = try Pair(.xxpsk3, responderPSK: SecretBytes([UInt8](repeating: 1, count: 32)))
        for _ in 0..<2 { _ = try pair.read(try pair.write([])) }
        let last = try pair.write([])
        #expect(throws: WireError.authentication) { try pair.read(last) }
    }

    // HS-3.1
    @Test func wrongPrologueFailsAtTheFirstEncryptedPayload() throws {
        var pair = try Pair(.xx, responderPrologue: [1])
        _ = try pair.read(try pair.write([]))
        let answer = try pair.write([])
        #expect(throws: WireError.authentication) { try pair.read(answer) }
    }

    @Test func wrongStaticKeyOfResponderFails() throws {
        var random = SeededRandom(seed: 5)
        let other = try StaticKeyPair(secret: SecretBytes(random.bytes(32)))
        var pair = try Pair(.ik, initiatorExpects: other.publicKey)
        let first = try pair.write([])
        #expect(throws: WireError.authentication) { try pair.read(first) }
    }

    // HS-3.3
    @Test func smallOrderEphemeralIsRefused() throws {
        var pair = try Pair(.xx)
        _ = try pair.write([])
        _ = try pair.read([UInt8](repeating: 0, count: 32))
        #expect(throws: WireError.authentication) { try pair.responder.write([]) }
    }

    @Test func turnsAreKeptAndFailuresAreFinal() throws {
        var pair = try Pair(.xx)
        #expect(throws: WireError.authentication) { try pair.responder.write([]) }
        #expect(throws: WireError.authentication) { try pair.initiator.read([]) }
        let first = try pair.initiator.write([])
        #expect(throws: WireError.authentication) { try pair.initiator.write([]) }
        #expect(throws: WireError.truncated) { try pair.responder.read([1]) }
        #expect(throws: WireError.authentication) { try pair.responder.read(first) }
    }

    @Test func anUnfinishedHandshakeHasNoKeys() throws {
        let pair = try Pair(.xx)
        do {
            _ = try pair.split()
            Issue.record("keys before the handshake")
        } catch WireError.authentication {}
    }

    @Test func missingAndSuperfluousKeysAreRefused() throws {
        var random = SeededRandom(seed: 6)
        let key = try StaticKeyPair(secret: SecretBytes(random.bytes(32)))
        func start(_ pattern: HandshakePattern, _ role: HandshakeRole, _ keys: HandshakeKeys) throws {
            _ = try HandshakeState(pattern, suite: .chaChaPoly, role: role, prologue: [], keys: keys)
        }
        var keys = HandshakeKeys(staticKey: key, ephemeral: key)
        #expect(throws: WireError.authentication) { try start(.ik, .initiator, keys) }
        #expect(throws: WireError.authentication) { try start(.ik, .responder, HandshakeKeys(ephemeral: key)) }
        #expect(throws: WireError.authentication) { try start(.xxpsk3, .initiator, keys) }
        keys.psks = [SecretBytes([1])]
        #expect(throws: WireError.authentication) { try start(.xxpsk3, .initiator, keys) }
        keys.psks = []
        keys.remoteStatic = key.publicKey
        #expect(throws: WireError.authentication) { try start(.xx, .initiator, keys) }
        #expect(throws: WireError.authentication) { try StaticKeyPair(secret: SecretBytes([1, 2])) }
    }

    @Test func messagesAreLimited() throws {
        var pair = try Pair(.xx)
        #expect(throws: WireError.oversized) { try pair.initiator.write([UInt8](repeating: 0, count: 65_536)) }
        #expect(throws: WireError.oversized) { try pair.responder.read([UInt8](repeating: 0, count: 65_536)) }
    }
}

/// Both ends of a handshake, with keys from a seed.
private struct Pair: ~Copyable {
    var initiator: HandshakeState
    var responder: HandshakeState
    private var isInitiatorsTurn = true

    init(
        _ pattern: HandshakePattern, responderPSK: SecretBytes? = nil, responderPrologue: [UInt8] = [7],
        initiatorExpects: StaticKey? = nil
    ) throws {
        var random = SeededRandom(seed: 11)
        let keys = try (0..<4).map { _ in try StaticKeyPair(secret: SecretBytes(random.bytes(32))) }
        let psks = (0..<pattern.pskCount).map { _ in SecretBytes(random.bytes(32)) }
        var mine = HandshakeKeys(staticKey: keys[0], ephemeral: keys[1])
        var theirs = HandshakeKeys(staticKey: keys[2], ephemeral: keys[3])
        if pattern.isKnown(.responder) { mine.remoteStatic = initiatorExpects ?? keys[2].publicKey }
        if pattern.isKnown(.initiator) { theirs.remoteStatic = keys[0].publicKey }
        mine.psks = psks
        theirs.psks = responderPSK.map { [$0] } ?? psks
        let first = try HandshakeState(pattern, suite: .chaChaPoly, role: .initiator, prologue: [7], keys: mine)
        let second = try HandshakeState(pattern, suite: .chaChaPoly, role: .responder, prologue: responderPrologue, keys: theirs)
        initiator = first
        responder = second
    }

    /// The ciphers of both ends.
    struct Ends: ~Copyable {
        var initiator: TransportCiphers
        var responder: TransportCiphers
    }

    consuming func split() throws -> Ends {
        let first = try initiator.split()
        let second = try responder.split()
        return Ends(initiator: first, responder: second)
    }

    mutating func write(_ payload: [UInt8]) throws -> [UInt8] {
        isInitiatorsTurn ? try initiator.write(payload) : try responder.write(payload)
    }

    mutating func read(_ message: [UInt8]) throws -> [UInt8] {
        defer { isInitiatorsTurn.toggle() }
        return isInitiatorsTurn ? try responder.read(message) : try initiator.read(message)
    }
}
