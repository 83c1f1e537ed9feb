import Transport
import Wire

/// What an operator's commands do, whether the coordinator runs or not.
struct AdminCommands: Sendable {
    let membership: Membership
    /// Where joiners are to dial where a request does not say it.
    let addresses: [Endpoint]
    /// Called with the node that a revocation was for, once that is written.
    let revoked: @Sendable (NodeID) -> Void
    /// Marks a worker as draining and writes that down; false for an unknown one. `nil` where nothing runs.
    let drain: (@Sendable (String) async throws(CoordinatorError) -> Bool)?

    /// Does what `request` asks.
    func answer(_ request: AdminRequest) async -> AdminAnswer {
        do throws(CoordinatorError) {
            switch request {
            case .createToken(let token): return .token(try await createToken(token))
            case .listTokens:
                let now = UnixTime.wallClock()
                return .tokens(membership.tokens().map { TokenView($0, now: now) })
            case .revokeToken(let id): try await revokeToken(id)
            case .revoke(let worker, let releaseName): try await revoke(worker, releaseName: releaseName)
            case .drain(let worker): try await drain(worker)
            }
            return .done
        } catch { return .failed(error) }
    }

    private func createToken(_ request: TokenRequest) async throws(CoordinatorError) -> String {
        let endpoints = request.addresses.isEmpty ? addresses : request.addresses
        guard !endpoints.isEmpty else {
            throw .configuration("Where joiners are to dial is not known: give it with --address HOST:PORT.")
        }
        let token: Token
        do {
            token = try await membership.createToken(
                label: request.name, life: request.life, uses: request.uses, now: .wallClock())
        } catch { throw CoordinatorError(error) }
        let join = JoinToken(
            id: token.id, secret: token.secret, authority: membership.authority.keys.publicKey, endpoints: endpoints)
        do { return try join.text() } catch { throw .configuration("The token cannot be written: \(error).") }
    }

    private func revokeToken(_ text: String) async throws(CoordinatorError) {
        do { try await membership.revokeToken(try find(text)) } catch { throw CoordinatorError(error) }
    }

    /// The token that is meant: by its id, the beginning of it, its name, or the whole token.
    private func find(_ text: String) throws(CallError) -> TokenID {
        if let token = try? JoinToken(text) { return token.id }
        let tokens = membership.tokens()
        let prefix = text.lowercased()
        let matches = tokens.filter { $0.label == text || (prefix.utf8.count >= 4 && $0.id.description.hasPrefix(prefix)) }
        guard let first = matches.first else { throw CallError(.notFound, "There is no token \(text): see `wiremesh token list`.") }
        guard matches.count == 1 else {
            throw CallError(.badRequest, "\(matches.count) tokens are meant by \(text): give more of the id.")
        }
        return first.id
    }

    private func revoke(_ worker: String, releaseName: Bool) async throws(CoordinatorError) {
        do { revoked(try await membership.revoke(worker, releaseName: releaseName)) } catch { throw CoordinatorError(error) }
    }

    private func drain(_ worker: String) async throws(CoordinatorError) {
        guard let drain else { throw .configuration("The coordinator does not run, so nothing is sent to \(worker) anyway.") }
        guard try await drain(worker) else { throw .notFound("There is no worker \(worker).") }
    }
}

extension CoordinatorError {
    /// A refused call as a command says it.
    init(_ error: CallError) {
        let text = error.reason.isEmpty ? error.code.name : error.reason
        switch error.code.base {
        case ErrorCode.notFound.base: self = .notFound(text)
        case ErrorCode.conflict.base: self = .conflict(text)
        case ErrorCode.badRequest.base, ErrorCode.overloaded.base: self = .configuration(text)
        default: self = .failed(text)
        }
    }
}
