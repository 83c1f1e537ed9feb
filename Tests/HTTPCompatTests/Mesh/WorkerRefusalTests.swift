import Coordinator
import Foundation
import NIOCore
import Testing
import Transport
import Wire
import Worker

/// What a worker refuses to those that link to it, and how.
@Suite(.timeLimit(.minutes(2))) struct WorkerRefusalTests {
    /// A member that speaks for itself, with a certificate of the mesh for `roles`.
    func member(_ mesh: TestMesh, _ name: String, roles: Roles, issued: UnixTime = .wallClock()) throws -> MeshEndpoint {
        let authority = try mesh.authority()
        let identity = try IdentityKeyPair(seed: SystemRandom.secret())
        let staticKey = try StaticKeyPair(secret: SystemRandom.secret())
        let subject = Certificate.Subject(
            name: name, roles: roles, identityKey: identity.publicKey, staticKey: staticKey.publicKey, salt: SystemRandom.bytes(16))
        let certificate = try Certificate.issue(subject, serial: 1, now: issued, authority: authority)
        let credentials = NodeCredentials(
            identity: identity, staticKey: staticKey, authority: authority.publicKey, certificate: certificate)
        return MeshEndpoint(
            credentials: credentials, configuration: .init(bootEpoch: 1), acceptor: ServiceTable(), admission: AdmitMembers(),
            group: TestMesh.group, logger: TestMesh.logger(name))
    }

    func target(_ mesh: TestMesh, _ name: String) async throws -> LinkTarget {
        try await mesh.until { mesh.coordinator.resolve(name)?.endpoints.isEmpty == false }
        let record = try #require(mesh.coordinator.resolve(name))
        return LinkTarget(.node(try #require(record.nodeID)), endpoints: record.endpoints)
    }

    func code(_ endpoint: MeshEndpoint, _ target: LinkTarget, _ head: Head, _ body: [UInt8] = []) async -> ErrorCode? {
        do {
            _ = try await endpoint.caller(to: target).unary(head, body: ByteBuffer(bytes: body))
            return nil
        } catch { return error.code }
    }

    func method(_ name: String) -> Head {
        var head = Head()
        head.method = name
        return head
    }

    // CALL-1.1, CALL-1.2, MSG-1.5, MSG-1.6
    @Test func servicesWorkersAndMethodsThatAreNotItsOwn() async throws {
        try await TestMesh.with { mesh in
            let worker = try await mesh.worker("server", [HostedService("echo", handler: echo)])
            let (target, caller) = (try await target(mesh, "server"), try member(mesh, "caller", roles: .client))
            #expect(await code(caller, target, serviceHead("echo", worker: "server")) == nil)
            #expect(await code(caller, target, serviceHead("other")) == .notFound)
            #expect(await code(caller, target, serviceHead("echo", worker: "somebody-else")) == .notFound)
            #expect(await code(caller, target, method("mesh.list")) == .notFound)
            #expect(await code(caller, target, method("mesh.unheard-of")) == .notFound)
            #expect(await code(caller, target, method(MeshMethod.ping)) == nil)
            await caller.shutdown()
            await worker.shutdown()
        }
    }

    // MSG-8.1, MSG-8.2, MSG-8.3, CALL-5.6
    @Test func noticesAreACoordinators() async throws {
        try await TestMesh.with { mesh in
            let worker = try await mesh.worker("server", [HostedService("echo", handler: echo)])
            let target = try await target(mesh, "server")
            let (stranger, coordinator) = (try member(mesh, "w", roles: .worker), try member(mesh, "c", roles: .coordinator))
            let (unknown, drain) = (Notice(Notice.Kind(rawValue: 99), text: "news"), Notice(.drain, text: ""))
            #expect(await code(stranger, target, method(MeshMethod.notice), try drain.encode()) == .permissionDenied)
            #expect(await code(stranger, target, serviceHead()) == nil)
            #expect(await code(coordinator, target, method(MeshMethod.notice), try unknown.encode()) == nil)
            #expect(await code(coordinator, target, method(MeshMethod.notice), [0]) == .badRequest)
            #expect(await code(coordinator, target, method(MeshMethod.notice), try drain.encode()) == nil)
            #expect(await code(stranger, target, serviceHead()) == .draining)
            #expect(await code(stranger, target, method(MeshMethod.ping)) == nil)
            for endpoint in [stranger, coordinator] { await endpoint.shutdown() }
            await worker.shutdown()
        }
    }

    // HS-9.3
    @Test func anExpiredCertificateIsRefused() async throws {
        try await TestMesh.with { mesh in
            let worker = try await mesh.worker("server", [HostedService("echo", handler: echo)])
            let late = try member(mesh, "late", roles: .worker, issued: UnixTime(seconds: 1_700_000_000))
            let target = try await target(mesh, "server")
            let error = await #expect(throws: CallError.self) { try await late.connect(to: target) }
            #expect(error?.code == .expired)
            await late.shutdown()
            await worker.shutdown()
        }
    }
}

/// A coordinator that answers an enrolment with a certificate that is not the joiner's.
@Suite(.timeLimit(.minutes(2))) struct FalseCertificateTests {
    struct Door: LinkAdmission {
        let secret: SecretBytes
        func tokenSecret(_ id: TokenID) -> SecretBytes? { secret }
        func admit(_ peer: PeerInfo) -> ErrorCode? { nil }
        func linkUp(_ peer: PeerInfo, link: LinkID) {}
        func linkDown(_ peer: PeerInfo, link: LinkID) {}
        func linkHeard(_ peer: PeerInfo, link: LinkID, at instant: Instant) {}
    }

    // TOKEN-5.1
    @Test(arguments: ["another identity", "another static key", "another authority"])
    func isNotTaken(lie: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("false-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let authority = try IdentityKeyPair(seed: SystemRandom.secret())
        let signer = lie == "another authority" ? try IdentityKeyPair(seed: SystemRandom.secret()) : authority
        let handler = ServiceHandler.inline { _, body, peer throws(CallError) in
            do {
                let request = try EnrolRequest([UInt8](body.readableBytesView))
                let subject = Certificate.Subject(
                    name: request.name, roles: .worker, identityKey: lie == "another identity" ? IdentityKey() : request.identityKey,
                    staticKey: lie == "another static key" ? StaticKey() : peer.staticKey, salt: SystemRandom.bytes(16))
                let certificate = try Certificate.issue(subject, serial: 1, now: .wallClock(), authority: signer)
                return (Head(), ByteBuffer(bytes: try EnrolAnswer(certificate: certificate.encoded, coordinators: []).encode()))
            } catch { throw CallError(.internalError) }
        }
        let identity = try IdentityKeyPair(seed: SystemRandom.secret())
        let staticKey = try StaticKeyPair(secret: SystemRandom.secret())
        let own = Certificate.Subject(
            name: "coordinator-x", roles: .coordinator, identityKey: identity.publicKey, staticKey: staticKey.publicKey,
            salt: SystemRandom.bytes(16))
        let certificate = try Certificate.issue(own, serial: 1, now: .wallClock(), authority: authority)
        let secret = SystemRandom.secret()
        let coordinator = MeshEndpoint(
            credentials: NodeCredentials(
                identity: identity, staticKey: staticKey, authority: authority.publicKey, certificate: certificate),
            configuration: .init(bootEpoch: 1), acceptor: ServiceTable(methods: [MeshMethod.enrol: handler]),
            admission: Door(secret: secret), group: TestMesh.group, logger: TestMesh.logger("false"))
        let address = try await coordinator.listen(host: "127.0.0.1", port: 0)
        let token = JoinToken(
            id: try #require(TokenID(SystemRandom.bytes(16))), secret: secret, authority: authority.publicKey,
            endpoints: [Endpoint(host: "127.0.0.1", port: UInt16(address.port ?? 0))])
        var configuration = WorkerConfiguration(name: "joiner")
        configuration.dataFolder = folder.path
        configuration.joinToken = try token.text()
        (configuration.listenHost, configuration.listenPort) = ("127.0.0.1", 0)
        let node = try WorkerNode(
            configuration: configuration, services: [], forwarder: nil, coordinator: nil, group: TestMesh.group,
            logger: TestMesh.logger("joiner"))
        await #expect { try await node.start() } throws: { "\($0)".contains("certificate") }
        await node.shutdown()
        await coordinator.shutdown()
    }
}
