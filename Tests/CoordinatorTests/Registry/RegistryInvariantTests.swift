import MeshTestKit
import Testing
import Transport
import Wire

@testable import Coordinator

/// Whatever happens in whatever order, the tables of the registry agree with each other.
@Suite struct RegistryInvariantTests {
    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func tablesAgree(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let fixture = RegistryFixture()
        for _ in 0..<800 {
            try step(fixture, &random)
            if random.next() % 8 == 0 { check(fixture, seed) }
        }
        check(fixture, seed)
        fixture.pass(.seconds(700))
        check(fixture, seed)
        #expect(fixture.counts() == (0, 0), "nobody was heard: seed \(seed)")
        #expect(fixture.registry.tiers.values.allSatisfy { $0 == 0 })
    }

    private func step(_ fixture: RegistryFixture, _ random: inout SeededRandom) throws {
        let number = Int(random.next() % 12)
        let services = (0..<3).filter { _ in random.next() % 2 == 0 }.map { "s\($0)" }
        let node = RegistryFixture.node(number)
        switch random.next() % 13 {
        case 0, 1: try fixture.join(number, services, reachable: random.next() % 3 != 0, epoch: random.next() % 3)
        case 2: fixture.registry.linkDown(node, link: UInt64(number))
        case 3: fixture.registry.leave(node)
        case 4: _ = fixture.drain("w\(number)")
        case 5: _ = try? fixture.joinHTTP("w\(number)", services, capabilities: ["has_gpu": .bool(random.next() % 2 == 0)])
        case 6: try? fixture.unregister("w\(number)")
        case 7: try? fixture.beat("w\(number)") { $0.currentLoad = random.fraction() }
        case 8: try? fixture.health("w\(number)", "s0", random.next() % 2 == 0)
        case 9: fixture.load(number, ["s1": LoadReport(inFlight: UInt32(random.next() % 50), limit: 10)])
        case 10: if let stored = fixture.stored("w\(number)") { fixture.registry.restore(stored, now: fixture.now) }
        case 11: _ = fixture.answerProbes { _ in random.next() % 2 == 0 }
        default: fixture.pass(.milliseconds(Int64(random.next() % 4_000)), hearing: Array(0..<Int(random.next() % 12)))
        }
    }

    private func check(_ fixture: RegistryFixture, _ seed: UInt64) {
        let entries = (0..<fixture.registry.entries.end).compactMap { fixture.registry.entries[index: $0] }
        #expect(entries.count == fixture.counts().total, "seed \(seed)")
        #expect(fixture.registry.byName.count == entries.count)
        var nodes = 0
        for entry in entries {
            #expect(fixture.registry.byName[entry.record.name] == entry.slot)
            #expect(fixture.registry.liveness.lastHeard(entry.slot) != nil)
            if case .wire(let node) = entry.kind {
                nodes += 1
                #expect(fixture.registry.byNode[node] == entry.slot)
            }
        }
        #expect(fixture.registry.byNode.count == nodes)
        #expect(fixture.registry.httpWorkers == entries.count - nodes)
        for (tier, count) in fixture.registry.tiers {
            let found = entries.filter { $0.tier == tier }.count
            #expect(found == count, "tier \(tier), seed \(seed)")
        }
        for (name, index) in fixture.registry.services {
            #expect(index.members == Set(entries.filter { $0.offered.contains { $0.name == name } }.map(\.slot.index)))
            let healthy = Set(entries.filter { $0.serves(name) }.map(\.record.name))
            #expect(Set(fixture.names(name)) == healthy, "seed \(seed)")
            #expect(fixture.list().first { $0.name == name }.map { Int($0.healthyWorkers) } ?? 0 == healthy.count)
        }
    }
}
