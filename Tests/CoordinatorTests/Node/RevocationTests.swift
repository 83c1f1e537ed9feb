import Foundation
import Testing
import Transport
import Wire

@testable import Coordinator

/// Revocation, copies and draining, on real sockets.
@Suite(.timeLimit(.minutes(2))) struct RevocationTests {
    func mesh(_ folder: TemporaryFolder) async throws -> (RunningCoordinator, TestWorker, TestWorker) {
        let coordinator = try await RunningCoordinator.start(folder.file("data"))
        let token = try await coordinator.token()
        let (alpha, beta) = (try TestWorker(authority: token.authority), try TestWorker(authority: token.authority))
        try await alpha.enrol(token, as: "alpha")
        try await beta.enrol(token, as: "beta")
        try await alpha.register(["ocr"])
        try await beta.register(["ocr"])
        try await eventually("both are found") { coordinator.node.discover("ocr").total == 2 }
        return (coordinator, alpha, beta)
    }

    // ID-8.6, ID-8.7, ID-8.8
    @Test func revocationClosesLinksAndIsTold() async throws {
        let folder = try TemporaryFolder()
        let (coordinator, alpha, beta) = try await mesh(folder)
        let node = try #require(alpha.nodeID)
        try await coordinator.node.revoke(worker: "alpha")
        #expect(coordinator.node.resolve("alpha") == nil)
        try await eventually("its links are closed") { !coordinator.node.endpoint.peers.contains { $0.peer.nodeID == node } }
        try await eventually("the others are told") { beta.notices.all.contains { $0.kind == .revoked && $0.nodes == [node] } }
        await #expect(throws: CallError.self) { try await alpha.discover("ocr") }
        let token = try await coordinator.token()
        await #expect(throws: CallError.self) { try await alpha.enrol(token, as: "alpha") }
        let other = try TestWorker(authority: token.authority)
        await #expect(throws: CallError.self) { try await other.enrol(token, as: "alpha") }
        try await other.enrol(token, as: "gamma")
        _ = try await other.discover("ocr")
        try await eventually("a newcomer is told") { other.notices.all.contains { $0.kind == .revoked && $0.nodes == [node] } }
        for worker in [alpha, beta, other] { await worker.stop() }
        await coordinator.stop()
    }

    @Test func aReleasedNameCanBeTaken() async throws {
        let folder = try TemporaryFolder()
        let (coordinator, alpha, beta) = try await mesh(folder)
        try await coordinator.node.revoke(worker: "alpha", releaseName: true)
        let token = try await coordinator.token()
        let other = try TestWorker(authority: token.authority)
        try await other.enrol(token, as: "alpha")
        #expect(other.name == "alpha")
        await #expect(throws: CallError.self) { try await alpha.discover("ocr") }
        await #expect(throws: CoordinatorError.self) { try await coordinator.node.revoke(worker: "nobody") }
        for worker in [alpha, beta, other] { await worker.stop() }
        await coordinator.stop()
    }

    // ID-8.4
    @Test func aCopyIsRefusedWhileTheOriginalLives() async throws {
        let folder = try TemporaryFolder()
        let (coordinator, alpha, beta) = try await mesh(folder)
        let copy = try TestWorker(
            authority: alpha.endpoint.credentials.authority, copying: alpha, epoch: BootEpoch(starts: 2, nonce: 2))
        do {
            _ = try await copy.discover("ocr")
            Issue.record("the original lives")
        } catch let error as CallError { #expect(error.code == .cloneDetected) }
        try await eventually("the original is told") { alpha.notices.all.contains { $0.kind == .cloneRefused } }
        #expect(try await alpha.discover("ocr").total == 2)
        await alpha.stop()
        try await eventually("alone it is let in") { (try? await copy.discover("ocr")) != nil }
        for worker in [copy, beta] { await worker.stop() }
        await coordinator.stop()
    }

    @Test func aRestoredBackupIsAdmittedAndTold() async throws {
        let folder = try TemporaryFolder()
        let (coordinator, alpha, beta) = try await mesh(folder)
        let authority = alpha.endpoint.credentials.authority
        let later = try TestWorker(authority: authority, copying: alpha, epoch: BootEpoch(starts: 5, nonce: 5))
        await alpha.stop()
        try await eventually("it is let in") { (try? await later.discover("ocr")) != nil }
        #expect(later.notices.all.isEmpty)
        try await eventually("its run is remembered") {
            let stored = try await coordinator.node.core.membership.store.get(Member.key(alpha.identity.publicKey))
            return try stored.map { try Member($0.bytes).bootEpoch } == BootEpoch(starts: 5, nonce: 5).rawValue
        }
        let restored = try TestWorker(authority: authority, copying: alpha, epoch: BootEpoch(starts: 2, nonce: 9))
        await later.stop()
        try await eventually("it is let in") { (try? await restored.discover("ocr")) != nil }
        try await eventually("it is told") { restored.notices.all.contains { $0.kind == .restoredBackup } }
        for worker in [restored, beta] { await worker.stop() }
        await coordinator.stop()
    }

    // ID-7.4, HS-9.4
    /// An expired certificate is good for its own renewal and for nothing else.
    @Test func anExpiredMemberRenewsAndDoesNothingElse() async throws {
        let folder = try TemporaryFolder()
        let (coordinator, alpha, beta) = try await mesh(folder)
        await alpha.stop()
        let valid = try #require(alpha.endpoint.credentials.certificate)
        let subject = Certificate.Subject(
            name: valid.name, roles: valid.roles, identityKey: valid.identityKey, staticKey: valid.staticKey, salt: valid.salt)
        let old = try Certificate.issue(
            subject, serial: valid.serial, now: UnixTime(seconds: valid.issuedAt.seconds - 30 * 86_400),
            authority: coordinator.node.core.membership.authority.keys)
        let late = try TestWorker(
            authority: alpha.endpoint.credentials.authority, copying: alpha, epoch: BootEpoch(starts: 2, nonce: 2), certificate: old)
        try await eventually("it may link, and is told to renew") {
            do {
                _ = try await late.discover("ocr")
                return false
            } catch let error as CallError { return error.code == .expired }
        }
        try await late.renew()
        #expect(late.nodeID == alpha.nodeID)
        await late.endpoint.shutdown()
        let renewed = try TestWorker(authority: late.endpoint.credentials.authority, copying: late, epoch: BootEpoch(starts: 3, nonce: 3))
        try await eventually("it is a member again") { (try? await renewed.discover("ocr")) != nil }
        for worker in [renewed, beta] { await worker.stop() }
        await coordinator.stop()
    }

    @Test func drainingIsToldAndHonoured() async throws {
        let folder = try TemporaryFolder()
        let (coordinator, alpha, beta) = try await mesh(folder)
        try await coordinator.node.drain(worker: "alpha")
        #expect(coordinator.node.resolve("alpha")?.state == .draining)
        #expect(coordinator.node.discover("ocr").workers.map(\.name) == ["beta"])
        try await eventually("it is told") { alpha.notices.all.contains { $0.kind == .drain } }
        await #expect(throws: CoordinatorError.self) { try await coordinator.node.drain(worker: "nobody") }
        _ = try await beta.call(MeshMethod.drain)
        #expect(coordinator.node.discover("ocr").total == 0)
        _ = try await beta.call(MeshMethod.leave)
        #expect(coordinator.node.resolve("beta") == nil)
        for worker in [alpha, beta] { await worker.stop() }
        await coordinator.stop()
    }
}
