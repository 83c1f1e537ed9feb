import NIOCore
import Synchronization
import Transport
import Wire

/// The routing state of a worker and those who ask it: the shell around `RouteTable`. Thread-safe. A call that the cache
/// can answer takes the lock three times for well under a microsecond and never leaves its loop.
final class Router: Sendable {
    let host: ServiceHost
    private let peers: PeerCallers
    private let sources: [any RouteSource]
    let answerTimeout: Duration
    private let state: Mutex<State>
    /// Called when the set of cached services may have changed.
    private let cacheChanged: @Sendable () -> Void

    private struct State {
        var table: RouteTable<BoundRoute>
        var budget = RetryBudget()
        var random: RandomWords
    }

    /// - Parameter sources: whom to ask on a miss, in this order.
    init(
        host: ServiceHost, peers: PeerCallers, sources: [any RouteSource], locality: Locality, answerTimeout: Duration,
        cacheChanged: @escaping @Sendable () -> Void = {}
    ) {
        self.host = host
        self.peers = peers
        self.sources = sources
        self.answerTimeout = answerTimeout
        self.cacheChanged = cacheChanged
        let table = RouteTable<BoundRoute>(ownName: host.name, locality: locality, reach: peers.reach)
        state = Mutex(State(table: table, random: RandomWords(seed: .random(in: .min ... .max))))
    }

    // MARK: Choosing

    /// Where a call that leaves this worker goes. A waiter hears the outcome of the lookup on its loop.
    func route(_ key: RouteKey, waiter: @autoclosure () -> BoundRoute) -> RouteTable<BoundRoute>.OnRequest {
        let answer = state.withLock { state in
            state.budget.sent()
            return state.table.request(key, waiter: waiter(), random: state.random.next(), now: .now())
        }
        switch answer {
        case .lookUp, .use(_, refresh: true): Task { await self.lookUp(key) }
        case .use, .wait, .refuse: break
        }
        return answer
    }

    /// A worker after a lookup.
    func choose(_ key: RouteKey) -> Balancer.Choice? {
        state.withLock { $0.table.choose(key, random: $0.random.next(), now: .now()) }
    }

    /// Another worker after a failed attempt, if the budget allows one more.
    func chooseAgain(_ key: RouteKey, excluding tried: [String]) -> Balancer.Choice? {
        state.withLock { state in
            guard let choice = state.table.choose(key, excluding: tried, random: state.random.next(), now: .now()) else { return nil }
            guard state.budget.take() else {
                state.table.withBalancer(key) { $0.ended(choice) }
                return nil
            }
            return choice
        }
    }

    /// Where else a call may go that was sent at `sentAt` to somebody whom the DHT had named and who could not be reached, if the budget
    /// allows one more attempt: the tiers behind the DHT are asked, and a waiter hears what they say.
    func routeFurther(_ key: RouteKey, sentAt: Instant, waiter: BoundRoute) -> RouteTable<BoundRoute>.OnRequest? {
        let answer = state.withLock { state -> RouteTable<BoundRoute>.OnRequest? in
            guard state.table.mayGoFurther(key, sentAt: sentAt), state.budget.take() else { return nil }
            return state.table.requestFurther(key, sentAt: sentAt, waiter: waiter, random: state.random.next(), now: .now())
        }
        if case .lookUp = answer { Task { await self.lookUp(key, behindDHT: true) } }
        return answer
    }

    /// Whether one more attempt elsewhere is within the budget; takes its token.
    func takeRetry() -> Bool { state.withLock { $0.budget.take() } }

    func caller(to member: Member) -> (any Caller)? { peers.caller(to: member) }

    // MARK: Lookups

    private func lookUp(_ key: RouteKey, behindDHT: Bool = false) async {
        let sources = behindDHT ? sources.filter { $0.tier.tier != .dht } : sources
        var chain = LookupChain(sources.map(\.tier))
        var step = chain.start()
        while case .ask(let position) = step {
            let source = sources[position]
            do {
                step = chain.answered(try await source.find(key, timeout: source.tier.timeout))
            } catch {
                step = chain.failed(error)
            }
        }
        guard case .settled(let outcome) = step else { return }
        let settlement = state.withLock { $0.table.settle(key, outcome, now: .now()) }
        for waiter in settlement.waiters { waiter.resolved(settlement.refusal) }
        cacheChanged()
    }

    // MARK: What became of a call

    /// The head of an answer has come from `choice`, or from this worker where that is `nil`.
    func answered(_ key: RouteKey, _ choice: Balancer.Choice?, after time: Duration, _ head: Head) {
        state.withLock { state in
            state.table.countServed(locally: choice == nil)
            guard let choice else { return }
            state.table.withBalancer(key) {
                $0.answered(choice, after: time, load: head.load, isFailure: head.status >= 500, now: .now())
            }
        }
    }

    /// The caller went away before an answer's head came: the request still counts for the worker that had it.
    func abandoned(_ choice: Balancer.Choice?) { state.withLock { $0.table.countServed(locally: choice == nil) } }

    func failed(_ key: RouteKey, _ choice: Balancer.Choice, _ error: CallError) {
        let retryAfter = error.retryAfterMilliseconds.map { Duration.milliseconds(Int64($0)) }
        let isFromDHT = state.withLock { state in
            state.table.withBalancer(key) { $0.failed(choice, error.code, retryAfter: retryAfter, now: .now()) }
            return state.table.isFromDHT(key)
        }
        guard isFromDHT, [.unreachable, .wrongPeer].contains(error.code.base) else { return }
        for source in sources { source.notReached(choice.member.record, for: key.service) }
    }

    func ended(_ key: RouteKey, _ choice: Balancer.Choice) {
        state.withLock { $0.table.withBalancer(key) { $0.ended(choice) } }
    }

    /// Nobody answered a request.
    func countFailed() { state.withLock { $0.table.countFailed() } }

    // MARK: Registry

    /// A pushed change to the workers of `services`, or of all where that is `nil`.
    func apply(_ event: WatchEvent, of services: Set<String>?) {
        state.withLock { $0.table.apply(event, of: services, now: .now()) }
    }

    /// Services whose workers are cached.
    var cachedServices: Set<String> { state.withLock { $0.table.services } }

    /// A round trip on the link to `worker`.
    func measured(_ worker: String, roundTrip: Duration) {
        state.withLock { $0.table.measured(worker, roundTrip: roundTrip) }
    }

    var statistics: RoutingStatistics {
        state.withLock { state in
            var statistics = state.table.statistics
            statistics.cacheSize = state.table.size
            return statistics
        }
    }
}

// MARK: - Explaining

extension Router {
    /// Asks every tier, in order, and says what each one knows and whom a call may go to. Counts nothing and changes nothing.
    func explain(_ service: String) async -> RouteExplanation {
        let key = RouteKey(service: service)
        var explanation = RouteExplanation(service: service)
        let local = host.service(service)
        explanation.steps.append(explain(local))
        let (cached, records) = state.withLock { ($0.table.cached(key, now: .now()), $0.table.records(key)) }
        explanation.steps.append(
            RouteExplanation.Step(
                tier: .cache, workers: cached?.workers, age: cached?.age ?? .zero, took: .zero,
                detail: cached.map { "learnt from \($0.tier.rawValue)" } ?? "nothing cached"))
        var named = records
        for source in sources {
            let (step, found) = await explain(source, key)
            explanation.steps.append(step)
            named += found
        }
        if let local { explanation.candidates.append(candidate(local)) }
        explanation.candidates += candidates(key, named, isLocal: local != nil)
        return explanation
    }

    /// Each worker once, as the first tier told it: those that a call may go to before the others, each by cost.
    private func candidates(_ key: RouteKey, _ records: [WorkerRecord], isLocal: Bool) -> [RouteExplanation.Candidate] {
        var seen: Set<String> = isLocal ? [host.name] : []
        let others = records.filter { seen.insert($0.name).inserted }
        let found = state.withLock { state in others.map { state.table.explain(key, $0, now: .now()) } }
        func rank(_ candidate: RouteExplanation.Candidate) -> (Int, Duration) {
            (candidate.isEligible ? 0 : 1, candidate.cost ?? .seconds(Int64.max))
        }
        return found.sorted { rank($0) < rank($1) }
    }

    private func candidate(_ local: LocalService) -> RouteExplanation.Candidate {
        let refusal = local.refusal
        return RouteExplanation.Candidate(
            worker: host.name, route: .local, load: local.load.fraction, cost: nil, isEligible: refusal == nil,
            reason: refusal.map { "\($0)" } ?? "taken: a service that is hosted here is served here")
    }

    private func explain(_ local: LocalService?) -> RouteExplanation.Step {
        let detail = local == nil ? "not hosted here" : local?.refusal.map { "\($0)" } ?? "served here"
        return RouteExplanation.Step(tier: .local, workers: local == nil ? nil : [host.name], age: .zero, took: .zero, detail: detail)
    }

    private func explain(_ source: any RouteSource, _ key: RouteKey) async -> (RouteExplanation.Step, [WorkerRecord]) {
        let start = Instant.now()
        do {
            let answer = try await source.find(key, timeout: source.tier.timeout)
            let detail = answer.known ? "\(answer.total) healthy" : "nobody ever offered it"
            let step = RouteExplanation.Step(
                tier: source.tier.tier, workers: answer.workers.map(\.name), age: .zero, took: .now() - start, detail: detail)
            return (step, answer.workers)
        } catch {
            let step = RouteExplanation.Step(tier: source.tier.tier, workers: nil, age: .zero, took: .now() - start, detail: "\(error)")
            return (step, [])
        }
    }
}
