import MeshTestKit
import Testing
import Transport
import Wire
import Worker

/// The cache, its single flight and its counters, in virtual time.
@Suite struct RouteTableTests {
    let key = RouteKey(service: "echo")
    var clock = VirtualClock()
    var random = SeededRandom(seed: 7)

    func table(reach: Reach = [.wire, .http]) -> RouteTable<Int> {
        RouteTable(ownName: "self", locality: Locality(), reach: reach)
    }

    mutating func request(_ table: inout RouteTable<Int>, _ key: RouteKey? = nil, waiter: Int = 0) -> RouteTable<Int>.OnRequest {
        table.request(key ?? self.key, waiter: waiter, random: random.next(), now: clock.now)
    }

    /// A table in which `records` were found over the wire.
    mutating func filled(_ records: [WorkerRecord]) -> RouteTable<Int> {
        var table = table()
        _ = request(&table)
        _ = table.settle(key, .found(.wire, answer(records)), now: clock.now)
        return table
    }

    @Test mutating func aStampedeMakesOneLookup() {
        var table = table()
        var lookups = 0
        for waiter in 0..<1_000 {
            switch request(&table, waiter: waiter) {
            case .lookUp: lookups += 1
            case .wait: break
            default: Issue.record("nothing is known yet")
            }
        }
        #expect(lookups == 1)
        let settlement = table.settle(key, .found(.wire, answer([record("a")])), now: clock.now)
        #expect(settlement.waiters == Array(0..<1_000))
        #expect(settlement.refusal == nil)
        #expect(table.statistics.cacheMisses == 1)
        #expect(table.statistics.wireLookups == 1)
        #expect(table.statistics.cacheHits == 999)
        expect(table.choose(key, random: 0, now: clock.now)?.member.name, is: "a")
    }

    @Test mutating func hitsUntilTheMinuteIsOver() {
        var table = filled([record("a")])
        guard case .use = request(&table) else { return #expect(Bool(false), "a hit") }
        clock.advance(by: Limits.routeCache - .nanoseconds(1))
        guard case .use = request(&table) else { return #expect(Bool(false), "still a hit") }
        clock.advance(by: .nanoseconds(1))
        guard case .lookUp = request(&table) else { return #expect(Bool(false), "expired") }
        #expect(table.statistics.cacheHits == 2)
    }

    @Test mutating func lookupsAreCountedUnderTheTierThatAnswered() {
        for (tier, counter) in [
            (RouteTier.dht, \RoutingStatistics.dhtLookups), (.wire, \.wireLookups), (.http, \.httpLookups),
        ] {
            var table = table()
            _ = request(&table)
            _ = table.settle(key, .found(tier, answer([record("a")])), now: clock.now)
            #expect(table.statistics[keyPath: counter] == 1)
            #expect(table.statistics.dhtLookups + table.statistics.wireLookups + table.statistics.httpLookups == 1)
        }
    }

    @Test mutating func behindTheDHTSomebodyKnowsMore() {
        var table = table()
        _ = request(&table)
        _ = table.settle(key, .found(.dht, answer([record("a")])), now: clock.now)
        clock.advance(by: .milliseconds(5))
        let sentAt = clock.now
        clock.advance(by: .milliseconds(5))
        func further(_ waiter: Int) -> RouteTable<Int>.OnRequest? {
            table.requestFurther(key, sentAt: sentAt, waiter: waiter, random: 0, now: clock.now)
        }
        guard case .lookUp = further(1), case .wait = further(2) else { return #expect(Bool(false), "one lookup, and one that waits") }
        let settlement = table.settle(key, .found(.wire, answer([record("b")])), now: clock.now)
        #expect(settlement.waiters == [1, 2])
        guard case .use(let choice, _) = further(3) else { return #expect(Bool(false), "it is known by now") }
        #expect(choice.member.name == "b")
        #expect(table.statistics.dhtLookups == 1 && table.statistics.wireLookups == 1)
    }

    @Test mutating func behindACoordinatorNobodyKnowsMore() {
        var table = filled([record("a")])
        clock.advance(by: .milliseconds(5))
        #expect(!table.mayGoFurther(key, sentAt: clock.now))
        if case .some = table.requestFurther(key, sentAt: clock.now, waiter: 1, random: 0, now: clock.now) {
            Issue.record("nobody is left to be asked")
        }
    }

    @Test mutating func theSumsHold() {
        var table = table()
        var requests: UInt64 = 0
        var waiting: [RouteKey: Int] = [:]
        for round in 0..<5_000 {
            let key = RouteKey(service: "s\(random.next() % 5)")
            if random.next() % 4 == 0, waiting[key] != nil {
                waiting[key] = nil
                let outcomes: [LookupChain.Outcome] = [
                    .found(.wire, answer([record("a", services: [key.service])])), .found(.http, answer([record("a", services: [])])),
                    .nobody(.wire, known: false), .failed(CallError(.unreachable)),
                ]
                _ = table.settle(key, outcomes[Int(random.next() % 4)], now: clock.now)
            } else {
                requests += 1
                switch request(&table, key, waiter: round) {
                case .lookUp, .wait: waiting[key, default: 0] += 1
                case .use, .refuse: break
                }
            }
            clock.advance(by: .milliseconds(Int(random.next() % 2_000)))
        }
        for key in waiting.keys { _ = table.settle(key, .nobody(.wire, known: true), now: clock.now) }
        let counted = table.statistics
        #expect(counted.cacheHits + counted.cacheMisses == requests, "seed \(random.seed)")
        let lookups = counted.wireLookups + counted.httpLookups + counted.dhtLookups
        #expect(lookups <= counted.cacheMisses)
        #expect(counted.cacheMisses <= lookups + counted.failedRequests, "seed \(random.seed)")
    }

    @Test mutating func unknownAndUnavailableDiffer() {
        for (known, code) in [(false, ErrorCode.notFound), (true, .unavailable)] {
            var table = table()
            _ = request(&table)
            let settlement = table.settle(key, .nobody(.wire, known: known), now: clock.now)
            #expect(settlement.refusal?.code == code)
            guard case .refuse(let again) = request(&table) else { return #expect(Bool(false), "believed for a second") }
            #expect(again.code == code)
            clock.advance(by: Limits.negativeRouteCache)
            guard case .lookUp = request(&table) else { return #expect(Bool(false), "asked again") }
        }
    }

    @Test mutating func withoutACoordinatorTheOldRouteServes() {
        var table = filled([record("a")])
        clock.advance(by: Limits.routeCache)
        guard case .lookUp = request(&table) else { return #expect(Bool(false), "expired") }
        let settlement = table.settle(key, .failed(CallError(.unreachable)), now: clock.now)
        #expect(settlement.refusal == nil)
        expect(table.choose(key, random: 0, now: clock.now)?.member.name, is: "a")
        #expect(table.statistics.cacheHits == 1, "the old route is the cache's")

        guard case .use(_, refresh: false) = request(&table) else { return #expect(Bool(false), "nobody waits, nobody asks again yet") }
        clock.advance(by: Limits.staleRouteRetry)
        guard case .use(_, refresh: true) = request(&table) else { return #expect(Bool(false), "one asks, and does not wait") }
        guard case .use(_, refresh: false) = request(&table) else { return #expect(Bool(false), "one question at a time") }
        _ = table.settle(key, .found(.wire, answer([record("b")])), now: clock.now)
        #expect(table.cached(key, now: clock.now)?.workers == ["b"])
        #expect(table.statistics.cacheHits == 4 && table.statistics.cacheMisses == 1)

        clock.advance(by: Limits.staleRouteCache)
        _ = request(&table)
        #expect(table.settle(key, .failed(CallError(.unreachable)), now: clock.now).refusal?.code == .unavailable)
    }

    @Test mutating func anUnansweredLookupIsNotNotFound() {
        var table = table()
        _ = request(&table)
        _ = table.settle(key, .failed(CallError(.unreachable)), now: clock.now)
        guard case .refuse(let error) = request(&table) else { return #expect(Bool(false), "believed for a second") }
        #expect(error.code == .unavailable)
    }

    @Test mutating func pushedChangesReachTheCache() {
        var table = filled([record("a")])
        table.apply(.changed(revision: 2, record("b")), now: clock.now)
        table.apply(.removed(revision: 3, name: "a"), now: clock.now)
        #expect(table.cached(key, now: clock.now)?.workers == ["b"])
        table.apply(.changed(revision: 4, record("b", state: .suspected)), now: clock.now)
        #expect(table.cached(key, now: clock.now) == nil)
        guard case .lookUp = request(&table) else { return #expect(Bool(false), "an empty route is asked for") }
    }

    @Test mutating func aServiceThatIsGoneOrUnhealthyLeavesTheRoute() {
        var table = filled([record("a"), record("b")])
        table.apply(.changed(revision: 2, record("a", services: ["other"])), now: clock.now)
        #expect(table.cached(key, now: clock.now)?.workers == ["b"])
        var sick = record("b")
        sick.services[0].healthy = false
        table.apply(.changed(revision: 3, sick), now: clock.now)
        #expect(table.cached(key, now: clock.now) == nil)
    }

    @Test mutating func aSnapshotReplaces() {
        var table = filled([record("a"), record("b")])
        table.apply(.snapshot(revision: 9, [record("b"), record("c"), record("d", services: ["other"])]), now: clock.now)
        #expect(table.cached(key, now: clock.now)?.workers == ["b", "c"])
    }

    // MSG-6.3
    @Test mutating func anUnfinishedSnapshotIsNotTheWhole() {
        var table = filled([record("a"), record("b")])
        table.apply(.snapshot(revision: 0, [record("b")]), now: clock.now)
        table.apply(.changed(revision: 0, record("c")), now: clock.now)
        #expect(table.cached(key, now: clock.now)?.workers == ["a", "b"])
        table.apply(.changed(revision: 9, record("d")), now: clock.now)
        #expect(table.cached(key, now: clock.now)?.workers == ["b", "c", "d"])
        table.apply(.changed(revision: 10, record("a")), now: clock.now)
        #expect(table.cached(key, now: clock.now)?.workers.sorted() == ["a", "b", "c", "d"])
    }

    @Test mutating func aNewWorkerEndsANegativeAnswer() {
        var table = table()
        _ = request(&table)
        _ = table.settle(key, .nobody(.wire, known: true), now: clock.now)
        table.apply(.changed(revision: 2, record("a")), now: clock.now)
        guard case .lookUp = request(&table) else { return #expect(Bool(false), "asked again at once") }
    }

    @Test mutating func aWorkerIsNotItsOwnNeighbour() {
        var table = table()
        _ = request(&table)
        let settlement = table.settle(key, .found(.wire, answer([record("self")])), now: clock.now)
        #expect(settlement.refusal?.code == .unavailable)
        table.apply(.changed(revision: 2, record("self")), now: clock.now)
        #expect(table.cached(key, now: clock.now) == nil)
    }

    @Test mutating func aPinnedWorkerIsTheOnlyCandidate() {
        var table = table()
        let pinned = RouteKey(service: "echo", worker: "b")
        _ = request(&table, pinned)
        _ = table.settle(pinned, .found(.wire, answer([record("a"), record("b")])), now: clock.now)
        #expect(table.cached(pinned, now: clock.now)?.workers == ["b"])
        table.apply(.changed(revision: 2, record("a")), now: clock.now)
        #expect(table.cached(pinned, now: clock.now)?.workers == ["b"])
    }

    @Test mutating func onlyWhatCanBeReachedIsACandidate() {
        for (reach, expected) in [
            (Reach.wire, ["wire": Route.direct, "hidden": .relay]), (.http, ["http": .http, "both": .http]),
            ([.wire, .http], ["wire": .direct, "http": .http, "both": .direct, "hidden": .relay]),
        ] {
            var table = table(reach: reach)
            var both = record("both")
            both.tunnelURL = "http://both:8000"
            if reach == .wire { both.endpoints = [] }
            var hidden = record("hidden")
            hidden.endpoints = []
            hidden.relays = [RelayRecord(nodeID: Bytes32(), endpoints: [])]
            _ = request(&table)
            _ = table.settle(key, .found(.wire, answer([record("wire"), httpRecord("http"), both, hidden])), now: clock.now)
            var found: [String: Route] = [:]
            while let choice = table.choose(key, excluding: Array(found.keys), random: 0, now: clock.now) {
                found[choice.member.name] = choice.member.route
            }
            #expect(found == expected)
        }
    }

    @Test mutating func namesFromCallersDoNotFillTheMemory() {
        var table = table()
        for number in 0..<Limits.cachedRoutes * 2 {
            let key = RouteKey(service: "s\(number)")
            _ = request(&table, key)
            _ = table.settle(key, .found(.wire, answer([record("a", services: [key.service])])), now: clock.now)
            if number % 512 == 0 { #expect(table.size <= Limits.cachedRoutes) }
        }
        #expect(table.size <= Limits.cachedRoutes)
        #expect(table.size > 0)
    }

    @Test mutating func tooManyWaitersAreRefused() {
        var table = table()
        for waiter in 0..<Limits.lookupWaiters { _ = request(&table, waiter: waiter) }
        guard case .refuse(let error) = request(&table) else { return #expect(Bool(false), "full") }
        #expect(error.code == .overloaded)
        #expect(error.retryAfterMilliseconds != nil)
    }
}
