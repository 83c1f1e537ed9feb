import Wire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The keys in a coordinator's folder: the authority of its mesh, and the node that the coordinator itself is.
struct Authority: Sendable {
    /// Signs certificates. Made at the first start, never leaves the folder.
    let keys: IdentityKeyPair
    /// The coordinator's own node.
    let identity: IdentityKeyPair
    let staticKey: StaticKeyPair
    /// The salt of the coordinator's node id.
    let salt: [UInt8]

    private enum Field {
        static let authoritySeed: UInt16 = 2
        static let identitySeed: UInt16 = 4
        static let staticSecret: UInt16 = 6
        static let salt: UInt16 = 8
    }

    private static let file = "authority.key"
    private static let fileLimit = 1_024

    /// Reads the keys of `folder`, or makes them and writes them there.
    static func open(_ folder: DataFolder) throws(CoordinatorError) -> Authority {
        if var bytes = try folder.read(file, limit: fileLimit) {
            defer { wipe(&bytes) }
            do throws(WireError) { return try bytes.decode(Authority.init(decoding:)) } catch {
                throw .dataFolder("\(folder.path)/\(file) is damaged (\(error)): restore it from a backup, or every member must join anew.")
            }
        }
        var made: Authority
        var bytes: [UInt8]
        do throws(WireError) {
            made = try Authority()
            bytes = try made.encoded()
        } catch { throw .failed("Making the authority's key failed: \(error).") }
        defer { wipe(&bytes) }
        try folder.replace(file, with: bytes)
        return made
    }

    private init() throws(WireError) {
        keys = try IdentityKeyPair(seed: SystemRandom.secret())
        identity = try IdentityKeyPair(seed: SystemRandom.secret())
        staticKey = try StaticKeyPair(secret: SystemRandom.secret())
        salt = SystemRandom.bytes(16)
    }

    private init(decoding bytes: RawSpan) throws(WireError) {
        var seeds: [UInt16: SecretBytes] = [:]
        var salt: [UInt8] = []
        var cursor = TLVCursor()
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.authoritySeed, Field.identitySeed, Field.staticSecret:
                seeds[field.type] = SecretBytes(try bytes.array(field, limit: 32))
            case Field.salt: salt = try bytes.array(field, limit: 16)
            default: try field.skipOrRefuse()
            }
        }
        guard let authority = seeds[Field.authoritySeed] else { throw .missing(Field.authoritySeed) }
        guard let identity = seeds[Field.identitySeed] else { throw .missing(Field.identitySeed) }
        guard let secret = seeds[Field.staticSecret] else { throw .missing(Field.staticSecret) }
        guard salt.count == 16 else { throw .missing(Field.salt) }
        keys = try IdentityKeyPair(seed: authority)
        self.identity = try IdentityKeyPair(seed: identity)
        staticKey = try StaticKeyPair(secret: secret)
        self.salt = salt
    }

    private func encoded() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.authoritySeed, bytes: keys.seed.exposed)
        writer.put(Field.identitySeed, bytes: identity.seed.exposed)
        writer.put(Field.staticSecret, bytes: staticKey.secret.exposed)
        writer.put(Field.salt, bytes: salt)
        return try writer.finish()
    }

    /// The coordinator's name in the mesh: nobody else gets one that begins like it.
    var name: String { Self.namePrefix + identity.publicKey.description }

    /// Names that begin so are not given to workers.
    static let namePrefix = "coordinator-"

    /// A certificate for the coordinator itself.
    func certificate(serial: UInt64, now: UnixTime) throws(WireError) -> Certificate {
        let subject = Certificate.Subject(
            name: name, roles: [.coordinator, .relay], identityKey: identity.publicKey, staticKey: staticKey.publicKey, salt: salt,
            features: .local)
        return try Certificate.issue(subject, serial: serial, now: now, authority: keys)
    }
}

/// Overwrites bytes that were secret, so that they do not wait in freed memory.
private func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { if let start = $0.baseAddress { explicit_bzero(start, $0.count) } }
}
