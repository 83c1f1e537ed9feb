import NIOCore
import Synchronization
import Transport
import Wire

/// The admission machine with its store and the authority's key: decisions that are written before they count.
///
/// Both a running coordinator and a command that works on the folder of one that does not run use it.
final class Membership: Sendable {
    let machine = Mutex(Admission())
    let store: any Store
    let authority: Authority
    /// One decision at a time is written, so that they count in the order in which they were made.
    private let gate = AsyncLimit(1)

    /// - Parameter store: holds the members; `load` reads them.
    init(store: any Store, authority: Authority) {
        self.store = store
        self.authority = authority
    }

    /// Reads members, names and tokens, and forgets tokens that expired long ago.
    func load(now: UnixTime) async throws(StoreError) {
        for prefix in [Member.prefix, Member.namePrefix, Token.prefix] {
            let stored = try await store.list(prefix: prefix)
            for (key, value) in stored { try take(key, value) }
        }
        for id in machine.withLock({ $0.forgettableTokens(now: now) }) {
            // One that cannot be forgotten now is forgotten at the next start.
            _ = await commit { (machine: borrowing Admission) throws(CallError) in
                machine.forget(id)
            } plan: {
                $0
            }
        }
    }

    // MARK: Members

    /// Enrols a joiner whose signature has been checked. A report comes out with a refusal.
    func enrol(
        _ request: EnrolRequest, _ joiner: Admission.Joiner, now: UnixTime, report: (Admission.Report) -> Void
    ) async throws(CallError) -> Certificate {
        let salt = SystemRandom.bytes(16)
        let decided = await commitCall { (machine: borrowing Admission) throws(Refusal) in
            switch machine.enrol(request, joiner, salt: salt, now: now) {
            case .granted(let grant): return grant
            case .refused(let code, let reason, let report): throw Refusal(error: CallError(code, reason), report: report)
            }
        }
        switch decided {
        case .success(let grant): return try issue(grant, now: now)
        case .failure(let refusal):
            if let what = refusal.report { report(what) }
            throw refusal.error
        }
    }

    /// Renews a member's certificate, whether it has expired or not.
    func renew(_ certificate: Certificate, features: Features, now: UnixTime) async throws(CallError) -> Certificate {
        let decided = await commitCall { (machine: borrowing Admission) throws(Refusal) in
            do throws(CallError) { return try machine.renew(certificate, features: features, now: now) } catch {
                throw Refusal(error: error, report: nil)
            }
        }
        switch decided {
        case .success(let grant): return try issue(grant, now: now)
        case .failure(let refusal): throw refusal.error
        }
    }

    /// Revokes the key that holds `name`. Returns its node.
    func revoke(_ name: String, releaseName: Bool) async throws(CallError) -> NodeID {
        let decided = await commit { (machine: borrowing Admission) throws(CallError) in
            try machine.revoke(name, releaseName: releaseName)
        } plan: {
            $0.plan
        }
        return try decided.get().node
    }

    /// Writes which run of a node is up now.
    func noteRun(_ key: IdentityKey, bootEpoch: UInt64) async throws(CallError) {
        _ = try await commit { (machine: borrowing Admission) throws(CallError) in
            machine.noteRun(key, bootEpoch: bootEpoch) ?? Admission.Plan()
        } plan: {
            $0
        }.get()
    }

    // MARK: Tokens

    /// Makes a token and returns it.
    func createToken(label: String, life: UInt64, uses: UInt32, now: UnixTime) async throws(CallError) -> Token {
        guard 1...Limits.tokenLife ~= life else { throw CallError(.badRequest, "A token lives between one second and a year.") }
        guard 1...UInt32(Limits.tokenUses) ~= uses else {
            throw CallError(.badRequest, "A token has between 1 and \(Limits.tokenUses) uses.")
        }
        guard label.isEmpty || Name.isValid(label) else {
            throw CallError(.badRequest, "A token's name has 1 to \(Limits.name) letters, digits, \".\", \"_\" and \"-\".")
        }
        guard let id = TokenID(SystemRandom.bytes(16)) else { throw CallError(.internalError, "no token id") }
        let token = Token(
            id: id, secret: SystemRandom.secret(), label: label, createdAt: now, expires: now + life, uses: uses)
        _ = try await commit { (machine: borrowing Admission) throws(CallError) in
            try machine.add(token)
        } plan: {
            $0
        }.get()
        return token
    }

    /// Ends a token.
    func revokeToken(_ id: TokenID) async throws(CallError) {
        _ = try await commit { (machine: borrowing Admission) throws(CallError) in
            try machine.revokeToken(id)
        } plan: {
            $0
        }.get()
    }

    /// Every token, oldest first.
    func tokens() -> [Token] {
        machine.withLock { machine in
            machine.tokens.values.map(\.value).sorted { ($0.createdAt, $0.id.description) < ($1.createdAt, $1.id.description) }
        }
    }

    // MARK: Parts

    /// A refusal and what it makes worth telling.
    private struct Refusal: Error {
        var error: CallError
        var report: Admission.Report?
    }

    private func issue(_ grant: Admission.Grant, now: UnixTime) throws(CallError) -> Certificate {
        do { return try Certificate.issue(grant.subject, serial: grant.serial, now: now, authority: authority.keys) } catch {
            throw CallError(.internalError, "the certificate cannot be made: \(error)")
        }
    }

    private func commitCall(
        _ decide: (borrowing Admission) throws(Refusal) -> Admission.Grant
    ) async -> Result<Admission.Grant, Refusal> {
        await commit(decide, plan: \.plan, failed: { Refusal(error: $0, report: nil) })
    }

    private func commit<T: Sendable>(
        _ decide: (borrowing Admission) throws(CallError) -> T, plan: (T) -> Admission.Plan
    ) async -> Result<T, CallError> {
        await commit(decide, plan: plan, failed: { $0 })
    }

    /// Decides, writes, takes over. Where the store knows better, reads what it knows and decides again.
    private func commit<T: Sendable, Failure: Error>(
        _ decide: (borrowing Admission) throws(Failure) -> T, plan: (T) -> Admission.Plan, failed: (CallError) -> Failure
    ) async -> Result<T, Failure> {
        await gate.enter()
        defer { gate.leave() }
        for _ in 0..<Self.attempts {
            let decision: T
            do throws(Failure) {
                decision = try machine.withLock { (machine) throws(Failure) in try decide(machine) }
            } catch { return .failure(error) }
            let plan = plan(decision)
            if plan.changes.isEmpty { return .success(decision) }
            do throws(StoreError) {
                let revision = try await write(plan)
                machine.withLock { $0.apply(plan, revision: revision) }
                return .success(decision)
            } catch .conflict {
                do throws(StoreError) { try await reload(plan.keys) } catch { return .failure(failed(Self.callError(error))) }
            } catch { return .failure(failed(Self.callError(error))) }
        }
        return .failure(failed(CallError(.conflict, "too many others change the same thing")))
    }

    private func write(_ plan: Admission.Plan) async throws(StoreError) -> UInt64 {
        var writes: [StoreWrite] = []
        for change in plan.changes {
            do { writes.append(try change.write()) } catch { throw .failed("a record cannot be encoded: \(error)") }
        }
        return try await store.transaction(plan.conditions, writes)
    }

    private func reload(_ keys: [String]) async throws(StoreError) {
        for key in keys { try take(key, try await store.get(key)) }
    }

    private func take(_ key: String, _ value: StoredValue?) throws(StoreError) {
        do { try machine.withLock { (machine) throws(WireError) in try machine.load(key, value) } } catch {
            throw .damaged("the record \(key)")
        }
    }

    private static func callError(_ error: StoreError) -> CallError {
        CallError(ErrorCode.internalError, "the store failed: \(error)")
    }

    /// How often a decision is made again before it is given up.
    private static let attempts = 8
}
