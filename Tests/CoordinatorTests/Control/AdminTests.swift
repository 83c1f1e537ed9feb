import Foundation
import Testing
import Transport
import Wire

@testable import Coordinator

@Suite(.timeLimit(.minutes(2))) struct AdminTests {
    static let requests: [AdminRequest] = [
        .listTokens, .revokeToken("abcd"), .revoke(worker: "w", releaseName: true), .revoke(worker: "w", releaseName: false),
        .drain(worker: "w"), .createToken(TokenRequest()),
    ]

    @Test func messagesComeBack() throws {
        var request = TokenRequest()
        request.name = "laptop"
        request.life = 60
        request.uses = 7
        request.addresses = [Endpoint(host: "mesh.example", port: 7_700), Endpoint(host: "::1", port: 1)]
        for request in Self.requests + [.createToken(request)] { #expect(try AdminRequest(request.encode()) == request) }
        let view = TokenView(
            id: String(repeating: "a", count: 32), name: "n", createdAt: UnixTime(seconds: 1), expires: UnixTime(seconds: 2), uses: 3,
            used: 4, state: .expired)
        let answers: [AdminAnswer] = [
            .done, .token("wmj1_x"), .tokens([]), .tokens([view, view]), .failed(.notFound("no")), .failed(.conflict("c")),
            .failed(.configuration("a")), .failed(.dataFolder("b")), .failed(.diskFull("d")), .failed(.clock("e")),
            .failed(.addressInUse("f")), .failed(.failed("g")),
        ]
        for answer in answers { #expect(try AdminAnswer(answer.encode()) == answer) }
    }

    @Test func cutMessagesAreRefused() throws {
        for request in Self.requests {
            let bytes = try request.encode()
            for length in 0..<4 { #expect(throws: WireError.self) { try AdminRequest(Array(bytes.prefix(length))) } }
        }
        let bytes = try AdminAnswer.token("wmj1_x").encode()
        for length in 0..<bytes.count { #expect(throws: WireError.self) { try AdminAnswer(Array(bytes.prefix(length))) } }
    }

    @Test func withoutACoordinatorTheFolderItselfIsUsed() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("data")
        let first = try await RunningCoordinator.start(path)
        let port = first.address.port
        await first.stop()
        let admin = CoordinatorAdmin(dataFolder: path)
        var request = TokenRequest()
        request.name = "offline"
        let token = try JoinToken(try await admin.createToken(request))
        #expect(token.endpoints == [Endpoint(host: "127.0.0.1", port: port)])
        #expect(try await admin.tokens().map(\.name) == ["offline"])
        await #expect(throws: CoordinatorError.self) { try await admin.drain(worker: "w") }

        let second = try await RunningCoordinator.start(path, port: port)
        #expect(second.node.meshID == MeshID.meshID(authority: token.authority))
        let worker = try TestWorker(authority: token.authority)
        try await worker.enrol(token, as: "alpha")
        await second.stop()
        try await admin.revoke(worker: "alpha", releaseName: false)
        let third = try await RunningCoordinator.start(path, port: port)
        try await eventually("it is revoked") {
            do {
                _ = try await worker.discover("ocr")
                return false
            } catch let error as CallError { return error.code == .revoked }
        }
        await worker.stop()
        await third.stop()
    }

    @Test func aRunningCoordinatorIsAsked() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("data")
        let coordinator = try await RunningCoordinator.start(path)
        let admin = CoordinatorAdmin(dataFolder: path)
        var request = TokenRequest()
        request.addresses = [Endpoint(host: "mesh.example", port: 9)]
        let text = try await admin.createToken(request)
        #expect(text.hasPrefix("wmj1_"))
        let token = try JoinToken(text)
        #expect(token.endpoints == request.addresses)
        #expect(coordinator.node.tokens().map(\.id) == [token.id.description])
        let reachable = try JoinToken(try await admin.createToken(TokenRequest()))
        #expect(reachable.endpoints == [coordinator.address])
        let worker = try TestWorker(authority: reachable.authority)
        try await worker.enrol(reachable, as: "alpha")
        try await worker.register(["ocr"])
        try await admin.drain(worker: "alpha")
        #expect(coordinator.node.resolve("alpha")?.state == .draining)
        try await admin.revoke(worker: "alpha", releaseName: true)
        #expect(coordinator.node.resolve("alpha") == nil)
        try await admin.revokeToken(String(token.id.description.prefix(8)))
        try await admin.revokeToken(try reachable.text())
        #expect(try await admin.tokens().map(\.state) == [.revoked, .revoked])
        await #expect(throws: CoordinatorError.self) { try await admin.revokeToken("0") }
        await #expect(throws: CoordinatorError.self) { try await admin.drain(worker: "nobody") }
        await worker.stop()
        await coordinator.stop()
    }

    @Test func theSocketIsPrivateAlsoUnderALongPath() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file(String(repeating: "long-", count: 40))
        let coordinator = try await RunningCoordinator.start(path)
        let attributes = try FileManager.default.attributesOfItem(atPath: path + "/control.sock")
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        #expect(try await CoordinatorAdmin(dataFolder: path).tokens().isEmpty)
        await coordinator.stop()
    }

    @Test func aFolderThatIsNoneIsASentence() async throws {
        let folder = try TemporaryFolder()
        await #expect(throws: CoordinatorError.self) { try await CoordinatorAdmin(dataFolder: folder.path).tokens() }
        await #expect(throws: CoordinatorError.self) { try await CoordinatorAdmin(dataFolder: folder.file("none")).tokens() }
        #expect(!FileManager.default.fileExists(atPath: folder.file("none")))
    }
}
