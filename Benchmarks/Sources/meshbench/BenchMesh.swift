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

    /// A node of a DHT of many.
    struct DHTMember {
        var configuration: DHTService.Configuration

        func contact(at endpoint: Endpoint) -> Contact {
            let credentials = configuration.credentials
            return Contact(
                nodeID: credentials.certificate?.nodeID ?? NodeID(), staticKey: credentials.staticKey.publicKey, endpoints: [endpoint])
        }
    }

    static func dhtMember(_ number: Int) throws -> DHTMember {
        let authority = try IdentityKeyPair(seed: SecretBytes([UInt8](repeating: 1, count: 32)))
        // Not in the first and last byte, some bits of which X25519 does not use.
        let seed = (0..<32).map { UInt8(truncatingIfNeeded: 8..<16 ~= $0 ? number >> (($0 - 8) * 8) : 5) }
        let identity = try IdentityKeyPair(seed: SecretBytes(seed))
        let staticKey = try StaticKeyPair(secret: SecretBytes(seed.map { $0 ^ 0x40 }))
        let subject = Certificate.Subject(
            name: "node-\(number)", roles: .worker, identityKey: identity.publicKey, staticKey: staticKey.publicKey,
            salt: Array(seed.prefix(16)), features: .local)
        let certificate = try Certificate.issue(subject, serial: UInt64(number + 16), now: .wallClock(), authority: authority)
        let credentials = NodeCredentials(
            identity: identity, staticKey: staticKey, authority: authority.publicKey, certificate: certificate)
        return DHTMember(configuration: DHTService.Configuration(credentials: credentials, bootEpoch: 1, isClient: false))
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
