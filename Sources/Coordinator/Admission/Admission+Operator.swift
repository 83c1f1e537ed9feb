import Transport
import Wire

/// What the operator does: tokens and revocation.
extension Admission {
    /// Keeps a new token. Throws `overloaded` where there are `Limits.tokens` already.
    func add(_ token: Token) throws(CallError) -> Plan {
        guard tokens.count < Limits.tokens else {
            throw CallError(.overloaded, "There are \(tokens.count) tokens: revoke some, or wait until old ones are forgotten.")
        }
        return Plan(conditions: [condition(token: token.id)], changes: [.token(token)])
    }

    /// Ends a token. Throws `notFound`.
    func revokeToken(_ id: TokenID) throws(CallError) -> Plan {
        guard var token = tokens[id]?.value else { throw CallError(.notFound, "There is no token \(id).") }
        token.isRevoked = true
        return Plan(conditions: [condition(token: id)], changes: [.token(token)])
    }

    /// Tokens that expired long ago.
    func forgettableTokens(now: UnixTime) -> [TokenID] {
        tokens.values.filter { $0.value.isForgettable(now: now) }.map(\.value.id)
    }

    /// Forgets a token.
    func forget(_ id: TokenID) -> Plan { Plan(conditions: [condition(token: id)], changes: [.forgetToken(id)]) }

    /// Revokes the key that holds `name`, for good. With `releaseName` the name is free for another key; otherwise it stays with
    /// the revoked one, and nobody can take its place unnoticed. Throws `notFound`.
    func revoke(_ name: String, releaseName: Bool) throws(CallError) -> (plan: Plan, node: NodeID) {
        guard var member = member(named: name) else { throw CallError(.notFound, "No member has the name \(name).") }
        member.isRevoked = true
        var plan = Plan(
            conditions: [condition(member: member.identityKey), condition(name: name)], changes: [.member(member)])
        if releaseName { plan.changes.append(.releaseName(name)) }
        return (plan, member.nodeID)
    }
}
