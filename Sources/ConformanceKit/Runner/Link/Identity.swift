import Wire

/// A node that the runner can be: its keys and, once it is a member, its certificate.
struct Identity: Sendable {
    var name: String
    var keys: IdentityKeyPair
    var staticKey: StaticKeyPair
    /// As it goes into a handshake; empty for a joiner.
    var certificate: [UInt8] = []
    /// Of this run of the runner.
    var bootEpoch: UInt64

    /// A node that nobody has admitted yet.
    static func fresh(_ name: String, bootEpoch: UInt64) throws -> Identity {
        Identity(
            name: name, keys: try IdentityKeyPair(seed: SystemRandom.secret()),
            staticKey: try StaticKeyPair(secret: SystemRandom.secret()), bootEpoch: bootEpoch)
    }

    /// The certificate, read.
    var certified: Certificate? { try? Certificate(decoding: certificate) }
}

/// An authority of the runner's own: whatever it signs is valid in its mesh and nowhere else.
struct OwnAuthority: Sendable {
    let keys: IdentityKeyPair

    init() throws { keys = try IdentityKeyPair(seed: SystemRandom.secret()) }

    /// The authority of somebody else's test mesh, from its seed.
    init(seed: SecretBytes) throws { keys = try IdentityKeyPair(seed: seed) }

    /// A certificate for `identity`, valid from `now` for `life` seconds.
    func certify(
        _ identity: Identity, roles: Roles = .worker, now: UnixTime = .current, life: UInt64 = Limits.certificateLife,
        serial: UInt64 = 1, salt: [UInt8] = SystemRandom.bytes(16)
    ) throws -> Identity {
        let subject = Certificate.Subject(
            name: identity.name, roles: roles, identityKey: identity.keys.publicKey, staticKey: identity.staticKey.publicKey, salt: salt)
        var certified = identity
        certified.certificate = try Certificate.issue(subject, serial: serial, now: now, life: life, authority: keys).encoded
        return certified
    }
}
