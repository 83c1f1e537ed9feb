import Logging
import NIOCore
import NIOPosix
import Synchronization
import Transport
import Wire

/// A mesh authority made for one test, and nodes with certificates of it.
struct MeshFixture {
    let authority: IdentityKeyPair

    init() throws { authority = try IdentityKeyPair(seed: SystemRandom.secret()) }

    func credentials(_ name: String, roles: Roles = .worker, issued: UnixTime? = nil) throws -> NodeCredentials {
        let identity = try IdentityKeyPair(seed: SystemRandom.secret())
        let staticKey = try StaticKeyPair(secret: SystemRandom.secret())
        let subject = Certificate.Subject(
            name: name, roles: roles, identityKey: identity.publicKey, staticKey: staticKey.publicKey, salt: SystemRandom.bytes(16),
            features: .local)
        let certificate = try Certificate.issue(subject, serial: 1, now: issued ?? .wallClock(), authority: authority)
        return NodeCredentials(identity: identity, staticKey: staticKey, authority: authority.publicKey, certificate: certificate)
    }

    func endpoint(
        _ name: String, roles: Roles = .worker, table: ServiceTable = ServiceTable(), admission: any LinkAdmission = AdmitMembers(),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, silenceLimit: Duration = .seconds(3), compress: Bool = false,
        keyLog: KeyLog? = nil, relay: RelayQuota? = nil, streamIDSoftEnd: UInt32 = Limits.streamIDSoftEnd
    ) throws -> MeshEndpoint {
        var configuration = MeshEndpoint.Configuration(bootEpoch: 1, silenceLimit: silenceLimit, compressLoopback: compress)
        configuration.keyLog = keyLog
        configuration.relay = relay
        configuration.streamIDSoftEnd = streamIDSoftEnd
        return MeshEndpoint(
            credentials: try credentials(name, roles: roles), configuration: configuration, acceptor: table, admission: admission,
            group: group, logger: Logger(label: name))
    }
}

extension MeshEndpoint {
    /// Listens on a free loopback port; how others reach it.
    func serve() async throws -> LinkTarget {
        let address = try await listen(host: "127.0.0.1", port: 0)
        guard let node = credentials.certificate?.nodeID, let port = address.port else { throw CallError(.internalError) }
        return LinkTarget(.node(node), endpoints: [Endpoint(host: "127.0.0.1", port: UInt16(port))], features: .local)
    }
}

extension Head {
    init(service: String) {
        self.init()
        self.service = service
    }
}
