import Testing
import Transport
import Wire

@testable import Coordinator

@Suite struct EnrolTests {
    // TOKEN-4.2
    @Test func aTokenAdmitsAsManyKeysAsItHasUses() throws {
        let fixture = AdmissionFixture()
        try fixture.addToken(uses: 2)
        try fixture.enrol(1, "a")
        try fixture.enrol(2, "b")
        #expect(fixture.refusal(3, "c") == .tokenUsedUp)
    }

    // TOKEN-4.3
    @Test func aLostAnswerBurnsNothing() throws {
        let fixture = AdmissionFixture()
        try fixture.addToken()
        let first = try fixture.enrol(1, "a")
        let second = try fixture.enrol(1, "a")
        #expect(second.subject.salt == first.subject.salt)
        #expect(second.serial > first.serial)
        #expect(fixture.machine.tokens[AdmissionFixture.tokenID(1)]?.value.users.count == 1)
    }

    // TOKEN-4.2
    @Test func tokensExpire() throws {
        let fixture = AdmissionFixture()
        try fixture.addToken(uses: 5, life: 60)
        fixture.now = fixture.now + 59
        try fixture.enrol(1, "a")
        fixture.now = fixture.now + 1
        #expect(fixture.refusal(2, "b") == .expired)
        #expect(fixture.refusal(1, "a") == .expired)
    }

    // TOKEN-4.2
    @Test func tokensAreRevoked() throws {
        let fixture = AdmissionFixture()
        try fixture.addToken(uses: 5)
        fixture.apply(try fixture.machine.revokeToken(AdmissionFixture.tokenID(1)))
        #expect(fixture.refusal(1, "a") == .revoked)
        #expect(throws: CallError.self) { try fixture.revokeToken(9) }
    }

    // ID-8.2
    @Test func theSameKeyGetsTheSameNameBack() throws {
        let fixture = AdmissionFixture()
        try fixture.addToken(1)
        try fixture.addToken(2)
        let first = try fixture.enrol(1, "a")
        let second = try fixture.enrol(1, "renamed", token: 2)
        #expect(second.subject.name == "a")
        #expect(second.subject.salt == first.subject.salt)
        #expect(fixture.member("renamed") == nil)
    }

    // ID-8.1
    @Test func aSecondKeyDoesNotGetTheNameAndTheHolderIsTold() throws {
        let fixture = AdmissionFixture()
        try fixture.addToken(uses: 3)
        try fixture.enrol(1, "a")
        guard case .refused(let code, _, let report) = fixture.decide(2, "a") else {
            Issue.record("the name is taken")
            return
        }
        #expect(code == .nameTaken)
        let holder = try #require(fixture.member("a")).nodeID
        #expect(report == .nameRequested(holder: holder, name: "a", by: fixture.address))
        #expect(fixture.machine.tokens[AdmissionFixture.tokenID(1)]?.value.users.count == 1)
        try fixture.enrol(2, "b")
    }

    // TOKEN-4.5
    @Test(arguments: ["", "a b", "coordinator-x", "ä"]) func namesThatNobodyGets(name: String) throws {
        let fixture = AdmissionFixture()
        try fixture.addToken()
        #expect(fixture.refusal(1, name) == .badRequest)
    }

    // TOKEN-4.4
    @Test func aTokenMakesNoCoordinators() throws {
        let fixture = AdmissionFixture()
        try fixture.addToken(uses: 9)
        #expect(fixture.refusal(1, "a", roles: .coordinator) == .badRequest)
        #expect(fixture.refusal(1, "a", roles: []) == .badRequest)
        guard case .granted(let grant) = fixture.decide(1, "a", roles: [.worker, .coordinator, .relay]) else {
            Issue.record("a worker is admitted")
            return
        }
        #expect(grant.subject.roles == .worker)
    }

    @Test func anUnknownTokenIsRefused() { #expect(AdmissionFixture().refusal(1, "a", token: 9) == .revoked) }

    // ID-3.1, ID-7.3
    @Test func renewalKeepsNameNodeAndSalt() throws {
        let fixture = AdmissionFixture()
        try fixture.addToken()
        let certificate = try fixture.certificate(try fixture.enrol(1, "a"))
        fixture.now = fixture.now + 30 * 86_400
        #expect(certificate.isExpired(at: fixture.now))
        let grant = try fixture.machine.renew(certificate, features: .aes, now: fixture.now)
        fixture.apply(grant.plan)
        let renewed = try fixture.certificate(grant)
        #expect(renewed.name == "a")
        #expect(renewed.nodeID == certificate.nodeID)
        #expect(renewed.salt == certificate.salt)
        #expect(renewed.serial > certificate.serial)
        #expect(renewed.features == .aes)
        #expect(!renewed.isExpired(at: fixture.now))
        #expect(fixture.member("a")?.previousSerial == certificate.serial)
    }

    // ID-8.6
    @Test func aRevokedKeyIsNeitherRenewedNorEnrolled() throws {
        let fixture = AdmissionFixture()
        try fixture.addToken(uses: 9)
        let certificate = try fixture.certificate(try fixture.enrol(1, "a"))
        try fixture.revoke("a")
        #expect(throws: CallError(.revoked, "this node was revoked")) { try fixture.renew(certificate) }
        #expect(fixture.refusal(1, "a") == .revoked)
        #expect(fixture.refusal(1, "b") == .revoked)
        #expect(fixture.refusal(2, "a") == .nameTaken)
    }

    @Test func aReleasedNameIsFreeForAnotherKey() throws {
        let fixture = AdmissionFixture()
        try fixture.addToken(uses: 9)
        let certificate = try fixture.certificate(try fixture.enrol(1, "a"))
        try fixture.revoke("a", releaseName: true)
        #expect(fixture.member("a") == nil)
        try fixture.enrol(2, "a")
        #expect(fixture.refusal(1, "c") == .revoked)
        #expect(throws: CallError.self) { try fixture.renew(certificate) }
        #expect(throws: CallError.self) { try fixture.revoke("nobody") }
    }

    /// A store that was restored from before the enrolment: the authority's signature is enough.
    @Test func aMemberThatTheStoreHasForgottenIsTakenUpAgain() throws {
        let before = AdmissionFixture()
        try before.addToken()
        let certificate = try before.certificate(try before.enrol(1, "a"))
        let after = AdmissionFixture()
        let grant = try after.machine.renew(certificate, features: [], now: after.now)
        after.apply(grant.plan)
        #expect(after.member("a")?.nodeID == certificate.nodeID)
        let other = AdmissionFixture()
        try other.addToken()
        try other.enrol(2, "a")
        #expect(throws: CallError.self) { try other.renew(certificate) }
    }

    @Test func serialsRise() throws {
        let fixture = AdmissionFixture()
        try fixture.addToken(uses: 50)
        var last: UInt64 = 0
        for key in 1...20 as ClosedRange<UInt8> {
            let serial = try fixture.enrol(key, "w\(key)").serial
            #expect(serial > last)
            last = serial
        }
        fixture.now = UnixTime(seconds: 5)
        #expect(fixture.machine.nextSerial(now: fixture.now) > last)
    }

    @Test func recordsComeBackFromTheirBytes() throws {
        let fixture = AdmissionFixture()
        try fixture.addToken(uses: 3)
        try fixture.enrol(1, "a")
        let member = try #require(fixture.member("a"))
        #expect(try Member(member.encode()) == member)
        let token = try #require(fixture.machine.tokens[AdmissionFixture.tokenID(1)]?.value)
        let again = try Token(token.encode())
        #expect(again.users == token.users)
        #expect(again.secret.equals(token.secret))
        #expect((again.uses, again.expires) == (token.uses, token.expires))
        #expect(again.id == token.id)
    }
}
