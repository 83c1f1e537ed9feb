import MeshTestKit
import Testing
import Wire
import Worker

/// The balancer against simulated workers in virtual time.
@Suite struct BalancerTests {
    static let seeds: [UInt64] = [1, 2, 3, 0xDEAD_BEEF]

    /// Workers with a number of places each; calls arrive evenly and take the worker's time. A worker that fails answers
    /// at once.
    struct Simulation {
        struct Server {
            var time: Duration
            var failureShare = 0.0
            var places: UInt32 = 8
        }
        enum Event {
            case arrival(Int)
            case end(Balancer.Choice, took: Duration, failed: Bool)
        }

        var balancer = Balancer(locality: Locality())
        var servers: [String: Server]
        var busy: [String: UInt32] = [:]
        var served: [String: Int] = [:]
        var worst: [String: UInt32] = [:]
        var queue = EventQueue<Event>()
        var random: SeededRandom

        init(seed: UInt64, servers: [String: Server]) {
            random = SeededRandom(seed: seed)
            self.servers = servers
            let records = servers.keys.sorted().map { record($0, limit: servers[$0]?.places ?? 8) }
            balancer.replace(with: records.compactMap(member), now: queue.now)
        }

        mutating func run(calls: Int, every gap: Duration) {
            queue.schedule(.arrival(calls), after: .zero)
            while let event = queue.next() {
                switch event {
                case .arrival(let left):
                    begin()
                    if left > 1 { queue.schedule(.arrival(left - 1), after: gap) }
                case .end(let choice, let took, let failed): end(choice, took, failed)
                }
            }
        }

        private mutating func begin() {
            guard let choice = balancer.choose(random: random.next(), now: queue.now) else { return }
            let name = choice.member.name
            let server = servers[name] ?? Server(time: .zero)
            busy[name, default: 0] += 1
            served[name, default: 0] += 1
            worst[name] = max(worst[name] ?? 0, busy[name] ?? 0)
            let fails = random.fraction() < server.failureShare
            let took = fails ? Duration.microseconds(100) : server.time
            queue.schedule(.end(choice, took: took, failed: fails), after: took)
        }

        private mutating func end(_ choice: Balancer.Choice, _ took: Duration, _ failed: Bool) {
            let name = choice.member.name
            let load = LoadReport(inFlight: busy[name] ?? 0, limit: servers[name]?.places ?? 0)
            balancer.answered(choice, after: took, load: load, isFailure: failed, now: queue.now)
            balancer.ended(choice)
            busy[name, default: 1] -= 1
        }
    }

    @Test(arguments: seeds) func equalWorkersShareEvenly(seed: UInt64) {
        let servers = Dictionary(uniqueKeysWithValues: (0..<10).map { ("w\($0)", Simulation.Server(time: .milliseconds(10))) })
        var simulation = Simulation(seed: seed, servers: servers)
        simulation.run(calls: 10_000, every: .microseconds(200))  // 50 at once, 80 places
        for (name, count) in simulation.served { #expect((700...1_300).contains(count), "\(name): \(count), seed \(seed)") }
        #expect(simulation.served.count == 10, "seed \(seed)")
        let worst = simulation.worst.values.max() ?? 0
        #expect(worst <= 10, "two choices keep the fullest near the mean of 5: \(worst), seed \(seed)")
    }

    @Test(arguments: seeds) func aFastFailingWorkerDoesNotAttract(seed: UInt64) {
        var simulation = Simulation(
            seed: seed,
            servers: [
                "a": .init(time: .milliseconds(20)), "b": .init(time: .milliseconds(20)), "c": .init(time: .milliseconds(20)),
                "bad": .init(time: .milliseconds(20), failureShare: 1),
            ])
        simulation.run(calls: 10_000, every: .milliseconds(2))
        let bad = simulation.served["bad"] ?? 0
        #expect(bad < 200, "\(bad) of 10,000 calls went to a worker that fails, seed \(seed)")
        #expect(bad > 0, "it is tried, or it could never come back")
    }

    @Test(arguments: seeds) func aWorkerThatFailsHalfTheTimeGetsLess(seed: UInt64) {
        var simulation = Simulation(
            seed: seed, servers: ["good": .init(time: .milliseconds(20)), "flaky": .init(time: .milliseconds(20), failureShare: 0.5)])
        simulation.run(calls: 5_000, every: .milliseconds(5))
        let flaky = simulation.served["flaky"] ?? 0
        #expect(flaky < 500, "\(flaky), seed \(seed)")
    }

    @Test(arguments: seeds) func aSlowWorkerGetsLess(seed: UInt64) {
        var simulation = Simulation(
            seed: seed, servers: ["fast": .init(time: .milliseconds(10)), "slow": .init(time: .milliseconds(100))])
        simulation.run(calls: 5_000, every: .milliseconds(3))
        let (fast, slow) = (simulation.served["fast"] ?? 0, simulation.served["slow"] ?? 0)
        #expect(fast > slow * 5, "\(fast) to \(slow), seed \(seed)")
    }

    @Test(arguments: seeds) func reportedLoadOfOthersCounts(seed: UInt64) throws {
        var balancer = Balancer(locality: Locality())
        let clock = VirtualClock()
        var busy = record("busy")
        busy.load = LoadReport(inFlight: 8, limit: 8, queued: 4)
        balancer.replace(with: [busy, record("idle")].compactMap(member), now: clock.now)
        var random = SeededRandom(seed: seed)
        for _ in 0..<8 {
            let choice = try require(balancer.choose(random: random.next(), now: clock.now))
            #expect(choice.member.name == "idle", "seed \(seed)")
            balancer.ended(choice)
        }
    }

    @Test(arguments: seeds) func nearnessDecidesUntilTheNearOneIsFull(seed: UInt64) {
        var balancer = Balancer(locality: Locality(region: "eu", zone: "a"))
        let clock = VirtualClock()
        let records = [record("near", region: "eu", zone: "a", limit: 2), record("far", region: "us", zone: "x", limit: 2)]
        balancer.replace(with: records.compactMap(member), now: clock.now)
        var random = SeededRandom(seed: seed)
        let first = (0..<2).map { _ in balancer.choose(random: random.next(), now: clock.now)?.member.name }
        #expect(first == ["near", "near"], "seed \(seed)")
        // Far beyond what its queue can be: the round trip to the other region is the smaller evil.
        var names: [String?] = []
        for _ in 0..<400 { names.append(balancer.choose(random: random.next(), now: clock.now)?.member.name) }
        #expect(names.contains("far"), "seed \(seed)")
    }

    @Test func aMeasuredRoundTripBeatsTheRegion() {
        var balancer = Balancer(locality: Locality(region: "eu"))
        let clock = VirtualClock()
        balancer.replace(with: [record("a", region: "eu"), record("b", region: "us")].compactMap(member), now: clock.now)
        balancer.measured("a", roundTrip: .milliseconds(300))
        balancer.measured("b", roundTrip: .milliseconds(10))
        for word in UInt64(0)..<8 {
            let choice = balancer.choose(random: 1 << 63 | word << 32 | word, now: clock.now)
            #expect(choice?.member.name == "b")
            if let choice { balancer.ended(choice) }
        }
    }

    @Test(arguments: seeds) func ejectionIsCappedAtHalf(seed: UInt64) {
        for count in 1...7 {
            var balancer = Balancer(locality: Locality())
            var clock = VirtualClock()
            var random = SeededRandom(seed: seed)
            balancer.replace(with: (0..<count).compactMap { member(record("w\($0)")) }, now: clock.now)
            for _ in 0..<500 {
                guard let choice = balancer.choose(random: random.next(), now: clock.now) else { continue }
                balancer.failed(choice, .linkLost, retryAfter: nil, now: clock.now)
                balancer.ended(choice)
                clock.advance(by: .milliseconds(1))
                #expect(balancer.ejected(now: clock.now).count <= count / 2, "of \(count), seed \(seed)")
            }
            #expect(balancer.ejected(now: clock.now).count == count / 2, "of \(count), seed \(seed)")
        }
    }

    @Test func ejectionGrowsAndEnds() throws {
        var balancer = Balancer(locality: Locality())
        var clock = VirtualClock()
        balancer.replace(with: ["a", "b"].compactMap { member(record($0)) }, now: clock.now)
        func failA(_ times: Int) throws {
            for _ in 0..<times {
                let choice = try require(balancer.choose(excluding: ["b"], random: 0, now: clock.now))
                balancer.failed(choice, .unreachable, retryAfter: nil, now: clock.now)
                balancer.ended(choice)
            }
        }
        try failA(Limits.ejectAfterFailures - 1)
        #expect(balancer.ejected(now: clock.now).isEmpty)
        try failA(1)
        #expect(balancer.ejected(now: clock.now) == ["a"])
        clock.advance(by: Limits.ejectionTime)
        #expect(balancer.ejected(now: clock.now).isEmpty)
        try failA(1)
        clock.advance(by: Limits.ejectionTime)
        #expect(balancer.ejected(now: clock.now) == ["a"], "one failure ejects it again, for longer")
        clock.advance(by: Limits.ejectionTime)
        #expect(balancer.ejected(now: clock.now).isEmpty)
    }

    @Test func errorsOfTheCallerAreNotTheWorkers() throws {
        var balancer = Balancer(locality: Locality())
        let clock = VirtualClock()
        balancer.replace(with: ["a", "b"].compactMap { member(record($0)) }, now: clock.now)
        for code in [ErrorCode.cancelled, .badRequest, .tooLarge, .permissionDenied, .hopsExhausted] {
            for _ in 0..<20 {
                let choice = try require(balancer.choose(excluding: ["b"], random: 0, now: clock.now))
                balancer.failed(choice, code, retryAfter: nil, now: clock.now)
                balancer.ended(choice)
            }
        }
        #expect(balancer.ejected(now: clock.now).isEmpty)
    }

    @Test func drainingAndOverloadedWorkersComeLast() throws {
        for code in [ErrorCode.draining, .overloaded, .notFound] {
            var balancer = Balancer(locality: Locality())
            let clock = VirtualClock()
            balancer.replace(with: ["a", "b"].compactMap { member(record($0)) }, now: clock.now)
            let choice = try require(balancer.choose(excluding: ["b"], random: 0, now: clock.now))
            balancer.failed(choice, code, retryAfter: nil, now: clock.now)
            balancer.ended(choice)
            for word in UInt64(0)..<4 { expect(balancer.choose(random: word, now: clock.now)?.member.name, is: "b") }
            expect(balancer.choose(excluding: ["b"], random: 0, now: clock.now)?.member.name, is: "a")
        }
    }

    @Test func whatIsKnownStaysWithTheProcess() throws {
        var balancer = Balancer(locality: Locality())
        let clock = VirtualClock()
        func failing() throws -> Bool {
            for _ in 0..<Limits.ejectAfterFailures {
                let choice = try require(balancer.choose(excluding: ["b"], random: 0, now: clock.now))
                balancer.failed(choice, .linkLost, retryAfter: nil, now: clock.now)
                balancer.ended(choice)
            }
            return balancer.ejected(now: clock.now) == ["a"]
        }
        balancer.replace(with: ["a", "b"].compactMap { member(record($0)) }, now: clock.now)
        expect(try failing(), is: true)
        balancer.replace(with: ["b", "a", "c"].compactMap { member(record($0)) }, now: clock.now)
        #expect(balancer.ejected(now: clock.now) == ["a"], "the same process")
        balancer.update(try require(member(record("a", bootEpoch: 2))), now: clock.now)
        #expect(balancer.ejected(now: clock.now).isEmpty, "a new process starts with a clean slate")
    }

    @Test func endsOfCallsToThoseThatLeftAreIgnored() throws {
        var balancer = Balancer(locality: Locality())
        let clock = VirtualClock()
        balancer.replace(with: ["a"].compactMap { member(record($0)) }, now: clock.now)
        let old = try require(balancer.choose(random: 0, now: clock.now))
        balancer.remove("a")
        #expect(balancer.isEmpty)
        expect(balancer.choose(random: 0, now: clock.now)?.member.name, is: nil)
        balancer.update(try require(member(record("a"))), now: clock.now)
        balancer.ended(old)
        balancer.failed(old, .linkLost, retryAfter: nil, now: clock.now)
        expect(balancer.choose(random: 0, now: clock.now)?.member.name, is: "a")
    }

    @Test func theTableIsBounded() {
        var balancer = Balancer(locality: Locality())
        let clock = VirtualClock()
        balancer.replace(with: (0..<500).compactMap { member(record("w\($0)")) }, now: clock.now)
        #expect(balancer.members.count == Limits.discoverSample)
        if let more = member(record("more")) { balancer.update(more, now: clock.now) }
        #expect(balancer.members.count == Limits.discoverSample)
    }

    /// A source that names a worker twice must not make two of it: the calls of one would be counted at the other.
    @Test func aWorkerThatIsNamedTwiceStandsOnce() throws {
        var balancer = Balancer(locality: Locality())
        let now = Instant(nanoseconds: 1)
        let twice = try #require(member(record("a")))
        balancer.replace(with: [twice, twice], now: now)
        balancer.replace(with: [twice, twice], now: now)
        #expect(balancer.members.map(\.name) == ["a"])
    }
}
