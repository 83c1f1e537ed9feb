public import Wire

/// A mesh with fixed keys: a coordinator, a worker, a joiner's token.
public enum FuzzMesh {
    public static let now = UnixTime(seconds: 1_800_000_000)
    public static let authority = identity(1)
    public static let coordinator = member("coordinator", .coordinator, 2)
    public static let worker = member("worker-1", .worker, 4)
    public static let certificates = [coordinator, worker].compactMap(\.certificate)

    public static let token = JoinToken(
        id: known(TokenID([UInt8](repeating: 6, count: 16))), secret: secret(7), authority: authority.publicKey,
        endpoints: [Endpoint(host: "10.0.0.1", port: 7700), Endpoint(host: "2001:db8::1", port: 1)])

    public static func initiator(enrols: Bool) -> LinkInitiator {
        LinkInitiator(
            credentials: worker, expecting: enrols ? .enrolment(token) : .role(.coordinator), parameters: LinkParameters(bootEpoch: 1),
            now: now, ephemeral: secret(8))
    }

    public static func responder() -> LinkResponder {
        LinkResponder(credentials: coordinator, parameters: LinkParameters(bootEpoch: 2), now: now, ephemeral: secret(9)) {
            $0 == token.id ? token.secret : nil
        }
    }

    public static func secret(_ byte: UInt8) -> SecretBytes { SecretBytes([UInt8](repeating: byte, count: 32)) }

    private static func identity(_ byte: UInt8) -> IdentityKeyPair { known(try? IdentityKeyPair(seed: secret(byte))) }

    private static func member(_ name: String, _ roles: Roles, _ byte: UInt8) -> NodeCredentials {
        let (identity, staticKey) = (identity(byte), known(try? StaticKeyPair(secret: secret(byte + 1))))
        let subject = Certificate.Subject(
            name: name, roles: roles, identityKey: identity.publicKey, staticKey: staticKey.publicKey,
            salt: [UInt8](repeating: byte, count: 16))
        return NodeCredentials(
            identity: identity, staticKey: staticKey, authority: authority.publicKey,
            certificate: known(try? Certificate.issue(subject, serial: 1, now: now, authority: authority)))
    }

    /// A value that cannot be missing in a mesh that is always the same.
    static func known<Value>(_ value: Value?) -> Value {
        guard let value else { fatalError("the fuzzers' own mesh is broken") }
        return value
    }
}
