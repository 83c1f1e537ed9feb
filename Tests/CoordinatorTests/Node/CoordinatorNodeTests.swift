import Foundation
import NIOCore
import Testing
import Transport
import Wire

@testable import Coordinator

/// A coordinator and workers on real sockets.
@Suite(.timeLimit(.minutes(2))) struct CoordinatorNodeTests {
    // TOKEN-4.6, MSG-3.1, MSG-1.6
    @Test func aWorkerEnrolsRegistersAndIsFound() async throws {
        let folder = try TemporaryFolder()
        let coordinator = try await RunningCoordinator.start(folder.file("data"))
        let token = try await coordinator.token()
        let worker = try TestWorker(authority: token.authority)
        try await worker.enrol(token, as: "alpha")
        #expect(worker.name == "alpha")
        let accepted = try await worker.register(["ocr"])
        #expect(accepted.name == "alpha")
        #expect(accepted.observed.host == "127.0.0.1")
        try await eventually("the dial back proves the address") { try await worker.discover("ocr").workers.count == 1 }
        let found = try #require(try await worker.discover("ocr").workers.first)
        #expect(found.nodeID == worker.nodeID)
        #expect(found.endpoints.count == 1)
        #expect(try ServiceList(try await worker.call(MeshMethod.list)).services.map(\.name) == ["ocr"])
        let resolved = try WorkerRecord(try await worker.call(MeshMethod.resolve, try ResolveRequest(name: "alpha").encode()))
        #expect(resolved.state == .online)
        #expect(coordinator.node.workers(includingUnhealthy: true).map(\.record.name) == ["alpha"])
        #expect(coordinator.node.caller(to: "alpha") != nil)
        #expect(coordinator.node.caller(to: "beta") == nil)
        var ping = Head()
        ping.method = MeshMethod.ping
        let answer = try await #require(coordinator.node.caller(to: "alpha")).unary(ping)
        #expect(answer.head.status == 200)
        await worker.stop()
        await coordinator.stop()
    }

    @Test func theTokensUsesAndASecondKeyForAName() async throws {
        let folder = try TemporaryFolder()
        let coordinator = try await RunningCoordinator.start(folder.file("data"))
        let token = try await coordinator.token(uses: 2)
        let (first, second, third) = (
            try TestWorker(authority: token.authority), try TestWorker(authority: token.authority),
            try TestWorker(authority: token.authority)
        )
        try await first.enrol(token, as: "alpha")
        try await first.enrol(token, as: "renamed")
        #expect(first.name == "alpha")
        try await first.register(["ocr"])
        await #expect(throws: CallError.self) { try await second.enrol(token, as: "alpha") }
        try await eventually("the holder is told") { first.notices.all.contains { $0.kind == .nameRequested } }
        try await second.enrol(token, as: "beta")
        do {
            try await third.enrol(token, as: "gamma")
            Issue.record("the token has two uses")
        } catch let error as CallError { #expect(error.code == .tokenUsedUp) }
        #expect(coordinator.node.tokens().map(\.state) == [.usedUp])
        for worker in [first, second, third] { await worker.stop() }
        await coordinator.stop()
    }

    // TOKEN-4.1
    @Test func aWrongSecretIsMetWithSilenceAndAWrongSignatureIsRefused() async throws {
        let folder = try TemporaryFolder()
        let coordinator = try await RunningCoordinator.start(folder.file("data"))
        let token = try await coordinator.token()
        let worker = try TestWorker(authority: token.authority)
        let wrong = JoinToken(
            id: token.id, secret: SecretBytes([UInt8](repeating: 0, count: 32)), authority: token.authority, endpoints: token.endpoints)
        await #expect(throws: (any Error).self) { try await worker.enrol(wrong, as: "alpha") }
        await #expect(throws: CallError.self) { try await worker.enrol(token, as: "alpha", tamper: true) }
        #expect(coordinator.node.tokens().map(\.used) == [0])
        try await worker.enrol(token, as: "alpha")
        await worker.stop()
        await coordinator.stop()
    }

    // TOKEN-3.3, TOKEN-3.4
    @Test func membersRenewAndJoinersDoNothingElse() async throws {
        let folder = try TemporaryFolder()
        let coordinator = try await RunningCoordinator.start(folder.file("data"))
        let token = try await coordinator.token()
        let worker = try TestWorker(authority: token.authority)
        try await worker.enrol(token, as: "alpha")
        let (node, serial) = (worker.nodeID, try #require(worker.endpoint.credentials.certificate).serial)
        try await worker.renew()
        #expect(worker.nodeID == node)
        #expect(try #require(worker.endpoint.credentials.certificate).serial > serial)
        do {
            _ = try await worker.call(MeshMethod.enrol, [])
            Issue.record("a member has enrolled already")
        } catch let error as CallError { #expect(error.code == .permissionDenied) }
        let stranger = try TestWorker(authority: token.authority)
        do {
            _ = try await stranger.endpoint.enrol(token) { _ in
                var head = Head()
                head.method = MeshMethod.list
                return (head, ByteBuffer())
            }
            Issue.record("a joiner may only enrol")
        } catch let error as CallError { #expect(error.code == .permissionDenied) }
        await worker.stop()
        await stranger.stop()
        await coordinator.stop()
    }

    @Test func aKilledWorkerIsGoneAtOnce() async throws {
        let folder = try TemporaryFolder()
        let coordinator = try await RunningCoordinator.start(folder.file("data"))
        let token = try await coordinator.token()
        let worker = try TestWorker(authority: token.authority)
        try await worker.enrol(token, as: "alpha")
        try await worker.register(["ocr"])
        try await eventually("it is found") { coordinator.node.discover("ocr").total == 1 }
        await worker.stop()
        try await eventually("it is gone") { coordinator.node.workers(includingUnhealthy: true).isEmpty }
        #expect(coordinator.node.discover("ocr").known)
        await coordinator.stop()
    }

    @Test func aWorkerThatDoesNotListenIsUnreachableWithoutARelay() async throws {
        let folder = try TemporaryFolder()
        let coordinator = try await RunningCoordinator.start(folder.file("data")) { $0.relay = nil }
        let token = try await coordinator.token()
        let worker = try TestWorker(authority: token.authority)
        try await worker.enrol(token, as: "alpha")
        #expect(try await worker.register(["ocr"], listen: false).reachable == false)
        #expect(coordinator.node.resolve("alpha")?.state == .unreachable)
        #expect(coordinator.node.discover("ocr").total == 0)
        await worker.stop()
        await coordinator.stop()
    }

    @Test func aWorkerThatDoesNotListenIsHandedOutWithItsRelay() async throws {
        let folder = try TemporaryFolder()
        let coordinator = try await RunningCoordinator.start(folder.file("data"))
        let token = try await coordinator.token()
        let worker = try TestWorker(authority: token.authority)
        try await worker.enrol(token, as: "alpha")
        #expect(try await worker.register(["ocr"], listen: false).reachable == false)
        #expect(coordinator.node.resolve("alpha")?.state == .online)
        // RELAY-1.1
        let record = try #require(coordinator.node.discover("ocr").workers.first)
        #expect(record.endpoints.isEmpty && record.relays.map(\.endpoints) == [coordinator.node.addresses])
        await worker.stop()
        await coordinator.stop()
    }

    /// The process is gone without a word: the folder is copied as it is and opened by another coordinator on the same port.
    @Test func aRestartServesWhatItKnewUntilTheWorkersAreBack() async throws {
        let folder = try TemporaryFolder()
        let first = try await RunningCoordinator.start(folder.file("data")) { $0.allowHTTPWorkers = true }
        let token = try await first.token()
        let worker = try TestWorker(authority: token.authority)
        try await worker.enrol(token, as: "alpha")
        try await worker.register(["ocr"])
        _ = try first.node.registerHTTP(HTTPRegistration(workerID: "edge", tunnelURL: "http://edge:8000"))
        try await eventually("it is found") { first.node.discover("ocr").total == 1 }
        let store = first.node.core.membership.store
        try await eventually("both are stored") {
            guard let stored = try await store.get(StoredWorker.key("alpha")), try await store.get(StoredWorker.key("edge")) != nil
            else { return false }
            return try StoredWorker(stored.bytes).record.endpoints.count == 1
        }
        try copy(folder.file("data"), to: folder.file("copy"))
        await first.stop()
        let second = try await RunningCoordinator.start(folder.file("copy"), port: first.address.port) { $0.allowHTTPWorkers = true }
        #expect(second.node.revision > first.node.revision)
        #expect(second.node.resolve("alpha")?.state == .stale)
        #expect(second.node.resolve("edge")?.state == .stale)
        #expect(second.node.discover("ocr").workers.map(\.name) == ["alpha"])
        try await eventually("it registers again") { (try? await worker.register(["ocr"])) != nil }
        #expect(second.node.resolve("alpha")?.state == .online)
        await worker.stop()
        await second.stop()
    }

    private func copy(_ folder: String, to copy: String) throws {
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name != "control.sock" {
            try FileManager.default.copyItem(atPath: folder + "/" + name, toPath: copy + "/" + name)
        }
    }

    @Test func anOrderlyStopForgetsNobody() async throws {
        let folder = try TemporaryFolder()
        let first = try await RunningCoordinator.start(folder.file("data"))
        let token = try await first.token()
        let worker = try TestWorker(authority: token.authority)
        try await worker.enrol(token, as: "alpha")
        try await worker.register(["ocr"])
        try await eventually("it is found") { first.node.discover("ocr").total == 1 }
        await first.stop()
        let second = try await RunningCoordinator.start(folder.file("data"))
        #expect(second.node.resolve("alpha")?.state == .stale)
        #expect(second.node.meshID == first.node.meshID)
        #expect(second.node.name == first.node.name)
        await worker.stop()
        await second.stop()
    }

    /// A write that is under way when the stop comes is waited for, not cut off.
    @Test func aStopRightAfterARegistrationForgetsNobody() async throws {
        let folder = try TemporaryFolder()
        for round in 0..<10 {
            let first = try await RunningCoordinator.start(folder.file("data")) { $0.allowHTTPWorkers = true }
            _ = try first.node.registerHTTP(HTTPRegistration(workerID: "edge-\(round)", tunnelURL: "http://edge:8000"))
            if round % 2 == 1 { await Task.yield() }
            await first.stop()
            let second = try await RunningCoordinator.start(folder.file("data")) { $0.allowHTTPWorkers = true }
            #expect(second.node.resolve("edge-\(round)")?.state == .stale)
            await second.stop()
        }
    }

    @Test func aPortInUseIsASentence() async throws {
        let folder = try TemporaryFolder()
        let first = try await RunningCoordinator.start(folder.file("data"))
        do {
            _ = try await RunningCoordinator.start(folder.file("other"), port: first.address.port)
            Issue.record("the port is taken")
        } catch let error as CoordinatorError {
            guard case .addressInUse(let text) = error else { throw error }
            #expect(text.contains("\(first.address.port)"))
        }
        await first.stop()
    }

    @Test func httpWorkersNeedTheOperatorsWordAndAFreeName() async throws {
        let folder = try TemporaryFolder()
        let closed = try await RunningCoordinator.start(folder.file("closed"))
        let edge = HTTPRegistration(workerID: "alpha", tunnelURL: "http://edge:8000")
        #expect(throws: CallError.self) { try closed.node.registerHTTP(edge) }
        await closed.stop()
        let open = try await RunningCoordinator.start(folder.file("open")) { $0.allowHTTPWorkers = true }
        let token = try await open.token()
        let worker = try TestWorker(authority: token.authority)
        try await worker.enrol(token, as: "alpha")
        do {
            _ = try open.node.registerHTTP(edge)
            Issue.record("a certificate holds the name")
        } catch { #expect(error.code == .nameTaken) }
        var beta = edge
        beta.workerID = "beta"
        #expect(try open.node.registerHTTP(beta).workerID == "beta")
        try open.node.heartbeatHTTP(HTTPHeartbeat(workerID: "beta"))
        #expect(open.node.workerCounts() == (1, 1))
        try open.node.unregisterHTTP("beta")
        #expect(open.node.workerCounts() == (0, 0))
        await worker.stop()
        await open.stop()
    }
}
