import Wire

extension VectorKind {
    /// A whole Noise handshake, both sides, with what the specification of Noise calls e, s, h, ck and k after each message.
    static let noise = VectorKind("noise") { (input) throws(VectorFormatError) in
        let exchange = try NoiseExchange(&input)
        return { try exchange.run() }
    }
}

extension VectorInput {
    mutating func suite() throws(VectorFormatError) -> Suite {
        try choice("suite", ["ChaChaPoly": Suite.chaChaPoly, "AESGCM": .aesGCM])
    }
}

/// Both sides of one handshake and what an attacker does in between.
struct NoiseExchange {
    struct Side {
        var prologue: [UInt8]
        var keys: HandshakeKeys
    }

    /// What becomes of a message on its way.
    enum Change {
        case replace([UInt8])
        /// One byte is changed; where `offset` is `nil`, each in turn.
        case tamper(offset: Int?, mask: UInt8)
    }

    private let pattern: HandshakePattern
    private let suite: Suite
    private let initiator: Side
    private let responder: Side
    private let payloads: [[UInt8]]
    private let change: (message: Int, Change)?

    init(_ input: inout VectorInput) throws(VectorFormatError) {
        pattern = try input.choice("pattern", ["XX": HandshakePattern.xx, "XXpsk3": .xxpsk3, "IK": .ik])
        suite = try input.suite()
        let prologue = try input.hex("prologue")
        var mine = HandshakeKeys(staticKey: try input.staticKey("initiator_static"), ephemeral: try input.staticKey("initiator_ephemeral"))
        var theirs = HandshakeKeys(
            staticKey: try input.staticKey("responder_static"), ephemeral: try input.staticKey("responder_ephemeral"))
        if pattern.pskCount > 0 {
            mine.psks = [try input.secret("psk")]
            theirs.psks = mine.psks
        }
        if pattern.isKnown(.responder) { mine.remoteStatic = theirs.staticKey?.publicKey }
        if let psk = try input.optional("responder_psk", { (i) throws(VectorFormatError) in try i.secret("responder_psk") }) {
            theirs.psks = [psk]
        }
        if let key = try input.optional("expected_responder", { (i) throws(VectorFormatError) in try i.bytes32("expected_responder") }) {
            mine.remoteStatic = key
        }
        let other = try input.optional("responder_prologue") { (i) throws(VectorFormatError) in try i.hex("responder_prologue") }
        initiator = Side(prologue: prologue, keys: mine)
        responder = Side(prologue: other ?? prologue, keys: theirs)
        payloads = try input.hexes("payloads")
        change = try input.optional("change") { (i) throws(VectorFormatError) in try i.object("change", Self.change) }
    }

    private static func change(_ input: inout VectorInput) throws(VectorFormatError) -> (message: Int, Change) {
        let message: Int = try input.number("message")
        if input.has("bytes") { return (message, .replace(try input.hex("bytes"))) }
        let isEvery = try input.optional("every_byte") { (i) throws(VectorFormatError) in try i.flag("every_byte") } ?? false
        let offset: Int? = isEvery ? nil : try input.number("offset")
        return (message, .tamper(offset: offset, mask: try input.hex("xor", count: 1).first ?? 0))
    }

    /// The trace of the handshake, or what the first side to notice something throws. Where each byte of a message is changed in
    /// turn, all of them must lead to the same.
    func run() throws -> VectorValue {
        guard case (let message, .tamper(offset: nil, let mask))? = change else { return try run(changing: change) }
        let honest = try messages()
        var found: WireError?
        for offset in honest[message - 1].indices {
            do {
                _ = try run(changing: (message, .tamper(offset: offset, mask: mask)))
                throw VectorMismatch("a change of byte \(offset) goes unnoticed")
            } catch let error as WireError {
                try VectorMismatch.check(found ?? error == error, "a change of byte \(offset) leads to another error: \(error)")
                found = error
            }
        }
        throw found ?? WireError.truncated
    }

    /// The messages as they are without a change.
    func messages() throws -> [[UInt8]] {
        try run(changing: nil)["messages"]?.elements.map { [UInt8](hex: $0["ciphertext"]?.text ?? "") ?? [] } ?? []
    }

    private func run(changing change: (message: Int, Change)?) throws -> VectorValue {
        var left = try HandshakeState(pattern, suite: suite, role: .initiator, prologue: initiator.prologue, keys: initiator.keys)
        var right = try HandshakeState(pattern, suite: suite, role: .responder, prologue: responder.prologue, keys: responder.keys)
        var messages: [VectorValue] = []
        for (index, tokens) in pattern.messages.enumerated() {
            let payload = index < payloads.count ? payloads[index] : []
            let isInitiators = index.isMultiple(of: 2)
            var message = isInitiators ? try left.write(payload) : try right.write(payload)
            let original = message
            if let change, change.message == index + 1 { message = change.1.applied(to: message) }
            let read = isInitiators ? try right.read(message) : try left.read(message)
            let keys = isInitiators ? initiator.keys : responder.keys
            if message == original {
                try VectorMismatch.check(read == payload, "the payload of message \(index + 1) comes out differently")
            }
            let h = left.handshakeHash
            let (ck, k) = left.secrets
            messages.append(Self.describe(tokens, keys, payload: payload, message: message, h: h, ck: ck, k: k))
        }
        let hash = left.handshakeHash
        try VectorMismatch.check(hash == right.handshakeHash, "the two sides end with another h")
        let (first, second, _) = hkdf(left.secrets.chainingKey, RawSpan())
        return [
            "protocol": .string("Noise_\(pattern.name)_25519_\(suite.noiseName)_SHA256"),
            "messages": .array(messages), "handshake_hash": .string(hash.hex),
            "initiator_key": .hex(first.exposed), "responder_key": .hex(second.exposed),
        ]
    }

    private static func describe(
        _ tokens: [NoiseToken], _ keys: HandshakeKeys, payload: [UInt8], message: [UInt8], h: Bytes32, ck: SecretBytes, k: SecretBytes?
    ) -> VectorValue {
        var fields: [VectorValue.Field] = [.init("payload", .hex(payload))]
        if tokens.contains(.e), let e = keys.ephemeral { fields.append(.init("e", .string(e.publicKey.hex))) }
        if tokens.contains(.s), let s = keys.staticKey { fields.append(.init("s", .string(s.publicKey.hex))) }
        fields += [.init("h", .string(h.hex)), .init("ck", .hex(ck.exposed))]
        if let k { fields.append(.init("k", .hex(k.exposed))) }
        return .object(fields + [.init("ciphertext", .hex(message))])
    }
}

extension NoiseExchange.Change {
    fileprivate func applied(to message: [UInt8]) -> [UInt8] {
        switch self {
        case .replace(let bytes): return bytes
        case .tamper(let offset, let mask):
            var message = message
            if let offset, message.indices.contains(offset) { message[offset] ^= mask }
            return message
        }
    }
}
