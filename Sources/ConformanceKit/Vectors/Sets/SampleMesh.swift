import Wire

/// The mesh that vectors play in. All of it follows from labels.
struct SampleMesh {
    static let now: UInt64 = 1_800_000_000

    let label: String
    let authority: IdentityKeyPair

    init(_ label: String = "mesh") throws {
        self.label = label
        authority = try IdentityKeyPair(seed: SecretBytes(Label.bytes("\(label) authority")))
    }

    /// A member's keys and certificate.
    struct Member {
        var identity: IdentityKeyPair
        var staticKey: StaticKeyPair
        var certificate: Certificate
    }

    func member(
        _ name: String, _ roles: Roles = .worker, issuedAt: UInt64 = now - 600, life: UInt64 = 86_400, features: Features = []
    ) throws -> Member {
        let identity = try IdentityKeyPair(seed: SecretBytes(Label.bytes("\(label) \(name) identity")))
        let staticKey = try StaticKeyPair(secret: SecretBytes(Label.bytes("\(label) \(name) static")))
        let subject = Certificate.Subject(
            name: name, roles: roles, identityKey: identity.publicKey, staticKey: staticKey.publicKey,
            salt: Label.bytes("\(label) \(name) salt", 16), features: features)
        let certificate = try Certificate.issue(
            subject, serial: 7, now: UnixTime(seconds: issuedAt), life: life, authority: authority)
        return Member(identity: identity, staticKey: staticKey, certificate: certificate)
    }

    /// A certificate's bytes with its fields changed by `change` and signed again.
    func forge(_ certificate: Certificate, signer: IdentityKeyPair? = nil, _ change: (inout [(type: UInt16, value: [UInt8])]) -> Void)
        -> [UInt8]
    {
        var fields = TLVBytes.split(certificate.encoded).filter { $0.type != 0xFFFE }
        change(&fields)
        let body = TLVBytes.join(fields)
        return body + TLVBytes.field(0xFFFE, (signer ?? authority).sign(.certificate, body))
    }
}
