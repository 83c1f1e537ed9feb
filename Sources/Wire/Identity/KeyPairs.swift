/// An Ed25519 key pair: who a node is, or the authority of a mesh.
public struct IdentityKeyPair: Sendable {
    public let publicKey: IdentityKey
    /// The 32 bytes that it can be made from again.
    public let seed: SecretBytes
    private let secret: SecretBytes

    /// From 32 random bytes (`SystemRandom.secret()`) or a stored seed; `authentication` for any other length.
    public init(seed: SecretBytes) throws(WireError) {
        (secret, publicKey) = try Sodium.ed25519Keys(seed: seed)
        self.seed = seed
    }

    /// The 64-byte signature of `message` for the purpose `domain`.
    public func sign(_ domain: Domain, _ message: [UInt8]) -> [UInt8] {
        Sodium.ed25519Sign(domain.prefix + message, secret: secret)
    }
}

extension IdentityKey {
    /// Whether `signature` is this key's over `message`, made for the purpose `domain`.
    public func verifies(_ signature: [UInt8], _ domain: Domain, _ message: [UInt8]) -> Bool {
        Sodium.ed25519Verify(signature, of: domain.prefix + message, by: self)
    }
}

/// An X25519 key pair: the static key of a node, or the ephemeral key of one handshake.
public struct StaticKeyPair: Sendable {
    public let publicKey: StaticKey
    /// The 32 bytes that it can be made from again.
    public let secret: SecretBytes

    /// From 32 random bytes (`SystemRandom.secret()`) or a stored secret; `authentication` for any other length.
    public init(secret: SecretBytes) throws(WireError) {
        publicKey = try Sodium.x25519PublicKey(of: secret)
        self.secret = secret
    }

    /// What this side and the owner of `point` share; `authentication` for a point of small order.
    package func agree(with point: StaticKey) throws(WireError) -> SecretBytes { try Sodium.x25519(secret, point) }
}
