package import Transport
package import Wire

/// What a worker knows of who offers what: the router's cache, with single flight for misses. A machine; whoever waits is
/// a `Waiter` of the shell's making.
///
/// A route is used for `Limits.routeCache`, is changed by pushed events at once, and is kept beyond its time only for the
/// case that nobody can be asked.
package struct RouteTable<Waiter: Sendable>: Sendable {
    package private(set) var statistics = RoutingStatistics()
    private var entries: [RouteKey: Entry] = [:]
    private let ownName: String
    private let locality: Locality
    private let reach: Reach
    private var snapshot = SnapshotJoiner()

    private struct Entry: Sendable {
        var balancer: Balancer
        var tier: RouteTier = .cache
        /// When a tier last said so; `nil` before the first answer.
        var learnt: Instant?
        /// Why the last lookup gave nobody; believed until `refusedUntil`.
        var refusal: CallError?
        var refusedUntil: Instant?
        var isLookedUp = false
        /// Set while nobody can be asked: when to try again.
        var askAgainAt: Instant?
        var waiters: [Waiter] = []

        func isFresh(now: Instant) -> Bool {
            !balancer.isEmpty && learnt.map { now - $0 < Limits.routeCache } ?? false
        }

        /// Whether an old route stands in because nobody can be asked.
        func isStandIn(now: Instant) -> Bool {
            askAgainAt != nil && !balancer.isEmpty && learnt.map { now - $0 < Limits.staleRouteCache } ?? false
        }

        func refusal(now: Instant) -> CallError? {
            guard let refusal, let refusedUntil, now < refusedUntil else { return nil }
            return refusal
        }
    }

    /// - Parameter ownName: the worker itself, which is never among the others.
    package init(ownName: String, locality: Locality, reach: Reach) {
        self.ownName = ownName
        self.locality = locality
        self.reach = reach
    }

    // MARK: Requests

    package enum OnRequest {
        /// Send it there. With `refresh`, look the service up as well, then call `settle`; nobody waits for it.
        case use(Balancer.Choice, refresh: Bool = false)
        /// Look the service up, then call `settle`. The waiter is kept.
        case lookUp
        /// A lookup is under way; the waiter is kept.
        case wait
        case refuse(CallError)
    }

    /// A request that must leave this worker. Counts the hit or miss, unless it waits: then `settle` does.
    package mutating func request(
        _ key: RouteKey, waiter: @autoclosure () -> Waiter, random: UInt64, now: Instant
    ) -> OnRequest {
        guard let index = entries.index(forKey: key) else { return lookUp(key, waiter(), now) }
        if entries.values[index].isFresh(now: now),
            let choice = entries.values[index].balancer.choose(random: random, now: now)
        {
            statistics.cacheHits += 1
            return .use(choice)
        }
        if entries.values[index].isStandIn(now: now), let choice = entries.values[index].balancer.choose(random: random, now: now) {
            statistics.cacheHits += 1
            let refresh = !entries.values[index].isLookedUp && entries.values[index].askAgainAt.map { now >= $0 } ?? true
            if refresh { entries.values[index].isLookedUp = true }
            return .use(choice, refresh: refresh)
        }
        if let refusal = entries.values[index].refusal(now: now) {
            statistics.cacheHits += 1
            statistics.failedRequests += 1
            return .refuse(refusal)
        }
        guard entries.values[index].isLookedUp else { return lookUp(key, waiter(), now) }
        guard entries.values[index].waiters.count < Limits.lookupWaiters else {
            statistics.cacheMisses += 1
            statistics.failedRequests += 1
            return .refuse(CallError(.overloaded, "too many calls wait for a lookup of \(key.service)", retryAfterMilliseconds: 1_000))
        }
        entries.values[index].waiters.append(waiter())
        return .wait
    }

    /// A worker for a call that was counted before: after a lookup, or for another attempt.
    package mutating func choose(_ key: RouteKey, excluding: [String] = [], random: UInt64, now: Instant) -> Balancer.Choice? {
        guard let index = entries.index(forKey: key) else { return nil }
        return entries.values[index].balancer.choose(excluding: excluding, random: random, now: now)
    }

    /// Another place for a call that was sent at `sentAt` to somebody whom the DHT had named, and who was not there: an entry of the DHT
    /// is a hint, and who is asked behind it knows more. Look the service up there. `nil` where it was not the DHT that named them.
    package mutating func requestFurther(
        _ key: RouteKey, sentAt: Instant, waiter: @autoclosure () -> Waiter, random: UInt64, now: Instant
    ) -> OnRequest? {
        guard let index = entries.index(forKey: key), let learnt = entries.values[index].learnt else { return nil }
        if learnt >= sentAt { return entries.values[index].balancer.choose(random: random, now: now).map { .use($0) } }
        guard entries.values[index].tier == .dht else { return nil }
        guard entries.values[index].isLookedUp else { return lookUp(key, waiter(), now) }
        guard entries.values[index].waiters.count < Limits.lookupWaiters else { return nil }
        entries.values[index].waiters.append(waiter())
        return .wait
    }

    /// Whether the DHT named those that are cached.
    package func isFromDHT(_ key: RouteKey) -> Bool { entries[key]?.tier == .dht }

    /// Whether `requestFurther` can come to something.
    package func mayGoFurther(_ key: RouteKey, sentAt: Instant) -> Bool {
        guard let entry = entries[key], let learnt = entry.learnt else { return false }
        return entry.tier == .dht || learnt >= sentAt
    }

    private mutating func lookUp(_ key: RouteKey, _ waiter: Waiter, _ now: Instant) -> OnRequest {
        if entries[key] == nil { makeRoom(now: now) }
        entries[key, default: Entry(balancer: Balancer(locality: locality))].isLookedUp = true
        entries[key]?.waiters = [waiter]
        return .lookUp
    }

    // MARK: Lookups

    package struct Settlement {
        /// Everybody who waited, in order; the first one started the lookup.
        package var waiters: [Waiter]
        /// What to tell them; `nil`: `choose` has somebody.
        package var refusal: CallError?
    }

    /// The lookup of `key` has come to `outcome`. Counts it: the first waiter is the miss that the tier answered, the
    /// others were served from the cache that it filled.
    package mutating func settle(_ key: RouteKey, _ outcome: LookupChain.Outcome, now: Instant) -> Settlement {
        var entry = entries[key] ?? Entry(balancer: Balancer(locality: locality))
        let waiters = entry.waiters
        entry.waiters = []
        entry.isLookedUp = false
        entry.askAgainAt = nil
        var refusal: CallError?
        var isComing = false
        switch outcome {
        case .found(let tier, let answer):
            entry.balancer.replace(with: members(answer.workers, for: key), now: now)
            entry.tier = tier
            entry.learnt = now
            if entry.balancer.isEmpty { refusal = self.refusal(key, known: true) }
            // Workers that were named but cannot be reached yet: their addresses are being probed.
            isComing = !answer.workers.isEmpty
        case .nobody(_, let known):
            entry.balancer.replace(with: [], now: now)
            refusal = self.refusal(key, known: known)
        case .failed(let error):
            entry.askAgainAt = now + Limits.staleRouteRetry
            if !entry.isStandIn(now: now) { refusal = unanswered(key, error) }
        }
        entry.refusal = refusal
        entry.refusedUntil = refusal == nil || isComing ? nil : now + Limits.negativeRouteCache
        entries[key] = entry
        count(outcome, waiters: waiters.count, refused: refusal != nil)
        return Settlement(waiters: waiters, refusal: refusal)
    }

    private mutating func count(_ outcome: LookupChain.Outcome, waiters: Int, refused: Bool) {
        guard waiters > 0 else { return }
        let all = UInt64(waiters)
        if refused {
            statistics.cacheMisses += all
            statistics.failedRequests += all
            return
        }
        guard case .found(let tier, _) = outcome else {
            statistics.cacheHits += all  // Nobody could be asked, and the old route is used.
            return
        }
        statistics.cacheMisses += 1
        statistics.cacheHits += all - 1
        switch tier {
        case .dht: statistics.dhtLookups += 1
        case .http: statistics.httpLookups += 1
        case .wire, .local, .cache: statistics.wireLookups += 1
        }
    }

    private func refusal(_ key: RouteKey, known: Bool) -> CallError {
        let who = key.worker.isEmpty ? "no healthy worker offers \(key.service)" : "\(key.worker) does not offer \(key.service) now"
        return known ? CallError(.unavailable, who) : CallError(.notFound, "nobody ever offered \(key.service)")
    }

    private func unanswered(_ key: RouteKey, _ error: CallError) -> CallError {
        CallError(.unavailable, "no coordinator could say who offers \(key.service): \(error)")
    }

    // MARK: Pushed changes

    /// The registry has changed, as far as the workers of `services` are concerned (`nil`: all of them). Only what is cached is
    /// touched: a route that nobody asks for costs nothing.
    package mutating func apply(_ event: WatchEvent, of services: Set<String>? = nil, now: Instant) {
        guard let event = snapshot.whole(event) else { return }
        for key in Array(entries.keys) where services?.contains(key.service) ?? true {
            switch event {
            case .snapshot(_, let records): replace(key, with: members(records, for: key), now: now)
            case .changed(_, let record): update(key, record, now: now)
            case .removed(_, let name): entries[key]?.balancer.remove(name)
            }
        }
    }

    private mutating func replace(_ key: RouteKey, with members: [Member], now: Instant) {
        entries[key]?.balancer.replace(with: members, now: now)
        if !members.isEmpty { entries[key]?.refusal = nil }
    }

    private mutating func update(_ key: RouteKey, _ record: WorkerRecord, now: Instant) {
        if let member = members([record], for: key).first {
            entries[key]?.balancer.update(member, now: now)
            entries[key]?.refusal = nil
        } else if record.name != ownName {
            entries[key]?.balancer.remove(record.name)
        }
    }

    private func members(_ records: [WorkerRecord], for key: RouteKey) -> [Member] {
        records.compactMap { record in
            guard record.name != ownName, key.worker.isEmpty || key.worker == record.name,
                record.services.contains(where: { $0.name == key.service && $0.healthy })
            else { return nil }
            return Member(record, reach: reach)
        }
    }

    // MARK: What became of a call

    package mutating func withBalancer(_ key: RouteKey, _ body: (inout Balancer) -> Void) {
        guard let index = entries.index(forKey: key) else { return }
        body(&entries.values[index].balancer)
    }

    /// A round trip to a worker was measured on its link.
    package mutating func measured(_ worker: String, roundTrip: Duration) {
        for key in Array(entries.keys) { entries[key]?.balancer.measured(worker, roundTrip: roundTrip) }
    }

    /// A request was answered here or elsewhere, or by nobody.
    package mutating func countServed(locally: Bool) {
        if locally { statistics.localRequests += 1 } else { statistics.forwardedRequests += 1 }
    }

    package mutating func countFailed() { statistics.failedRequests += 1 }

    // MARK: Looking in

    /// What is cached for a service: workers, the tier that said so, and its age. `nil` where nothing is.
    package func cached(_ key: RouteKey, now: Instant) -> (workers: [String], tier: RouteTier, age: Duration)? {
        guard let entry = entries[key], let learnt = entry.learnt, !entry.balancer.isEmpty else { return nil }
        return (entry.balancer.members.map(\.name), entry.tier, now - learnt)
    }

    /// The workers that are cached for a service, as they were told.
    package func records(_ key: RouteKey) -> [WorkerRecord] { entries[key]?.balancer.members.map(\.record) ?? [] }

    /// What a worker is to the next call for `key`, given its record.
    package func explain(_ key: RouteKey, _ record: WorkerRecord, now: Instant) -> RouteExplanation.Candidate {
        func left(_ reason: String) -> RouteExplanation.Candidate {
            RouteExplanation.Candidate(
                worker: record.name, route: nil, load: record.load.fraction, cost: nil, isEligible: false, reason: reason)
        }
        if record.name == ownName { return left("this worker itself, which is asked before all others") }
        guard record.services.contains(where: { $0.name == key.service && $0.healthy }) else {
            return left("its service does not work now")
        }
        guard record.isRoutable else { return left("it is \(record.state)") }
        guard let member = Member(record, reach: reach) else { return left("it has no address that can be reached from here") }
        return (entries[key]?.balancer ?? Balancer(locality: locality)).explain(member, now: now)
    }

    /// Routes with workers in the cache.
    package var size: Int { entries.values.count { !$0.balancer.isEmpty } }

    /// The services that those are for.
    package var services: Set<String> { Set(entries.lazy.filter { !$0.value.balancer.isEmpty }.map(\.key.service)) }

    // MARK: Room

    /// Keeps the table within `Limits.cachedRoutes`: what is over goes first, then a quarter of those that nobody waits for,
    /// so that a flood of names pays for the clearing once in a thousand times.
    private mutating func makeRoom(now: Instant) {
        guard entries.count >= Limits.cachedRoutes else { return }
        entries = entries.filter { $0.value.isLookedUp || $0.value.isFresh(now: now) }
        guard entries.count >= Limits.cachedRoutes else { return }
        for idle in entries.filter({ !$0.value.isLookedUp }).keys.prefix(Limits.cachedRoutes / 4) { entries[idle] = nil }
    }
}

/// What is looked up: a service, at any worker or at a pinned one.
package struct RouteKey: Hashable, Sendable {
    package var service: String
    /// Empty for any.
    package var worker: String

    package init(service: String, worker: String = "") {
        self.service = service
        self.worker = worker
    }
}
