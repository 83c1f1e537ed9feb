import Testing
import Transport
import Wire

@testable import Coordinator

/// Telling a restart from a copy.
@Suite struct CloneTests {
    func fixture() throws -> AdmissionFixture {
        let fixture = AdmissionFixture()
        try fixture.addToken(uses: 9)
        try fixture.enrol(1, "a")
        return fixture
    }

    @Test func aRestartIsARestart() throws {
        let fixture = try fixture()
        for starts in 1...5 as ClosedRange<UInt32> {
            #expect(fixture.link(try fixture.linker("a", starts: starts, nonce: starts), UInt64(starts)) == .init())
            fixture.machine.linkDown(try #require(fixture.member("a")).nodeID, link: UInt64(starts))
        }
    }

    @Test func oneRunMayHaveSeveralLinks() throws {
        let fixture = try fixture()
        for link in 1...3 as ClosedRange<UInt64> { #expect(fixture.link(try fixture.linker("a", starts: 1), link) == .init()) }
    }

    @Test func theSecondLiveOneIsRefusedAndTheFirstIsTold() throws {
        let fixture = try fixture()
        fixture.link(try fixture.linker("a", starts: 4), 1)
        let node = try #require(fixture.member("a")).nodeID
        let told = Admission.Report.cloneRefused(holder: node, name: "a", by: fixture.address)
        for (starts, nonce) in [(5, 9), (4, 9), (2, 9)] as [(UInt32, UInt32)] {
            let verdict = fixture.admit(try fixture.linker("a", starts: starts, nonce: nonce))
            #expect(verdict == .init(refusal: .cloneDetected, report: told), "\(starts)")
        }
    }

    @Test func aRestartWhoseOldLinkHangsIsLetInOnceThatIsSilent() throws {
        let fixture = try fixture()
        fixture.link(try fixture.linker("a", starts: 1), 1)
        fixture.instant = fixture.instant + .seconds(2)
        #expect(fixture.admit(try fixture.linker("a", starts: 2)).refusal == .cloneDetected)
        fixture.instant = fixture.instant + .seconds(1)
        #expect(fixture.link(try fixture.linker("a", starts: 2), 2) == .init())
    }

    @Test func aLinkThatIsHeardStaysTheLiveOne() throws {
        let fixture = try fixture()
        let node = try #require(fixture.member("a")).nodeID
        fixture.link(try fixture.linker("a", starts: 1), 1)
        for _ in 0..<10 {
            fixture.instant = fixture.instant + .seconds(2)
            fixture.machine.linkHeard(node, link: 1, now: fixture.instant)
            #expect(fixture.admit(try fixture.linker("a", starts: 2)).refusal == .cloneDetected)
        }
    }

    @Test func aLoneRestoredBackupIsAdmittedAndReportedOnce() throws {
        let fixture = try fixture()
        let node = try #require(fixture.member("a")).nodeID
        for starts in 1...6 as ClosedRange<UInt32> {
            fixture.link(try fixture.linker("a", starts: starts), UInt64(starts))
            fixture.machine.linkDown(node, link: UInt64(starts))
        }
        let report = Admission.Report.restoredBackup(node, name: "a", from: fixture.address)
        #expect(fixture.link(try fixture.linker("a", starts: 3, nonce: 9), 10) == .init(report: report))
        #expect(fixture.link(try fixture.linker("a", starts: 3, nonce: 9), 11) == .init())
    }

    /// The folder was copied at the third start; the original was not started since. The copy's first start is also the fourth.
    @Test func aCopyWithTheSameCounterIsNotTheSameRun() throws {
        let fixture = try fixture()
        let node = try #require(fixture.member("a")).nodeID
        fixture.link(try fixture.linker("a", starts: 4, nonce: 100), 1)
        #expect(fixture.admit(try fixture.linker("a", starts: 4, nonce: 200)).refusal == .cloneDetected)
        fixture.machine.linkDown(node, link: 1)
        let report = Admission.Report.restoredBackup(node, name: "a", from: fixture.address)
        #expect(fixture.admit(try fixture.linker("a", starts: 4, nonce: 200)) == .init(report: report))
    }

    /// A copy of twelve hours ago: its counter is behind, its certificate is not renewed, and the original lives.
    @Test func aCopyOfTwelveHoursAgoIsCaught() throws {
        let fixture = try fixture()
        let node = try #require(fixture.member("a")).nodeID
        let copied = try #require(fixture.member("a"))
        fixture.link(try fixture.linker("a", starts: 8), 1)
        fixture.now = fixture.now + 12 * 3_600
        fixture.instant = fixture.instant + .seconds(12 * 3_600)
        fixture.machine.linkHeard(node, link: 1, now: fixture.instant)
        let copy = try fixture.linker("a", starts: 9, nonce: 77, serial: copied.serial)
        #expect(fixture.admit(copy).refusal == .cloneDetected)
    }

    /// Alone, and with a counter that happens to be ahead: the certificate is from before the last two renewals.
    @Test func anOldCertificateGivesABackupAway() throws {
        let fixture = try fixture()
        let node = try #require(fixture.member("a")).nodeID
        fixture.link(try fixture.linker("a", starts: 1), 1)
        let old = try #require(fixture.member("a")).serial
        var certificate = try fixture.certificate(fixture.grantAgain("a"))
        for _ in 0..<2 {
            fixture.now = fixture.now + 16 * 3_600
            let grant = try fixture.machine.renew(certificate, features: [], now: fixture.now)
            fixture.apply(grant.plan)
            certificate = try fixture.certificate(grant)
        }
        fixture.machine.linkDown(node, link: 1)
        let copy = try fixture.linker("a", starts: 5, serial: old)
        #expect(fixture.admit(copy).report == .restoredBackup(node, name: "a", from: fixture.address))
        let lost = try fixture.linker("a", starts: 5, serial: try #require(fixture.member("a")).previousSerial)
        #expect(fixture.admit(lost) == .init())
    }

    @Test func aRestartOfTheCoordinatorDoesNotForgetTheRun() throws {
        let before = try fixture()
        before.link(try before.linker("a", starts: 6), 1)
        let member = try #require(before.member("a"))
        let after = AdmissionFixture()
        try after.machine.load(Member.key(member.identityKey), StoredValue(bytes: try member.encode(), revision: 1))
        try after.machine.load(Member.nameKey("a"), StoredValue(bytes: member.identityKey.bytes, revision: 1))
        #expect(after.admit(try after.linker("a", starts: 6)) == .init())
        #expect(after.admit(try after.linker("a", starts: 7)) == .init())
        let report = Admission.Report.restoredBackup(member.nodeID, name: "a", from: after.address)
        #expect(after.admit(try after.linker("a", starts: 5)) == .init(report: report))
    }

    @Test func revokedNodesAndThoseWithANameThatIsNoLongerTheirsStayOut() throws {
        let fixture = try fixture()
        let old = try fixture.linker("a", starts: 1)
        try fixture.revoke("a")
        #expect(fixture.admit(old).refusal == .revoked)
        let node = old.nodeID
        #expect(fixture.machine.revokedNodes(now: fixture.now) == [node])
        #expect(fixture.machine.revokedNodes(now: fixture.now + Limits.certificateLife) == [])
        let stranger = Admission.Linker(
            nodeID: AdmissionFixture.key(50), identityKey: AdmissionFixture.key(51), name: "a", serial: 1, bootEpoch: 1,
            address: fixture.address)
        #expect(fixture.admit(stranger).refusal == .nameTaken)
    }
}
