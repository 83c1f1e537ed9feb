import MeshTestKit
import Testing
import Wire

/// The engine and the link handshake against PyPI's noiseprotocol, in both roles.
@Suite(.serialized) struct NoisePeerTests {
    struct Case: Sendable, CustomStringConvertible {
        var pattern: String
        var suite: Wire.Suite
        var role: HandshakeRole
        var description: String { "\(role) of Noise_\(pattern)_25519_\(suite.noiseName)_SHA256" }
    }

    static let cases = ["XX", "XXpsk3", "IK"].flatMap { pattern in
        Wire.Suite.allCases.filter(\.isAvailable).flatMap { suite in
            [HandshakeRole.initiator, .responder].map { Case(pattern: pattern, suite: suite, role: $0) }
        }
    }

    /// Handshake, hash, ten messages each way with a rekey every three, and a forged one among them.
    @Test(arguments: cases)
    func bareNoise(_ wanted: Case) throws {
        var random = SeededRandom(seed: 21)
        let pattern = try #require(HandshakePattern(name: wanted.pattern))
        let (mine, theirs) = (
            try StaticKeyPair(secret: SecretBytes(random.bytes(32))), try StaticKeyPair(secret: SecretBytes(random.bytes(32)))
        )
        var keys = HandshakeKeys(staticKey: mine, ephemeral: try StaticKeyPair(secret: SecretBytes(random.bytes(32))))
        let psk = random.bytes(32)
        if pattern.pskCount > 0 { keys.psks = [SecretBytes(psk)] }
        var script = NoisePeer.Script(
            role: wanted.role == .initiator ? "responder" : "initiator",
            name: "Noise_\(wanted.pattern)_25519_\(wanted.suite.noiseName)_SHA256", prologue: [1, 2, 3].hex,
            static: theirs.secret.exposed.hex, psks: pattern.pskCount > 0 ? [psk.hex] : [], rekey: 3)
        if wanted.pattern == "IK", wanted.role == .initiator { keys.remoteStatic = theirs.publicKey }
        if wanted.pattern == "IK", wanted.role == .responder { script.remoteStatic = mine.publicKey.hex }
        let peer = try NoisePeer(script)
        var noise = try HandshakeState(pattern, suite: wanted.suite, role: wanted.role, prologue: [1, 2, 3], keys: keys)
        for index in 0..<pattern.messageCount {
            if index.isMultiple(of: 2) == (wanted.role == .initiator) {
                try peer.sendFramed(try noise.write(Array("from swift".utf8)))
            } else {
                #expect(try noise.read(try peer.takeFramed()) == Array("from python".utf8))
            }
        }
        #expect(try peer.takeFramed() == noise.handshakeHash.bytes)
        #expect(noise.remoteStatic == theirs.publicKey)
        let ciphers = try noise.split()
        var send = RecordCipher(ciphers.send, rekeyInterval: 3)
        var receive = RecordCipher(ciphers.receive, rekeyInterval: 3)
        try exchange(with: peer, &send, &receive)
    }

    // REC-2.1
    @Test(arguments: Wire.Suite.allCases.filter(\.isAvailable), [HandshakeRole.initiator, .responder])
    func membersLink(suite: Wire.Suite, role: HandshakeRole) throws {
        var mesh = try Mesh()
        let (mine, theirs) = (try mesh.member("swift"), try mesh.member("python"))
        let certificate = try #require(theirs.certificate)
        let peer = try NoisePeer(
            NoisePeer.Script(
                mode: "link", role: role == .initiator ? "responder" : "initiator", name: "Noise_XX_25519_\(suite.noiseName)_SHA256",
                static: theirs.staticKey.secret.exposed.hex, suite: suite.rawValue, mesh: mine.meshID.hex,
                certificate: certificate.encoded.hex, epoch: 77))
        var keys: LinkKeys
        switch role {
        case .initiator: keys = try dial(peer, mesh.initiator(mine, expecting: .node(certificate.nodeID), suite: suite))
        case .responder: keys = try accept(peer, mesh.responder(mine), firstFlight: 8 + 2 + 32 + 16)
        }
        #expect(keys.certificate == certificate)
        #expect(keys.peerParameters == LinkParameters(bootEpoch: 77, maxStreams: 100, features: .aes))
        #expect(try peer.takeFramed() == keys.handshakeHash.bytes)
        try exchange(with: peer, &keys.send, &keys.receive)
    }

    @Test(arguments: [HandshakeRole.initiator, .responder])
    func joinersEnrol(role: HandshakeRole) throws {
        var mesh = try Mesh()
        let (coordinator, joiner, token) = (try mesh.member("c", .coordinator), try mesh.stranger(), try mesh.token())
        let (mine, theirs) = role == .initiator ? (joiner, coordinator) : (coordinator, joiner)
        let peer = try NoisePeer(
            NoisePeer.Script(
                mode: "link", role: role == .initiator ? "responder" : "initiator", name: "Noise_XXpsk3_25519_ChaChaPoly_SHA256",
                static: theirs.staticKey.secret.exposed.hex, psks: [token.secret.exposed.hex], pattern: 2, clear: token.id.bytes.hex,
                mesh: mine.meshID.hex, certificate: theirs.certificate?.encoded.hex ?? "", epoch: 5))
        var keys: LinkKeys
        switch role {
        case .initiator: keys = try dial(peer, mesh.initiator(mine, expecting: .enrolment(token)))
        case .responder: keys = try accept(peer, mesh.responder(mine, tokens: [token]), firstFlight: 8 + 16 + 2 + 48 + 16)
        }
        #expect(keys.tokenID == token.id && keys.certificate == theirs.certificate)
        #expect(try peer.takeFramed() == keys.handshakeHash.bytes)
        try exchange(with: peer, &keys.send, &keys.receive)
    }

    private func dial(_ peer: NoisePeer, _ initiator: consuming LinkInitiator) throws -> LinkKeys {
        try peer.send(try initiator.start())
        let length = try peer.take(2)
        let (reply, keys) = try initiator.conclude(with: length + (try peer.take(Int(length[0]) << 8 | Int(length[1]))))
        try peer.send(reply)
        return try keys.take()
    }

    private func accept(_ peer: NoisePeer, _ responder: consuming LinkResponder, firstFlight: Int) throws -> LinkKeys {
        try peer.send(try responder.answer(to: try peer.take(firstFlight)))
        let length = try peer.take(2)
        return try responder.conclude(with: length + (try peer.take(Int(length[0]) << 8 | Int(length[1]))))
    }

    /// Ten messages, each answered in reverse; before the fifth, one that does not open.
    private func exchange(with peer: NoisePeer, _ send: inout RecordCipher, _ receive: inout RecordCipher) throws {
        for index in 0..<10 {
            if index == 4 {
                try peer.sendFramed([UInt8](repeating: 0, count: 40))
                #expect(try peer.takeFramed() == [])
                #expect(throws: WireError.authentication) { try receive.opened([UInt8](repeating: 0, count: 40)) }
            }
            let text = [UInt8](repeating: UInt8(index), count: index * 100) + [1, 2, 3]
            try peer.sendFramed(try send.sealed(text))
            #expect(try receive.opened(try peer.takeFramed()) == text.reversed())
        }
    }
}
