import Wire

/// The ciphers of the two ends of one link, out of a real handshake.
enum LinkCiphers {
    struct Ends: ~Copyable {
        var clientSend: RecordCipher
        var clientReceive: RecordCipher
        var serverSend: RecordCipher
        var serverReceive: RecordCipher
    }

    /// Runs an XX handshake between two fresh members. Seeds are fixed: same bytes on every run.
    static func pair() throws -> Ends {
        let authority = try IdentityKeyPair(seed: secret(1))
        let initiator = try credentials("client", 2, authority)
        let responder = try credentials("server", 3, authority)
        let now = UnixTime(seconds: 1_800_000_000)
        let parameters = LinkParameters(bootEpoch: 1)
        var client = LinkInitiator(
            credentials: initiator, expecting: .role(.worker), parameters: parameters, now: now, ephemeral: secret(20))
        var server = LinkResponder(
            credentials: responder, parameters: parameters, now: now, ephemeral: secret(21), tokenSecret: { _ in nil })
        guard case .send(let answer) = try server.receive(try client.start()) else { throw WireError.truncated }
        guard case .established(let last, let clientKeys) = try client.receive(answer) else { throw WireError.truncated }
        guard case .established(let serverKeys) = try server.receive(last) else { throw WireError.truncated }
        return Ends(
            clientSend: clientKeys.send, clientReceive: clientKeys.receive, serverSend: serverKeys.send,
            serverReceive: serverKeys.receive)
    }

    private static func secret(_ byte: UInt8) -> SecretBytes { SecretBytes([UInt8](repeating: byte, count: 32)) }

    private static func credentials(_ name: String, _ seed: UInt8, _ authority: IdentityKeyPair) throws -> NodeCredentials {
        let identity = try IdentityKeyPair(seed: secret(seed))
        let staticKey = try StaticKeyPair(secret: secret(seed + 10))
        let subject = Certificate.Subject(
            name: name, roles: .worker, identityKey: identity.publicKey, staticKey: staticKey.publicKey,
            salt: [UInt8](repeating: seed, count: 16), features: [])
        let certificate = try Certificate.issue(subject, serial: 1, now: UnixTime(seconds: 1_800_000_000), authority: authority)
        return NodeCredentials(identity: identity, staticKey: staticKey, authority: authority.publicKey, certificate: certificate)
    }
}
