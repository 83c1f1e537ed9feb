import ArgumentParser
import Foundation
import Logging
import NIOCore
import NIOPosix
import Transport
import Wire

/// Joins a mesh with many identities, links each to the coordinator and stays there without a word.
struct Links: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Hold idle links to a coordinator.")

    @Option(help: "A join token with enough uses.") var token: String
    @Option var count: Int = 2_000
    /// Names must not clash with those of another run.
    @Option var prefix: String = "idle"

    func run() async throws {
        let token = try JoinToken(token)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var nodes: [MeshEndpoint] = []
        try await withThrowingTaskGroup(of: MeshEndpoint.self) { tasks in
            for number in 0..<count {
                // Fewer than the coordinator takes from one address that has not authenticated.
                if number >= 8, let node = try await tasks.next() { nodes.append(node) }
                tasks.addTask { try await join("\(prefix)-\(number)", token, group) }
            }
            for try await node in tasks { nodes.append(node) }
        }
        FileHandle.standardOutput.write(Data("linked \(nodes.count)\n".utf8))
        while !Task.isCancelled { try await Task.sleep(for: .seconds(3_600)) }
        for node in nodes { await node.shutdown() }
    }
}

/// A new identity: enrolled, and linked to the coordinator that its token names.
private func join(_ name: String, _ token: JoinToken, _ group: any EventLoopGroup) async throws -> MeshEndpoint {
    let identity = try IdentityKeyPair(seed: SystemRandom.secret())
    let staticKey = try StaticKeyPair(secret: SystemRandom.secret())
    var credentials = NodeCredentials(identity: identity, staticKey: staticKey, authority: token.authority)
    let features = credentials.features
    let node = MeshEndpoint(
        credentials: credentials, configuration: MeshEndpoint.Configuration(bootEpoch: 1), acceptor: ServiceTable(),
        admission: AdmitMembers(), group: group, logger: Logger(label: "meshbench"))
    let answer = try await node.enrol(token) { peer in
        let signed = EnrolRequest.signedBytes(handshakeHash: peer.handshakeHash, name: name)
        let request = EnrolRequest(
            name: name, identityKey: identity.publicKey, features: features, roles: .worker, signature: identity.sign(.enrolment, signed))
        var head = Head()
        head.method = MeshMethod.enrol
        return (head, ByteBuffer(bytes: try request.encode()))
    }
    credentials.certificate = try Certificate(decoding: try EnrolAnswer([UInt8](answer.readableBytesView)).certificate)
    node.replaceCredentials(credentials)
    _ = try await node.connect(to: LinkTarget(.roles(.coordinator), endpoints: token.endpoints))
    return node
}
