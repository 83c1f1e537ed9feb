/// Which end of a handshake.
package enum HandshakeRole: Sendable {
    case initiator, responder

    var other: HandshakeRole { self == .initiator ? .responder : .initiator }
}

/// The keys that one side brings to a Noise handshake. Which of them must be there, the pattern says.
package struct HandshakeKeys: Sendable {
    package var staticKey: StaticKeyPair?
    /// Used in this one handshake and never again.
    package var ephemeral: StaticKeyPair?
    package var remoteStatic: StaticKey?
    /// 32 bytes each, in the order in which the pattern takes them.
    package var psks: [SecretBytes] = []

    package init(staticKey: StaticKeyPair? = nil, ephemeral: StaticKeyPair? = nil) {
        self.staticKey = staticKey
        self.ephemeral = ephemeral
    }
}

/// Noise's HandshakeState: writes and reads the messages of a pattern in turn (Noise 5.3).
///
/// A failed read or write ends the handshake: everything after it throws as well.
package struct HandshakeState: ~Copyable {
    private let pattern: HandshakePattern
    private let role: HandshakeRole
    private var keys: HandshakeKeys
    private var remoteEphemeral: StaticKey?
    private var symmetric: SymmetricState
    private var nextMessage = 0
    private var nextPSK = 0
    private var isBroken = false

    /// `authentication` where a key that the pattern needs beforehand is missing.
    package init(
        _ pattern: HandshakePattern, suite: Suite, role: HandshakeRole, prologue: [UInt8], keys: HandshakeKeys
    ) throws(WireError) {
        let isComplete =
            (keys.remoteStatic != nil) == pattern.isKnown(role.other) && (keys.staticKey != nil || !pattern.isKnown(role))
            && keys.psks.count == pattern.pskCount && keys.psks.allSatisfy { $0.count == 32 }
        guard isComplete else { throw .authentication }
        var symmetric = SymmetricState(
            protocolName: "Noise_\(pattern.name)_25519_\(suite.noiseName)_SHA256", suite: suite, prologue: prologue)
        for side in [HandshakeRole.initiator, .responder] where pattern.isKnown(side) {
            if let key = side == role ? keys.staticKey?.publicKey : keys.remoteStatic { symmetric.mixHash(key.bytes) }
        }
        self.pattern = pattern
        self.role = role
        self.keys = keys
        self.symmetric = symmetric
    }

    /// h: binds whatever is built on it to this one handshake. Meaningful once `isFinished`.
    package var handshakeHash: Bytes32 { symmetric.hash }
    /// ck and k as they are now; k is absent until the first key is mixed in. For test vectors and key logs.
    package var secrets: (chainingKey: SecretBytes, key: SecretBytes?) { (symmetric.chainingKey, symmetric.key) }
    package var isFinished: Bool { nextMessage == pattern.messages.count }
    /// What the initiator sent in the clear at the beginning of message 1; `nil` until then. Names the handshake in a capture.
    package var initiatorEphemeral: StaticKey? { role == .initiator ? keys.ephemeral?.publicKey : remoteEphemeral }
    /// The other side's static key, once a message has shown it. Proven only when the handshake is finished.
    package var remoteStatic: StaticKey? { keys.remoteStatic }

    /// The next message, which must be this side's, carrying `payload`.
    package mutating func write(_ payload: [UInt8]) throws(WireError) -> [UInt8] {
        let tokens = try turn(of: role)
        var message: [UInt8] = []
        for token in tokens {
            switch token {
            case .e:
                guard let ephemeral = keys.ephemeral else { throw .authentication }
                message += ephemeral.publicKey.bytes
                try mixEphemeral(ephemeral.publicKey)
            case .s:
                guard let staticKey = keys.staticKey else { throw .authentication }
                try symmetric.encryptAndHash(staticKey.publicKey.bytes, onto: &message)
            default: try mix(token)
            }
        }
        try symmetric.encryptAndHash(payload, onto: &message)
        guard message.count <= Limits.recordCiphertext else { throw .oversized }
        isBroken = false
        return message
    }

    /// The payload of the other side's next message.
    package mutating func read(_ message: [UInt8]) throws(WireError) -> [UInt8] {
        guard message.count <= Limits.recordCiphertext else { throw .oversized }
        let tokens = try turn(of: role.other)
        var rest = message[...]
        for token in tokens {
            switch token {
            case .e:
                guard let key = Bytes32(rest.prefix(32)) else { throw .truncated }
                rest = rest.dropFirst(32)
                remoteEphemeral = key
                try mixEphemeral(key)
            case .s:
                let length = 32 + symmetric.overhead
                guard rest.count >= length, keys.remoteStatic == nil else { throw .truncated }
                keys.remoteStatic = Bytes32(try symmetric.decryptAndHash(Array(rest.prefix(length))))
                rest = rest.dropFirst(length)
            default: try mix(token)
            }
        }
        let payload = try symmetric.decryptAndHash(Array(rest))
        isBroken = false
        return payload
    }

    /// The ciphers of the finished handshake.
    package consuming func split() throws(WireError) -> TransportCiphers {
        guard isFinished, !isBroken else { throw .authentication }
        let role = role
        return try symmetric.split(for: role)
    }

    /// The tokens of the next message, if it is `speaker`'s turn. Marks the state broken until the message is through.
    private mutating func turn(of speaker: HandshakeRole) throws(WireError) -> [NoiseToken] {
        let expected: HandshakeRole = nextMessage.isMultiple(of: 2) ? .initiator : .responder
        guard !isBroken, !isFinished, speaker == expected else { throw .authentication }
        isBroken = true
        defer { nextMessage += 1 }
        return pattern.messages[nextMessage]
    }

    /// With pre-shared keys the ephemeral enters the key as well, so that each use encrypts differently (Noise 9.2).
    private mutating func mixEphemeral(_ key: StaticKey) throws(WireError) {
        let bytes = key.bytes
        symmetric.mixHash(bytes)
        if pattern.pskCount > 0 { try symmetric.mixKey(bytes.span.bytes) }
    }

    private mutating func mix(_ token: NoiseToken) throws(WireError) {
        switch (token, role) {
        case (.psk, _):
            try symmetric.mixKeyAndHash(keys.psks[nextPSK])
            nextPSK += 1
        case (.ee, _): try mixKey(keys.ephemeral, remoteEphemeral)
        case (.ss, _): try mixKey(keys.staticKey, keys.remoteStatic)
        case (.es, .initiator), (.se, .responder): try mixKey(keys.ephemeral, keys.remoteStatic)
        case (.es, .responder), (.se, .initiator): try mixKey(keys.staticKey, remoteEphemeral)
        case (.e, _), (.s, _): break
        }
    }

    private mutating func mixKey(_ mine: StaticKeyPair?, _ theirs: StaticKey?) throws(WireError) {
        guard let mine, let theirs else { throw .authentication }
        let shared = try mine.agree(with: theirs)
        try shared.withBytes { (bytes) throws(WireError) in try symmetric.mixKey(bytes) }
    }
}
