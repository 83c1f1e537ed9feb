import Logging
import NIOCore
import NIOPosix
import Transport
import Wire

/// A mesh of two, and a relay between them, whose keys all processes know, because they are made from fixed seeds: nothing has to
/// be exchanged.
enum BenchMesh {
    /// A node of it.
    enum Member: UInt8 {
        case server = 2
        case client = 3
        case relay = 4

        var roles: Roles { self == .relay ? .coordinator : .worker }
    }

    static func credentials(_ member: Member) throws -> NodeCredentials {
        let authority = try IdentityKeyPair(seed: SecretBytes([UInt8](repeating: 1, count: 32)))
        let identity = try IdentityKeyPair(seed: SecretBytes([UInt8](repeating: member.rawValue, count: 32)))
        let staticKey = try StaticKeyPair(secret: SecretBytes([UInt8](repeating: member.rawValue | 0x40, count: 32)))
        let subject = Certificate.Subject(
            name: "\(member)", roles: member.roles, identityKey: identity.publicKey, staticKey: staticKey.publicKey,
            salt: [UInt8](repeating: member.rawValue, count: 16), features: .local)
        let certificate = try Certificate.issue(subject, serial: UInt64(member.rawValue), now: .wallClock(), authority: authority)
        return NodeCredentials(identity: identity, staticKey: staticKey, authority: authority.publicKey, certificate: certificate)
    }

    /// Where `member` is: on this machine at `port`, or behind a relay that is there.
    static func target(_ member: Member, at port: UInt16, isRelayed: Bool = false) throws -> LinkTarget {
        let certificate = try credentials(member).certificate
        guard let certificate, let relay = try credentials(.relay).certificate else { throw CallError(.internalError, "no certificate") }
        let place = [Endpoint(host: "127.0.0.1", port: port)]
        guard isRelayed else { return LinkTarget(.node(certificate.nodeID), endpoints: place, features: certificate.features) }
        return LinkTarget(
            .node(certificate.nodeID), endpoints: [], relays: [RelayRecord(nodeID: relay.nodeID, endpoints: place)],
            features: certificate.features)
    }

    /// A node with one event loop, as it has one core.
    static func endpoint(_ member: Member, acceptor: any StreamAcceptor) throws -> MeshEndpoint {
        var configuration = MeshEndpoint.Configuration(bootEpoch: 1)
        if member == .relay { configuration.relay = RelayQuota() }
        return MeshEndpoint(
            credentials: try credentials(member), configuration: configuration, acceptor: acceptor,
            admission: AdmitMembers(), group: MultiThreadedEventLoopGroup(numberOfThreads: 1), logger: Logger(label: "meshbench"))
    }
}
