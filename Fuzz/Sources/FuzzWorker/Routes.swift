import FuzzKit
import Transport
import Wire

@testable import Worker

extension FuzzTarget {
    static let routes = FuzzTarget("Routes", length: 800) { input in
        var run = RoutesRun()
        while !input.isEmpty { run.step(&input) }
    }
}

/// A route table, the requests that wait in it, and what it was told.
private struct RoutesRun {
    private static let keys =
        Workers.services.map { RouteKey(service: $0) } + [RouteKey(service: "a", worker: "w1"), RouteKey(service: "a", worker: "own")]

    private var table = RouteTable<Int>(ownName: "own", locality: Locality(), reach: [.wire, .http])
    private var now = Instant(nanoseconds: 1_000_000_000_000)
    private var nextWaiter = 0
    /// Who waits, by key; and the keys that somebody must settle.
    private var waiting: [RouteKey: [Int]] = [:]
    private var lookups: Set<RouteKey> = []
    private var open: [(key: RouteKey, choice: Balancer.Choice)] = []
    /// Requests that were counted as a hit or a miss.
    private var counted: UInt64 = 0
    /// Workers that nobody has told of since they were said to be gone.
    private var gone: Set<String> = []

    mutating func step(_ input: inout FuzzInput) {
        let key = Self.keys[input.choice(Self.keys.count)]
        switch input.choice(8) {
        case 0, 1, 2: request(key, &input)
        case 3: settle(key, &input)
        case 4: push(&input)
        case 5:
            let excluded = [Workers.names[input.choice(Workers.names.count)]]
            if let choice = table.choose(key, excluding: excluded, random: input.number(), now: now) {
                precondition(!excluded.contains(choice.member.name))
                used(key, choice)
            }
        case 6: if !open.isEmpty { end(open.remove(at: input.choice(open.count)), &input) }
        default: now = now + input.wait()
        }
        check()
    }

    private mutating func request(_ key: RouteKey, _ input: inout FuzzInput) {
        let waiter = nextWaiter
        nextWaiter += 1
        switch table.request(key, waiter: waiter, random: input.number(), now: now) {
        case .use(let choice, let refresh):
            counted += 1
            if refresh { precondition(lookups.insert(key).inserted, "two lookups of one route") }
            used(key, choice)
        case .lookUp:
            precondition(lookups.insert(key).inserted, "two lookups of one route")
            waiting[key, default: []].append(waiter)
        case .wait:
            precondition(lookups.contains(key), "waits for a lookup that nobody makes")
            waiting[key, default: []].append(waiter)
        case .refuse: counted += 1
        }
    }

    private mutating func used(_ key: RouteKey, _ choice: Balancer.Choice) {
        let record = choice.member.record
        precondition(record.name != "own", "a call forwarded to oneself")
        precondition(record.isRoutable && record.services.contains { $0.name == key.service && $0.healthy })
        precondition(key.worker.isEmpty || key.worker == record.name, "a call for another worker")
        precondition(!gone.contains(record.name), "a call for a worker that is gone")
        if open.count < 64 { open.append((key, choice)) } else { table.withBalancer(key) { $0.ended(choice) } }
    }

    private mutating func settle(_ key: RouteKey, _ input: inout FuzzInput) {
        guard lookups.remove(key) != nil else { return }
        let outcome: LookupChain.Outcome
        switch input.choice(3) {
        case 0: outcome = .nobody(.wire, known: input.flag())
        case 1: outcome = .failed(CallError(.unavailable))
        default:
            let records = (0..<input.choice(5)).map { _ in Workers.record(&input) }
            gone.subtract(records.map(\.name))
            outcome = .found(
                [.dht, .wire, .http][input.choice(3)], DiscoverAnswer(revision: 1, known: true, total: 1, workers: records))
        }
        let settlement = table.settle(key, outcome, now: now)
        precondition(settlement.waiters == waiting[key] ?? [], "each waiter is told, in order")
        counted += UInt64(settlement.waiters.count)
        waiting[key] = nil
        if settlement.refusal == nil, !settlement.waiters.isEmpty {
            guard let choice = table.choose(key, random: input.number(), now: now) else { fatalError("promised somebody, has nobody") }
            used(key, choice)
        }
    }

    private mutating func push(_ input: inout FuzzInput) {
        switch input.choice(3) {
        case 0:
            let records = (0..<input.choice(5)).map { _ in Workers.record(&input) }
            gone = Set(Workers.names).subtracting(records.map(\.name))
            table.apply(.snapshot(revision: 1, records), now: now)
        case 1:
            let record = Workers.record(&input)
            gone.remove(record.name)
            table.apply(.changed(revision: 1, record), now: now)
        default:
            let name = Workers.names[input.choice(Workers.names.count)]
            gone.insert(name)
            table.apply(.removed(revision: 1, name: name), now: now)
        }
    }

    private mutating func end(_ call: (key: RouteKey, choice: Balancer.Choice), _ input: inout FuzzInput) {
        let code = Workers.codes[input.choice(Workers.codes.count)]
        let isFailure = input.flag()
        let now = now
        table.withBalancer(call.key) { balancer in
            if isFailure { balancer.failed(call.choice, code, retryAfter: nil, now: now) }
            balancer.ended(call.choice)
        }
    }

    private func check() {
        let statistics = table.statistics
        precondition(statistics.cacheHits + statistics.cacheMisses == counted, "each request is one hit or one miss")
        let answered = statistics.wireLookups + statistics.httpLookups + statistics.dhtLookups
        precondition(statistics.cacheMisses <= answered + statistics.failedRequests, "each miss was looked up or failed")
        precondition(table.size <= Self.keys.count && table.services.count <= Workers.services.count)
        for key in Self.keys {
            guard let cached = table.cached(key, now: now) else { continue }
            precondition(Set(cached.workers).count == cached.workers.count, "a worker stands twice in a route")
            precondition(!cached.workers.contains("own") && gone.isDisjoint(with: cached.workers))
            precondition(key.worker.isEmpty || cached.workers == [key.worker])
        }
    }
}
