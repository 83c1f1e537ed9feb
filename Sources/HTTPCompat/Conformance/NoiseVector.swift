import Wire

/// One Noise test vector: the keys of both sides, and what each message must look like.
struct NoiseVector {
    private let pattern: HandshakePattern
    private let suite: Suite
    private let initiator: Side
    private let responder: Side
    private let messages: [Message]
    private let handshakeHash: [UInt8]?

    private struct Side {
        var prologue: [UInt8]
        var keys: HandshakeKeys
    }

    private struct Message {
        var payload: [UInt8]
        var ciphertext: [UInt8]
    }

    /// Throws `skipped` for a protocol that this program does not speak, `failed` for a vector that cannot be read.
    init(_ json: JSONValue, name: String) throws(NoiseVectors.Outcome) {
        let parts = name.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, parts[0] == "Noise" else { throw .skipped("not the name of a Noise protocol") }
        guard let pattern = HandshakePattern(name: parts[1]) else { throw .skipped("pattern \(parts[1])") }
        guard parts[2] == "25519" else { throw .skipped("curve \(parts[2])") }
        guard let suite = Suite.allCases.first(where: { $0.noiseName == parts[3] }) else { throw .skipped("cipher \(parts[3])") }
        guard suite.isAvailable else { throw .skipped("cipher \(parts[3]), which this machine has no hardware for") }
        guard parts[4] == "SHA256" else { throw .skipped("hash \(parts[4])") }
        self.pattern = pattern
        self.suite = suite
        initiator = try Self.side("init", json, knows: pattern.isKnown(.responder))
        responder = try Self.side("resp", json, knows: pattern.isKnown(.initiator))
        handshakeHash = try Self.bytes("handshake_hash", json)
        guard let items = json["messages"]?.elements else { throw .failed("it has no array named \"messages\"") }
        var messages: [Message] = []
        for item in items {
            guard let payload = try Self.bytes("payload", item), let ciphertext = try Self.bytes("ciphertext", item) else {
                throw .failed("message \(messages.count) has no payload or no ciphertext")
            }
            messages.append(Message(payload: payload, ciphertext: ciphertext))
        }
        guard messages.count >= pattern.messageCount else { throw .failed("it ends before the handshake does") }
        self.messages = messages
    }

    /// Plays both sides, and compares every byte that they send.
    func run() -> NoiseVectors.Outcome {
        do throws(WireError) {
            return try play()
        } catch {
            return .failed("\(error)")
        }
    }

    private func play() throws(WireError) -> NoiseVectors.Outcome {
        var one = try HandshakeState(pattern, suite: suite, role: .initiator, prologue: initiator.prologue, keys: initiator.keys)
        var two = try HandshakeState(pattern, suite: suite, role: .responder, prologue: responder.prologue, keys: responder.keys)
        for (index, message) in messages.prefix(pattern.messageCount).enumerated() {
            let isInitiators = index.isMultiple(of: 2)
            let sent = try isInitiators ? one.write(message.payload) : two.write(message.payload)
            guard sent == message.ciphertext else { return .failed("message \(index) differs") }
            let received = try isInitiators ? two.read(sent) : one.read(sent)
            guard received == message.payload else { return .failed("the payload of message \(index) differs") }
        }
        for hash in [one.handshakeHash, two.handshakeHash] {
            guard handshakeHash == nil || hash.bytes == handshakeHash else { return .failed("the handshake hash differs") }
        }
        var first = try one.split()
        var second = try two.split()
        for (index, message) in messages.enumerated().dropFirst(pattern.messageCount) {
            let isInitiators = pattern.isOneWay || index.isMultiple(of: 2)
            var text = message.payload + [UInt8](repeating: 0, count: Limits.tag)
            try isInitiators ? first.send.encrypt(&text) : second.send.encrypt(&text)
            guard text == message.ciphertext else { return .failed("transport message \(index) differs") }
            try isInitiators ? second.receive.decrypt(&text) : first.receive.decrypt(&text)
            guard text.dropLast(Limits.tag) == message.payload[...] else { return .failed("the text of message \(index) differs") }
        }
        return .passed
    }

    /// The keys of the side whose fields begin with `prefix`. Keys that the pattern does not use may stand in a vector.
    private static func side(_ prefix: String, _ json: JSONValue, knows: Bool) throws(NoiseVectors.Outcome) -> Side {
        func pair(_ name: String) throws(NoiseVectors.Outcome) -> StaticKeyPair? {
            guard let secret = try bytes("\(prefix)_\(name)", json) else { return nil }
            guard let pair = try? StaticKeyPair(secret: SecretBytes(secret)) else { throw .failed("\(prefix)_\(name) is not a key") }
            return pair
        }
        var keys = HandshakeKeys(staticKey: try pair("static"), ephemeral: try pair("ephemeral"))
        if knows {
            guard let key = Bytes32(try bytes("\(prefix)_remote_static", json) ?? []) else {
                throw .failed("\(prefix)_remote_static is not a key")
            }
            keys.remoteStatic = key
        }
        for element in json["\(prefix)_psks"]?.elements ?? [] {
            guard let psk = element.text.flatMap({ [UInt8](hex: $0) }) else { throw .failed("\(prefix)_psks is not hexadecimal") }
            keys.psks.append(SecretBytes(psk))
        }
        return Side(prologue: try bytes("\(prefix)_prologue", json) ?? [], keys: keys)
    }

    /// The bytes of the hexadecimal field `name`; `nil` where there is none.
    private static func bytes(_ name: String, _ json: JSONValue) throws(NoiseVectors.Outcome) -> [UInt8]? {
        guard let value = json[name], value != .null else { return nil }
        guard let bytes = value.text.flatMap({ [UInt8](hex: $0) }) else { throw .failed("\(name) is not hexadecimal") }
        return bytes
    }
}

extension CipherState {
    fileprivate mutating func encrypt(_ bytes: inout [UInt8]) throws(WireError) {
        var elements = bytes.mutableSpan
        var span = elements.mutableBytes
        try encrypt(&span)
    }

    fileprivate mutating func decrypt(_ bytes: inout [UInt8]) throws(WireError) {
        var elements = bytes.mutableSpan
        var span = elements.mutableBytes
        try decrypt(&span)
    }
}
