import Testing
import Transport
import Wire

@testable import Coordinator

/// Workers that speak HTTP only.
@Suite struct RegistryHTTPTests {
    @Test func aWorkerThatNamesItsServicesGetsThose() throws {
        let fixture = RegistryFixture()
        let answer = try fixture.joinHTTP("edge", ["llm-inference", "own", "own"], capabilities: ["has_gpu": .bool(true)])
        #expect(answer.assigned == ["llm-inference", "own"])
        #expect(answer.workerType == .gpu)
        #expect(answer.tier == 1)
        #expect(answer.configurations.map(\.name) == ["llm-inference"])
        #expect(fixture.names("own") == ["edge"])
        #expect(fixture.resolve("edge")?.tunnelURL == "http://edge:8000")
        #expect(fixture.resolve("edge")?.nodeID == nil)
    }

    @Test func aWorkerThatNamesNoneGetsWhatIsNeeded() throws {
        let fixture = RegistryFixture()
        let first = try fixture.joinHTTP("a", nil, capabilities: ["worker_type": .text("cpu")])
        #expect(first.assigned == ["ner-extraction", "document-processing", "notes-coa"])
        let again = try fixture.joinHTTP("a", nil, capabilities: ["worker_type": .text("cpu")])
        #expect(again.assigned == first.assigned)
        let gpu = try fixture.joinHTTP("g", nil, capabilities: ["has_gpu": .bool(true)])
        #expect(gpu.assigned == ["llm-inference", "vision-ocr", "rag-embeddings"])
    }

    @Test func itIsHealthyFor300SecondsAndRemovedAt600() throws {
        let fixture = RegistryFixture()
        _ = try fixture.joinHTTP("edge", ["ocr"])
        fixture.pass(.seconds(299))
        #expect(fixture.names("ocr") == ["edge"])
        fixture.pass(.seconds(2))
        #expect(fixture.names("ocr") == [])
        #expect(fixture.state("edge") == .suspected)
        try fixture.beat("edge")
        #expect(fixture.names("ocr") == ["edge"])
        fixture.pass(.seconds(599))
        #expect(fixture.state("edge") == .suspected)
        fixture.pass(.seconds(2))
        #expect(fixture.state("edge") == nil)
        #expect(throws: CallError.self) { try fixture.beat("edge") }
    }

    @Test func aHeartbeatSetsTheLoadAndKeepsWhatItDoesNotSay() throws {
        let fixture = RegistryFixture()
        _ = try fixture.joinHTTP("a", ["ocr"])
        _ = try fixture.joinHTTP("b", ["ocr"])
        try fixture.beat("a") { beat in
            beat.currentLoad = 0.75
            beat.activeRequests = 3
            beat.status = "degraded"
        }
        fixture.pass(.seconds(1))
        #expect(fixture.names("ocr") == ["b", "a"])
        #expect(fixture.discover("ocr").workers.map(\.load.fraction) == [0, 0.75])
        try fixture.beat("a") { $0.gpuUtilization = 0.5 }
        let view = fixture.view("a")
        #expect(view?.status == "degraded")
        #expect(view?.activeRequests == 3)
        #expect(view?.currentLoad == 0.75)
        #expect(view?.heartbeat?.gpuUtilization == 0.5)
    }

    @Test(arguments: [-1, .nan, .infinity, -.infinity, 1e300] as [Double])
    func aLoadThatIsNoneDoesNoHarm(load: Double) throws {
        let fixture = RegistryFixture()
        _ = try fixture.joinHTTP("a", ["ocr"])
        try fixture.beat("a") { $0.currentLoad = load }
        let fraction = try #require(fixture.discover("ocr").workers.first?.load.fraction)
        #expect(fraction.isFinite && fraction >= 0)
    }

    @Test func unregisteringRemoves() throws {
        let fixture = RegistryFixture()
        _ = try fixture.joinHTTP("edge", ["ocr"])
        try fixture.registry.unregister("edge")
        #expect(fixture.names("ocr") == [])
        #expect(throws: CallError.self) { try fixture.unregister("edge") }
    }

    @Test func nobodyTakesTheNameOfAWorkerWithALink() throws {
        let fixture = RegistryFixture()
        try fixture.join(1, ["ocr"])
        #expect(throws: CallError.self) { try fixture.joinHTTP("w1", ["llm"]) }
        #expect(throws: CallError.self) { try fixture.beat("w1") }
        #expect(throws: CallError.self) { try fixture.unregister("w1") }
        #expect(fixture.names("ocr") == ["w1"])
    }

    @Test func aCertificateTakesTheNameOfAnHTTPWorker() throws {
        let fixture = RegistryFixture()
        _ = try fixture.joinHTTP("w1", ["llm"])
        try fixture.join(1, ["ocr"])
        #expect(fixture.names("llm") == [])
        #expect(fixture.names("ocr") == ["w1"])
        #expect(fixture.resolve("w1")?.nodeID == RegistryFixture.node(1))
    }

    @Test(arguments: ["", "a b", "a/b", "é", String(repeating: "a", count: 129)])
    func aNameThatIsNoneIsRefused(name: String) {
        let fixture = RegistryFixture()
        #expect(throws: CallError.self) { try fixture.joinHTTP(name, ["ocr"]) }
        #expect(throws: CallError.self) { try fixture.joinHTTP("edge", [name]) }
    }

    @Test func aLongFragmentIsRefused() {
        let fixture = RegistryFixture()
        var registration = HTTPRegistration(workerID: "edge", tunnelURL: "http://edge:8000")
        registration.containersJSON = String(repeating: "x", count: Limits.jsonFragment + 1)
        #expect(throws: CallError.self) { try fixture.register(registration) }
    }

    @Test func registeringAgainEndsAVeto() throws {
        let fixture = RegistryFixture()
        _ = try fixture.joinHTTP("edge", ["ocr"])
        try fixture.health("edge", "ocr", false)
        #expect(fixture.names("ocr") == [])
        _ = try fixture.joinHTTP("edge", ["ocr"])
        #expect(fixture.names("ocr") == ["edge"])
    }

    @Test func listsAndGapsCountHealthyWorkers() throws {
        let fixture = RegistryFixture()
        _ = try fixture.joinHTTP("a", ["llm-inference", "own"])
        try fixture.join(2, ["llm-inference"])
        #expect(
            fixture.list() == [
                ServiceSummary(name: "llm-inference", healthyWorkers: 2, tier: 1, requires: "gpu"),
                ServiceSummary(name: "own", healthyWorkers: 1, tier: 0, requires: "unknown"),
            ])
        #expect(fixture.members().map(\.workers) == [["a", "w2"], ["a"]])
        let gap = try #require(fixture.gaps().first { $0.service == "llm-inference" })
        #expect(gap.status == .ok)
        fixture.pass(.seconds(5))
        #expect(fixture.list().map(\.healthyWorkers) == [1, 1])
        #expect(fixture.counts() == (2, 1))
        #expect(fixture.gaps().first { $0.service == "llm-inference" }?.status == .warning)
    }
}
