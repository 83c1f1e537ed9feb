import Synchronization
import Testing
import Transport
import Wire

@testable import Coordinator

/// Decisions and the store together.
@Suite struct MembershipTests {
    let now = UnixTime(seconds: 1_800_000_000)
    let address = Endpoint(host: "10.0.0.9", port: 5_000)

    func authority(_ folder: TemporaryFolder) throws -> Authority {
        try Authority.open(try DataFolder(folder.file("data"), create: true))
    }

    func enrol(
        _ membership: Membership, _ key: UInt8, _ name: String, token: TokenID, report: (Admission.Report) -> Void = { _ in }
    ) async throws -> Certificate {
        let request = EnrolRequest(
            name: name, identityKey: AdmissionFixture.key(key), features: [], roles: .worker, signature: [UInt8](repeating: 0, count: 64))
        let joiner = Admission.Joiner(token: token, staticKey: AdmissionFixture.key(key ^ 0x80), address: address)
        return try await membership.enrol(request, joiner, now: now, report: report)
    }

    func token(_ membership: Membership, uses: UInt32 = 1) async throws -> TokenID {
        try await membership.createToken(label: "", life: 3_600, uses: uses, now: now).id
    }

    @Test func aRestartKnowsMembersNamesTokensAndRevocations() async throws {
        let folder = try TemporaryFolder()
        let authority = try authority(folder)
        let store = try SQLiteStore(path: folder.file("s"))
        let first = Membership(store: store, authority: authority)
        let token = try await token(first, uses: 3)
        let a = try await enrol(first, 1, "a", token: token)
        _ = try await enrol(first, 2, "b", token: token)
        _ = try await first.revoke("b", releaseName: false)
        await store.close()

        let again = try SQLiteStore(path: folder.file("s"))
        let second = Membership(store: again, authority: authority)
        try await second.load(now: now)
        await #expect(throws: CallError.self) { try await enrol(second, 2, "b", token: token) }
        await #expect(throws: CallError.self) { try await enrol(second, 3, "a", token: token) }
        #expect(try await enrol(second, 1, "other", token: token).nodeID == a.nodeID)
        _ = try await enrol(second, 4, "d", token: token)
        do {
            _ = try await enrol(second, 5, "e", token: token)
            Issue.record("the token has three uses")
        } catch let error as CallError { #expect(error.code == .tokenUsedUp) }
        #expect(second.tokens().map(\.users.count) == [3])
        await again.close()
    }

    @Test func manyAtOnceGetAsManyUsesAsThereAre() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.file("s"))
        let membership = Membership(store: store, authority: try authority(folder))
        let token = try await token(membership, uses: 5)
        let admitted = await withTaskGroup(of: Bool.self) { group in
            for key in 1...20 as ClosedRange<UInt8> {
                group.addTask { (try? await enrol(membership, key, "w\(key)", token: token)) != nil }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(admitted == 5)
        await store.close()
    }

    @Test func ofManyWhoWantOneNameOneGetsIt() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.file("s"))
        let membership = Membership(store: store, authority: try authority(folder))
        let token = try await token(membership, uses: 50)
        let admitted = await withTaskGroup(of: Bool.self) { group in
            for key in 1...20 as ClosedRange<UInt8> {
                group.addTask { (try? await enrol(membership, key, "same", token: token)) != nil }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(admitted == 1)
        #expect(membership.tokens().first?.users.count == 1)
        await store.close()
    }

    /// Two coordinators with one store: what one has decided, the other finds out by the conflict.
    @Test func twoCoordinatorsShareOneTruth() async throws {
        let folder = try TemporaryFolder()
        let authority = try authority(folder)
        let store = MemoryStore()
        let (left, right) = (Membership(store: store, authority: authority), Membership(store: store, authority: authority))
        let token = try await token(left, uses: 2)
        try await right.load(now: now)
        _ = try await enrol(left, 1, "a", token: token)
        do {
            _ = try await enrol(right, 2, "a", token: token)
            Issue.record("the name is taken")
        } catch let error as CallError { #expect(error.code == .nameTaken) }
        _ = try await enrol(right, 3, "c", token: token)
        do {
            _ = try await enrol(left, 4, "d", token: token)
            Issue.record("the token has two uses")
        } catch let error as CallError { #expect(error.code == .tokenUsedUp) }
    }

    @Test func whatTheStoreRefusesDidNotHappen() async throws {
        let folder = try TemporaryFolder()
        let store = MemoryStore()
        let membership = Membership(store: store, authority: try authority(folder))
        let token = try await token(membership)
        store.fail([.full])
        await #expect(throws: CallError.self) { try await enrol(membership, 1, "a", token: token) }
        #expect(membership.machine.withLock { $0.member(named: "a") } == nil)
        _ = try await enrol(membership, 2, "a", token: token)
    }

    @Test func conflictsWithoutEndAreGivenUp() async throws {
        let folder = try TemporaryFolder()
        let store = MemoryStore()
        let membership = Membership(store: store, authority: try authority(folder))
        let token = try await token(membership)
        store.fail(Array(repeating: .conflict, count: 100))
        do {
            _ = try await enrol(membership, 1, "a", token: token)
            Issue.record("it cannot be written")
        } catch let error as CallError { #expect(error.code == .conflict) }
    }

    @Test func theHolderOfANameIsReported() async throws {
        let folder = try TemporaryFolder()
        let membership = Membership(store: MemoryStore(), authority: try authority(folder))
        let token = try await token(membership, uses: 2)
        let holder = try await enrol(membership, 1, "a", token: token)
        var reports: [Admission.Report] = []
        await #expect(throws: CallError.self) { try await enrol(membership, 2, "a", token: token) { reports.append($0) } }
        #expect(reports == [.nameRequested(holder: holder.nodeID, name: "a", by: address)])
    }

    @Test func theCertificateIsTheAuthoritys() async throws {
        let folder = try TemporaryFolder()
        let authority = try authority(folder)
        let membership = Membership(store: MemoryStore(), authority: authority)
        let certificate = try await enrol(membership, 1, "a", token: try await token(membership))
        try certificate.verify(authority: authority.keys.publicKey)
        #expect(certificate.expires == now + Limits.certificateLife)
        let renewed = try await membership.renew(certificate, features: [], now: now + 100_000)
        try renewed.verify(authority: authority.keys.publicKey)
        #expect(renewed.nodeID == certificate.nodeID)
    }

    @Test(arguments: [(0, 1, ""), (1, 0, ""), (Limits.tokenLife + 1, 1, ""), (1, 1_001, ""), (1, 1, "a b")] as [(UInt64, UInt32, String)])
    func tokensHaveLimits(life: UInt64, uses: UInt32, label: String) async throws {
        let folder = try TemporaryFolder()
        let membership = Membership(store: MemoryStore(), authority: try authority(folder))
        await #expect(throws: CallError.self) {
            try await membership.createToken(label: label, life: life, uses: uses, now: now)
        }
    }

    @Test func tokensThatExpiredLongAgoAreForgotten() async throws {
        let folder = try TemporaryFolder()
        let authority = try authority(folder)
        let store = MemoryStore()
        let membership = Membership(store: store, authority: authority)
        _ = try await token(membership)
        let later = Membership(store: store, authority: authority)
        try await later.load(now: now + 40 * 86_400)
        #expect(later.tokens().isEmpty)
        #expect(try await store.list(prefix: Token.prefix).isEmpty)
    }

    @Test func aRunIsWrittenOnce() async throws {
        let folder = try TemporaryFolder()
        let store = MemoryStore()
        let membership = Membership(store: store, authority: try authority(folder))
        _ = try await enrol(membership, 1, "a", token: try await token(membership))
        let before = store.transactions
        for _ in 0..<5 { try await membership.noteRun(AdmissionFixture.key(1), bootEpoch: 77) }
        #expect(store.transactions == before + 1)
    }

    @Test func aDamagedRecordIsAnErrorAndNotAMemberLess() async throws {
        let folder = try TemporaryFolder()
        let store = MemoryStore()
        try await store.transaction([], [.put(Member.key(AdmissionFixture.key(1)), [1, 2, 3])])
        let membership = Membership(store: store, authority: try authority(folder))
        await #expect(throws: StoreError.self) { try await membership.load(now: now) }
    }
}
