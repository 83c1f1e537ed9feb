import Testing
import Wire

@testable import Coordinator

@Suite struct AssignmentTests {
    func names(_ type: WorkerType, peers: Int = 0, covered: [String: Int] = [:]) -> [String] {
        Assignment.services(for: type, in: .standard, peers: peers) { covered[$0] ?? 0 }.map(\.name)
    }

    @Test func aGPUWorkerTakesEveryServiceWithoutCoverage() {
        let all = ["llm-inference", "vision-ocr", "rag-embeddings", "ner-extraction", "document-processing", "notes-coa"]
        #expect(names(.gpu) == all)
        #expect(names(.gpu, peers: 10, covered: ["llm-inference": 1, "notes-coa": 2]) == Array(all[1...4]))
    }

    @Test func aGPUWorkerTakesTheNeediestWhereAllAreCovered() {
        var covered = ["llm-inference": 2, "vision-ocr": 1, "rag-embeddings": 1]
        for name in ["ner-extraction", "document-processing", "notes-coa"] { covered[name] = 1 }
        #expect(names(.gpu, covered: covered) == ["vision-ocr"])
    }

    /// Three cpu services, five storage services.
    @Test(arguments: [(0, 3), (1, 3), (2, 2), (3, 1), (9, 1)])
    func theMorePeersTheFewerServices(peers: Int, count: Int) { #expect(names(.cpu, peers: peers).count == count) }

    @Test(arguments: [(0, 3), (2, 3), (3, 2), (4, 2), (5, 1)])
    func theSameForStorage(peers: Int, count: Int) { #expect(names(.storage, peers: peers).count == count) }

    @Test func theLeastCoveredComeFirstThenPriority() {
        #expect(names(.cpu) == ["ner-extraction", "document-processing", "notes-coa"])
        #expect(names(.cpu, covered: ["ner-extraction": 1]) == ["document-processing", "notes-coa", "ner-extraction"])
        #expect(names(.edge) == ["coordinator", "edge-proxy", "load-balancer"])
    }

    @Test(
        arguments: [
            (["has_gpu": .bool(true), "has_storage": .bool(true)], WorkerType.gpu, 1),
            (["worker_type": .text("gpu")], .gpu, 1),
            (["has_edge": .bool(true), "worker_type": .text("storage")], .edge, 4),
            (["has_public_ip": .bool(true)], .edge, 4),
            (["worker_type": .text("edge")], .edge, 4),
            (["has_storage": .int(1)], .storage, 3),
            (["worker_type": .text("storage")], .storage, 3),
            (["worker_type": .text("cpu")], .cpu, 2),
            (["has_gpu": .bool(false)], .cpu, 3),
            ([:], .cpu, 3),
        ] as [([String: CapabilityValue], WorkerType, UInt8)])
    func theTypeFollowsFromTheCapabilities(capabilities: [String: CapabilityValue], type: WorkerType, tier: UInt8) {
        #expect(WorkerType(capabilities: capabilities) == type)
        #expect(type.tier(capabilities: capabilities) == tier)
    }

    @Test func gapsComeWorstFirst() {
        let covered = ["llm-inference": 2, "vision-ocr": 1, "redis": 1, "chromadb": 3]
        let gaps = Catalogue.standard.gaps { covered[$0] ?? 0 }
        #expect(gaps.count == 14)
        let order = gaps.map(\.status)
        #expect(order == order.sorted())
        #expect(gaps.filter { $0.status == .warning }.map(\.service) == ["vision-ocr", "redis"])
        #expect(gaps.filter { $0.status == .ok }.map(\.service) == ["llm-inference", "chromadb"])
        let critical = gaps.filter { $0.status == .critical }
        #expect(critical.map(\.priority) == critical.map(\.priority).sorted())
        #expect(critical.first?.service == "coordinator")
    }

    @Test func aNameThatStandsTwiceCountsOnce() {
        let first = Catalogue.Entry("a", tier: 1, requires: .gpu, priority: 1, port: 1)
        let second = Catalogue.Entry("a", tier: 2, requires: .cpu, priority: 2, port: 2)
        let catalogue = Catalogue([first, second])
        #expect(catalogue.entries == [first])
        #expect(catalogue["a"] == first)
        #expect(catalogue["b"] == nil)
    }
}
