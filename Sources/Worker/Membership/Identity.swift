import Transport
import Wire

/// Who this worker is, from its folder or from the token of its first start.
struct Identity {
    let folder: IdentityFolder
    let credentials: NodeCredentials
    let coordinators: [Endpoint]
    let boot: BootEpoch
    /// The token to enrol with; `nil` once there is a certificate.
    let token: JoinToken?

    /// The certified name, or the one to ask for.
    func name(asked: String) -> String { credentials.certificate?.name ?? asked }

    /// Opens the folder, makes keys where there are none, and counts the start.
    static func open(_ path: String, token text: String?) throws(WorkerError) -> Identity {
        let folder = try IdentityFolder(path: path)
        let stored = try folder.credentials()
        var token: JoinToken?
        if let text {
            do { token = try JoinToken(text) } catch { throw WorkerError(.usage, "\(error)") }
        }
        if let stored, stored.certificate != nil {
            if let token, token.authority != stored.authority {
                throw WorkerError(
                    .usage, "\(path) holds an identity of another mesh than the token's; name another folder to join a second mesh")
            }
            return Identity(
                folder: folder, credentials: stored, coordinators: try folder.coordinators(), boot: try start(folder), token: nil)
        }
        guard let token else {
            throw WorkerError(.usage, "\(path) holds no identity yet; make a token at the coordinator and start with --join TOKEN")
        }
        let credentials = try makeCredentials(stored, authority: token.authority)
        // Kept before the first try: a token's use is bound to the key, so a lost answer costs nothing.
        try folder.store(credentials, coordinators: token.endpoints)
        return Identity(folder: folder, credentials: credentials, coordinators: token.endpoints, boot: try start(folder), token: token)
    }

    private static func start(_ folder: IdentityFolder) throws(WorkerError) -> BootEpoch {
        try folder.countStart(nonce: .random(in: .min ... .max))
    }

    private static func makeCredentials(_ stored: NodeCredentials?, authority: IdentityKey) throws(WorkerError) -> NodeCredentials {
        do {
            return NodeCredentials(
                identity: try stored?.identity ?? IdentityKeyPair(seed: SystemRandom.secret()),
                staticKey: try stored?.staticKey ?? StaticKeyPair(secret: SystemRandom.secret()), authority: authority)
        } catch {
            throw WorkerError(.usage, "no keys could be made: \(error)")
        }
    }
}
