/// Noise's SymmetricState: the chaining key, the running hash and the cipher that they have led to so far (Noise 5.2).
struct SymmetricState: ~Copyable {
    private let suite: Suite
    /// ck
    private(set) var chainingKey: SecretBytes
    /// h: what both sides have seen. After the last message, the handshake hash.
    private(set) var hash: Bytes32
    /// Absent until the first key is mixed in: until then payloads travel in the clear.
    private var cipher: CipherState?
    /// k, the cipher's key.
    private(set) var key: SecretBytes?

    init(protocolName: String, suite: Suite, prologue: [UInt8]) {
        let name = Array(protocolName.utf8)
        self.suite = suite
        hash = Bytes32(name + [UInt8](repeating: 0, count: max(0, 32 - name.count))) ?? SHA256.hash(name)
        chainingKey = SecretBytes(hash.bytes)
        cipher = nil
        mixHash(prologue)
    }

    mutating func mixHash(_ data: [UInt8]) { hash = SHA256.hash(hash.bytes, data) }

    mutating func mixKey(_ material: RawSpan) throws(WireError) {
        let (next, key, _) = hkdf(chainingKey, material)
        chainingKey = next
        cipher = try CipherState(suite, key: key)
        self.key = key
    }

    mutating func mixKeyAndHash(_ material: SecretBytes) throws(WireError) {
        let (next, forHash, key) = material.withBytes { hkdf(chainingKey, $0) }
        chainingKey = next
        mixHash(forHash.exposed)
        cipher = try CipherState(suite, key: key)
        self.key = key
    }

    /// Appends `plaintext`, encrypted if there is a key, to `message`.
    mutating func encryptAndHash(_ plaintext: [UInt8], onto message: inout [UInt8]) throws(WireError) {
        var text = plaintext
        if cipher != nil {
            text.append(contentsOf: repeatElement(0, count: Limits.tag))
            var elements = text.mutableSpan
            var span = elements.mutableBytes
            try cipher?.encrypt(&span, associatedData: hash.bytes.span.bytes)
        }
        mixHash(text)
        message += text
    }

    /// The plaintext of `ciphertext`; `authentication` where it is not what the other side sent.
    mutating func decryptAndHash(_ ciphertext: [UInt8]) throws(WireError) -> [UInt8] {
        var text = ciphertext
        if cipher != nil {
            var elements = text.mutableSpan
            var span = elements.mutableBytes
            try cipher?.decrypt(&span, associatedData: hash.bytes.span.bytes)
            text.removeLast(Limits.tag)
        }
        mixHash(ciphertext)
        return text
    }

    /// How many bytes longer a ciphertext is than its plaintext at this point.
    var overhead: Int { cipher == nil ? 0 : Limits.tag }

    /// The ciphers for transport messages, as the side that plays `role` uses them.
    consuming func split(for role: HandshakeRole) throws(WireError) -> TransportCiphers {
        let (first, second, _) = hkdf(chainingKey, RawSpan())
        let initiator = try CipherState(suite, key: first)
        let responder = try CipherState(suite, key: second)
        return switch role {
        case .initiator: TransportCiphers(send: initiator, receive: responder, secrets: (first, second))
        case .responder: TransportCiphers(send: responder, receive: initiator, secrets: (first, second))
        }
    }
}
