import MeshTestKit
import Testing
import Transport
import Wire

@testable import Coordinator

/// An admission machine whose plans take effect at once, as if a store had taken them.
final class AdmissionFixture {
    var machine = Admission()
    var revision: UInt64 = 0
    var now = UnixTime(seconds: 1_800_000_000)
    var instant = Instant(nanoseconds: 1_000_000_000_000)
    let address = Endpoint(host: "10.0.0.9", port: 5_000)

    static func key(_ number: UInt8) -> Bytes32 { Bytes32([UInt8](repeating: number, count: 32)) ?? Bytes32() }
    static func tokenID(_ number: UInt8) -> TokenID {
        guard let id = TokenID([UInt8](repeating: number, count: 16)) else { preconditionFailure("16 bytes") }
        return id
    }

    func apply(_ plan: Admission.Plan) {
        revision += 1
        machine.apply(plan, revision: revision)
    }

    func addToken(_ number: UInt8 = 1, uses: UInt32 = 1, life: UInt64 = 3_600) throws {
        let token = Token(
            id: Self.tokenID(number), secret: SecretBytes([UInt8](repeating: number, count: 32)), label: "", createdAt: now,
            expires: now + life, uses: uses)
        apply(try machine.add(token))
    }

    func request(_ key: UInt8, _ name: String, roles: Roles = .worker) -> EnrolRequest {
        EnrolRequest(name: name, identityKey: Self.key(key), features: [], roles: roles, signature: [UInt8](repeating: 0, count: 64))
    }

    func decide(_ key: UInt8, _ name: String, token: UInt8 = 1, roles: Roles = .worker) -> Admission.Enrolment {
        let joiner = Admission.Joiner(token: Self.tokenID(token), staticKey: Self.key(key ^ 0x80), address: address)
        return machine.enrol(request(key, name, roles: roles), joiner, salt: [UInt8](repeating: key, count: 16), now: now)
    }

    /// Enrols and makes it count.
    @discardableResult
    func enrol(_ key: UInt8, _ name: String, token: UInt8 = 1) throws -> Admission.Grant {
        switch decide(key, name, token: token) {
        case .granted(let grant):
            apply(grant.plan)
            return grant
        case .refused(let code, let reason, _): throw CallError(code, reason)
        }
    }

    func refusal(_ key: UInt8, _ name: String, token: UInt8 = 1, roles: Roles = .worker) -> ErrorCode? {
        guard case .refused(let code, _, _) = decide(key, name, token: token, roles: roles) else { return nil }
        return code
    }

    func member(_ name: String) -> Member? { machine.member(named: name) }

    func linker(_ name: String, starts: UInt32, nonce: UInt32 = 1, serial: UInt64? = nil) throws -> Admission.Linker {
        let member = try #require(self.member(name))
        return Admission.Linker(
            nodeID: member.nodeID, identityKey: member.identityKey, name: name, serial: serial ?? member.serial,
            bootEpoch: BootEpoch(starts: starts, nonce: nonce).rawValue, address: address)
    }

    func admit(_ linker: Admission.Linker) -> Admission.LinkVerdict { machine.admit(linker, now: instant) }

    /// Links, if it is let in.
    @discardableResult
    func link(_ linker: Admission.Linker, _ id: UInt64) -> Admission.LinkVerdict {
        let verdict = admit(linker)
        if verdict.refusal == nil, let plan = machine.linkUp(linker, link: id, now: instant) { apply(plan) }
        return verdict
    }

    func revokeToken(_ number: UInt8) throws { apply(try machine.revokeToken(Self.tokenID(number))) }

    func renew(_ certificate: Certificate) throws { apply(try machine.renew(certificate, features: [], now: now).plan) }

    /// The grant of a key that enrols again.
    func grantAgain(_ name: String) throws -> Admission.Grant {
        try addToken(200)
        return try enrol(try #require(self.member(name)).identityKey.bytes[0], name, token: 200)
    }

    /// The certificate that an authority makes of a grant.
    func certificate(_ grant: Admission.Grant) throws -> Certificate {
        let authority = try IdentityKeyPair(seed: SecretBytes([UInt8](repeating: 7, count: 32)))
        return try Certificate.issue(grant.subject, serial: grant.serial, now: now, authority: authority)
    }

    func revoke(_ name: String, releaseName: Bool = false) throws {
        apply(try machine.revoke(name, releaseName: releaseName).plan)
    }
}
