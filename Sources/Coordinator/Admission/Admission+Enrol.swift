import Transport
import Wire

/// Certificates: the first one and those that follow.
extension Admission {
    /// A certificate that is to be issued once the store has taken the plan.
    struct Grant: Sendable {
        var plan: Plan
        var subject: Certificate.Subject
        var serial: UInt64
    }

    /// A joiner: what its link has proven.
    struct Joiner: Sendable {
        var token: TokenID
        var staticKey: StaticKey
        var address: Endpoint
    }

    /// What came of an enrolment.
    enum Enrolment: Sendable {
        case granted(Grant)
        case refused(ErrorCode, String, Report?)
    }

    /// Decides on a request whose signature has been checked.
    ///
    /// The same key always gets the same name and node id, whatever it asks for; a use of the token is bound to the key, so asking
    /// again after a lost answer costs nothing.
    ///
    /// - Parameter salt: 16 random bytes, used if the key is seen for the first time.
    func enrol(_ request: EnrolRequest, _ joiner: Joiner, salt: [UInt8], now: UnixTime) -> Enrolment {
        guard var token = tokens[joiner.token]?.value else { return .refused(.revoked, "the token is not known any more", nil) }
        if let code = token.refusal(of: request.identityKey, now: now) { return .refused(code, Self.sentence(code), nil) }
        let roles = request.roles.intersection(Self.grantable)  // TOKEN-4.4
        guard !roles.isEmpty else { return .refused(.badRequest, "a joiner is a worker or a client", nil) }
        let known = members[request.identityKey]?.value
        // ID-8.6
        if let known, known.isRevoked { return .refused(.revoked, "the key of \(known.name) was revoked: join with a new key", nil) }
        let name = known?.name ?? request.name  // ID-8.2
        var plan = Plan()
        if known == nil {
            if let refusal = refusal(of: name, for: request.identityKey, at: joiner.address) { return refusal }
            plan.conditions.append(condition(name: name))
            if names[name] == nil { plan.changes.append(.name(name, request.identityKey)) }
        }
        plan.conditions.append(condition(token: token.id))
        if !token.users.contains(request.identityKey) {  // TOKEN-4.3
            token.users.append(request.identityKey)
            plan.changes.append(.token(token))
        }
        let subject = Certificate.Subject(
            // ID-3.1, TOKEN-4.6
            name: name, roles: roles, identityKey: request.identityKey, staticKey: joiner.staticKey, salt: known?.salt ?? salt,
            features: request.features)
        return .granted(grant(subject, known: known, plan: plan, now: now))
    }

    /// A new certificate for a member, also with one that has expired: same name, node id and salt. Throws `revoked`.
    ///
    /// - Parameter certificate: what the member has shown. It is enough where the store does not know the member (any more): the
    ///   authority has signed it.
    func renew(_ certificate: Certificate, features: Features, now: UnixTime) throws(CallError) -> Grant {
        let known = members[certificate.identityKey]?.value
        if known?.isRevoked == true { throw CallError(.revoked, "this node was revoked") }  // ID-7.4, ID-8.6
        var plan = Plan()
        if known == nil {
            guard names[certificate.name].map({ $0.value == certificate.identityKey }) ?? true else {
                throw CallError(.nameTaken, "the name \(certificate.name) belongs to another key")
            }
            plan.conditions.append(condition(name: certificate.name))
            plan.changes.append(.name(certificate.name, certificate.identityKey))
        }
        let subject = Certificate.Subject(
            name: known?.name ?? certificate.name, roles: certificate.roles, identityKey: certificate.identityKey,
            staticKey: certificate.staticKey, salt: certificate.salt, features: features)  // ID-3.1, ID-7.3
        return grant(subject, known: known, plan: plan, now: now)
    }

    /// Roles that a token may give. Coordinators are made by hand.
    private static let grantable: Roles = [.worker, .client]

    private func grant(_ subject: Certificate.Subject, known: Member?, plan: Plan, now: UnixTime) -> Grant {
        let serial = nextSerial(now: now)
        let nodeID = NodeID.nodeID(identityKey: subject.identityKey, salt: subject.salt)
        var member =
            known
            ?? Member(
                identityKey: subject.identityKey, nodeID: nodeID, name: subject.name, salt: subject.salt, roles: subject.roles,
                serial: 0, expires: now)
        member.previousSerial = member.serial
        member.serial = serial
        member.roles = subject.roles
        member.expires = now + Limits.certificateLife  // ID-7.1
        var plan = plan
        plan.conditions.append(condition(member: subject.identityKey))
        plan.changes.append(.member(member))
        return Grant(plan: plan, subject: subject, serial: serial)
    }

    private func refusal(of name: String, for key: IdentityKey, at address: Endpoint) -> Enrolment? {
        guard Name.isValid(name), !name.hasPrefix(Authority.namePrefix) else {  // TOKEN-4.5
            return .refused(.badRequest, "a name has 1 to \(Limits.name) letters, digits, \".\", \"_\" and \"-\"", nil)
        }
        guard let holder = names[name]?.value, holder != key else { return nil }  // ID-8.1
        let report = members[holder].map { Report.nameRequested(holder: $0.value.nodeID, name: name, by: address) }
        return .refused(.nameTaken, "the name \(name) belongs to another key: choose another name", report)
    }

    private static func sentence(_ code: ErrorCode) -> String {
        switch code {
        case .expired: "the token has expired: ask for a new one"
        case .tokenUsedUp: "the token's uses are spent: ask for a new one"
        default: "the token was revoked: ask for a new one"
        }
    }
}
