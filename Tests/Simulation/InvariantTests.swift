import DHT
import MeshTestKit
import Testing
import Wire

/// What must hold in every mesh, whatever happens to it: many seeds, each with its own size and its own misfortunes.
@Suite struct InvariantTests {
    /// A mesh as a seed makes it.
    static func plan(_ seed: UInt64) -> SimulationPlan {
        var random = SeededRandom(seed: seed)
        var plan = SimulationPlan(nodes: 10 + Int(random.next() % 15), seed: seed)
        plan.joining = .seconds(5)
        plan.warmUp = .seconds(30)
        plan.duration = .seconds(30)
        plan.loss = [0, 0.02, 0.1][Int(random.next() % 3)]
        plan.skew = [0, 0.05][Int(random.next() % 2)]
        plan.lookups = 4
        plan.providers = 3
        return plan
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func whatIsOfferedIsFoundAndEverythingIsBounded(seed: UInt64) {
        var simulation = DHTSimulation(Self.plan(seed))
        let report = simulation.run()
        #expect(report.lookups > 5 && report.succeeded >= report.lookups - 1, "seed \(seed): \(report.succeeded) of \(report.lookups)")
        for node in simulation.nodes {
            #expect(!node.machine.health.isDown, "seed \(seed)")
            #expect(node.machine.table.count < simulation.nodes.count && node.machine.records.count <= simulation.nodes.count)
            for (_, held, _) in node.machine.records.all(now: Instant(nanoseconds: 0)) {
                #expect(held.entry.nodeID == held.entry.provider.nodeID)
            }
        }
    }

    /// The same seed is the same run, to the last datagram; another one is another.
    @Test func theSameSeedIsTheSameRun() {
        func trace(_ seed: UInt64) -> UInt64 {
            var plan = Self.plan(seed)
            plan.seed = seed
            plan.nodes = 20
            var simulation = DHTSimulation(plan)
            return simulation.run().trace
        }
        #expect(trace(5) == trace(5))
        #expect(trace(5) != trace(6))
    }

    @Test(arguments: [100, 200, 500])
    func largerMeshesToo(nodes: Int) {
        var plan = SimulationPlan(nodes: nodes, seed: UInt64(nodes))
        plan.joining = .seconds(10)
        plan.warmUp = .seconds(30)
        plan.duration = .seconds(20)
        plan.loss = 0.01
        var simulation = DHTSimulation(plan)
        let report = simulation.run()
        #expect(report.lookups > nodes / 8 && report.success > 0.99, "\(report.succeeded) of \(report.lookups)")
    }
}
