import Logging
import NIOCore
import NIOPosix
import Transport
import Wire

/// A mesh of two whose keys both processes know, because they are made from fixed seeds: nothing has to be exchanged.
enum BenchMesh {
    /// A node of it.
    enum Member: UInt8 {
        case server = 2
        case client = 3
    }

    static func credentials(_ member: Member) throws -> NodeCredentials {
        let authority = try IdentityKeyPair(seed: SecretBytes([UInt8](repeating: 1, count: 32)))
        let identity = try IdentityKeyPair(seed: SecretBytes([UInt8](repeating: member.rawValue, count: 32)))
        let staticKey = try StaticKeyPair(secret: SecretBytes([UInt8](repeating: member.rawValue | 0x40, count: 32)))
        let subject = Certificate.Subject(
            name: "\(member)", roles: .worker, identityKey: identity.publicKey, staticKey: staticKey.publicKey,
            salt: [UInt8](repeating: member.rawValue, count: 16), features: .local)
        let certificate = try Certificate.issue(subject, serial: UInt64(member.rawValue), now: .wallClock(), authority: authority)
        return NodeCredentials(identity: identity, staticKey: staticKey, authority: authority.publicKey, certificate: certificate)
    }

    /// A node with one event loop, as it has one core.
    static func endpoint(_ member: Member, acceptor: any StreamAcceptor) throws -> MeshEndpoint {
        MeshEndpoint(
            credentials: try credentials(member), configuration: MeshEndpoint.Configuration(bootEpoch: 1), acceptor: acceptor,
            admission: AdmitMembers(), group: MultiThreadedEventLoopGroup(numberOfThreads: 1), logger: Logger(label: "meshbench"))
    }
}
