import DHT
import MeshTestKit
import Testing

@Suite struct SmallMeshTests {
    @Test func everyServiceIsFoundInAMeshThatIsWhole() {
        var plan = SimulationPlan(nodes: 50, seed: 7)
        plan.warmUp = .seconds(120)
        plan.duration = .seconds(120)
        var simulation = DHTSimulation(plan)
        let report = simulation.run()
        #expect(report.lookups > 50 && report.succeeded == report.lookups, "seed \(plan.seed)")
    }
}
