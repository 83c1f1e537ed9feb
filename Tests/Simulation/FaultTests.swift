import DHT
import MeshTestKit
import Testing
import Wire

/// Single misfortunes, and what the mesh makes of them.
@Suite struct FaultTests {
    /// A mesh of which each node knows the others, and in which nobody looks for anything by itself.
    private func mesh(_ nodes: Int, seed: UInt64, _ change: (inout SimulationPlan) -> Void = { _ in }) -> DHTSimulation {
        var plan = SimulationPlan(nodes: nodes, seed: seed)
        plan.joining = .seconds(5)
        plan.lookups = 0
        plan.providers = 1
        change(&plan)
        var simulation = DHTSimulation(plan)
        simulation.advance(by: .seconds(40))
        return simulation
    }

    @Test(arguments: 0..<5 as Range<UInt64>)
    func whatIsWithdrawnDoesNotComeBack(seed: UInt64) {
        var simulation = mesh(20, seed: seed) { $0.loss = 0.05 }
        let service = simulation.name(simulation.service(3))
        #expect(simulation.lookUp(service, from: 9).latency != nil)
        simulation.publish(3, sequence: 2, withdrawn: true)
        simulation.advance(by: .seconds(3))
        var times = 0
        for place in 4..<16 where !simulation.lookUp(service, from: place, want: 8).entries.isEmpty { times += 1 }
        #expect(times == 0, "seed \(seed)")
        simulation.advance(by: .seconds(100))
        #expect(simulation.lookUp(service, from: 8, want: 8).entries.isEmpty)
        simulation.publish(3, sequence: 3)
        simulation.advance(by: .seconds(5))
        #expect(simulation.lookUp(service, from: 8).latency != nil)
    }

    @Test func whoFallsSilentIsGoneAfterNinetySeconds() {
        var simulation = mesh(20, seed: 2)
        let service = simulation.name(simulation.service(3))
        simulation.kill(3)
        simulation.advance(by: .seconds(1))
        #expect(!simulation.lookUp(service, from: 9).entries.isEmpty, "nobody has noticed yet")
        simulation.advance(by: .seconds(91))
        #expect(simulation.lookUp(service, from: 9).entries.isEmpty)
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func whoFallsSilentIsGoneThreeSecondsAfterAHint(seed: UInt64) throws {
        var simulation = mesh(30, seed: seed)
        // Whoever held the entry while the mesh came together has forgotten it.
        simulation.advance(by: .seconds(200))
        let service = simulation.name(simulation.service(3))
        // Stopped with its port bound: nothing is refused, nothing is answered.
        simulation.pause(3, for: .seconds(600))
        let held = try #require(simulation.lookUp(service, from: 9).entries.first)
        simulation.drive(9, .unreachable(held.entry))
        simulation.advance(by: .seconds(3))
        #expect(simulation.lookUp(service, from: 12, want: 8).entries.isEmpty, "seed \(seed)")
    }

    @Test func aHintAboutSomebodyWhoLivesChangesNothing() throws {
        var simulation = mesh(20, seed: 4)
        let service = simulation.name(simulation.service(3))
        let held = try #require(simulation.lookUp(service, from: 9).entries.first)
        simulation.drive(9, .unreachable(held.entry))
        simulation.advance(by: .seconds(5))
        #expect(!simulation.lookUp(service, from: 12).entries.isEmpty)
    }

    @Test(arguments: 0..<3 as Range<UInt64>)
    func aMeshThatCameApartIsOneAgain(seed: UInt64) {
        var simulation = mesh(24, seed: seed)
        for place in 0..<12 { simulation.network.sides[place] = 1 }
        simulation.network.cuts = [SimulatedCut(from: 0, to: 1), SimulatedCut(from: 1, to: 0)]
        simulation.advance(by: .seconds(180))
        let beyond = simulation.name(simulation.service(20))
        #expect(simulation.lookUp(beyond, from: 2).latency == nil)
        simulation.network.cuts = []
        simulation.advance(by: .seconds(150))
        for place in 0..<12 {
            let other = 12 + place
            #expect(simulation.lookUp(simulation.name(simulation.service(other)), from: place).latency != nil, "seed \(seed)")
            #expect(simulation.lookUp(simulation.name(simulation.service(place)), from: other).latency != nil, "seed \(seed)")
        }
    }

    @Test func whileDatagramsAreCutLinksAnswerAndDatagramsComeBack() throws {
        var simulation = mesh(20, seed: 6) { $0.hasLinks = true }
        simulation.network.carriesDatagrams = false
        for place in 0..<10 {
            let lookup = simulation.lookUp(simulation.name(simulation.service(place + 10)), from: place)
            let latency = try #require(lookup.latency)
            #expect(latency < .seconds(2))
        }
        simulation.advance(by: .seconds(60))
        #expect(simulation.nodes.allSatisfy { $0.machine.health.isDown })
        simulation.network.carriesDatagrams = true
        simulation.advance(by: .seconds(35))
        #expect(simulation.nodes.allSatisfy { $0.machine.health.isOK })
    }

    @Test func anHourOfOutageNeedsNoRestart() {
        var simulation = mesh(20, seed: 7)
        simulation.network.carriesDatagrams = false
        simulation.advance(by: .seconds(3_600))
        simulation.network.carriesDatagrams = true
        simulation.advance(by: .seconds(60))
        #expect(simulation.nodes.allSatisfy { $0.machine.health.isOK })
        #expect(simulation.nodes.allSatisfy { $0.machine.table.count > 10 })
        for place in 0..<10 {
            #expect(simulation.lookUp(simulation.name(simulation.service(place + 10)), from: place).latency != nil)
        }
    }

    @Test func clientsFindAndAreFoundAndAreInNobodysTable() {
        var simulation = mesh(30, seed: 8) { $0.clients = 0.3 }
        let clients = simulation.nodes.indices.filter { simulation.nodes[$0].isClient }
        #expect(clients.count > 3)
        for node in simulation.nodes {
            #expect(
                !node.machine.table.contacts.contains { contact in clients.contains { simulation.contact($0).nodeID == contact.nodeID } })
        }
        for client in clients {
            #expect(simulation.nodes[client].machine.isClient)
            let other = (client + 1) % 30
            #expect(simulation.lookUp(simulation.name(simulation.service(other)), from: client).latency != nil)
            #expect(simulation.lookUp(simulation.name(simulation.service(client)), from: other).entries.isEmpty == false)
        }
    }

    @Test func liarsHideNobody() {
        var simulation = mesh(40, seed: 9) { $0.liars = 0.2 }
        let honest = simulation.nodes.indices.filter { !simulation.nodes[$0].isLiar }
        var found = 0
        for (place, other) in zip(honest, honest.dropFirst()) {
            if simulation.lookUp(simulation.name(simulation.service(other)), from: place).latency != nil { found += 1 }
        }
        #expect(found == honest.count - 1)
    }

    @Test func nobodyIsEvictedWhileTheFaultIsOurs() {
        var simulation = mesh(30, seed: 10)
        let before = simulation.nodes[4].machine.table.count
        simulation.network.sides[4] = 1
        simulation.network.cuts = [SimulatedCut(from: 0, to: 1)]
        simulation.advance(by: .seconds(300))
        #expect(simulation.nodes[4].machine.health.isDown)
        #expect(simulation.nodes[4].machine.table.count == before)
    }
}
