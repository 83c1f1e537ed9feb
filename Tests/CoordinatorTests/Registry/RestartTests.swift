import Testing
import Transport
import Wire

@testable import Coordinator

/// What a registry is after a restart.
@Suite struct RestartTests {
    func restarted(_ before: RegistryFixture, _ names: [String]) throws -> RegistryFixture {
        let after = RegistryFixture(revision: 1_000)
        for name in names {
            let stored = try #require(before.stored(name))
            after.registry.restore(try StoredWorker(stored.encode()), now: after.now)
        }
        _ = after.takeTodo()
        return after
    }

    @Test func registrationsAreServedAndMarkedStale() throws {
        let before = RegistryFixture()
        try before.join(1, ["ocr"])
        _ = try before.joinHTTP("edge", ["ocr"])
        let after = try restarted(before, ["w1", "edge"])
        #expect(after.state("w1") == .stale)
        #expect(after.state("edge") == .stale)
        #expect(after.names("ocr").sorted() == ["edge", "w1"])
        #expect(after.resolve("w1")?.endpoints == [Endpoint(host: "10.0.0.1", port: 7_701)])
        #expect(after.list().map(\.healthyWorkers) == [2])
    }

    @Test func aWorkerThatComesBackIsOnlineAndKeepsItsAddress() throws {
        let before = RegistryFixture()
        try before.join(1, ["ocr"])
        let after = try restarted(before, ["w1"])
        let accepted = try after.register(RegistryFixture.member(1), RegistryFixture.registration(["ocr"]))
        #expect(accepted.reachable == true)
        #expect(after.state("w1") == .online)
        #expect(after.names("ocr") == ["w1"])
        after.pass(Limits.staleAfterRestart + .seconds(1), hearing: [1])
        #expect(after.names("ocr") == ["w1"])
    }

    @Test func aWorkerThatStaysAwayIsRemoved() throws {
        let before = RegistryFixture()
        try before.join(1, ["ocr"])
        let after = try restarted(before, ["w1"])
        after.pass(Limits.staleAfterRestart + .seconds(1))
        #expect(after.state("w1") == nil)
        #expect(after.takeTodo().dirty == ["w1"])
        #expect(after.isKnown("ocr"))
    }

    @Test func anHTTPWorkerIsBackWithAHeartbeat() throws {
        let before = RegistryFixture()
        _ = try before.joinHTTP("edge", nil, capabilities: ["worker_type": .text("cpu")])
        let after = try restarted(before, ["edge"])
        try after.beat("edge")
        #expect(after.state("edge") == .online)
        #expect(after.view("edge")?.registration?.services == nil)
        #expect(after.names("ner-extraction") == ["edge"])
        after.pass(.seconds(301))
        #expect(after.names("ner-extraction") == [])
    }

    /// The operator's decision holds for the run that it was made for: through a restart and a lost link, not through a new start.
    @Test func aDrainOutlivesTheRestart() throws {
        let before = RegistryFixture()
        try before.join(1, ["ocr"])
        _ = try before.joinHTTP("edge", ["ocr"])
        #expect(before.drain("w1") && before.drain("edge"))
        #expect(Set(before.takeTodo().drains) == ["w1", "edge"])
        let after = RegistryFixture(revision: 1_000)
        for (name, epoch) in before.drained { after.registry.restore(drained: name, bootEpoch: epoch) }
        for name in ["w1", "edge"] {
            let stored = try #require(before.stored(name))
            after.registry.restore(stored, now: after.now)
        }
        #expect(after.names("ocr") == [])
        try after.beat("edge")
        try after.join(1, ["ocr"])
        #expect(after.state("w1") == .draining && after.state("edge") == .draining)
        after.registry.linkDown(RegistryFixture.node(1), link: 1)
        #expect(after.state("w1") == nil)
        try after.join(1, ["ocr"])
        #expect(after.state("w1") == .draining, "only the link was lost")
        try after.join(1, ["ocr"], epoch: 2)
        try after.unregister("edge")
        _ = try after.joinHTTP("edge", ["ocr"])
        #expect(after.names("ocr").sorted() == ["edge", "w1"])
        #expect(after.drained.isEmpty)
    }

    @Test func aLinkOfAStaleWorkerThatEndsBeforeItRegistersSaysNothing() throws {
        let before = RegistryFixture()
        try before.join(1, ["ocr"])
        let after = try restarted(before, ["w1"])
        after.registry.linkUp(RegistryFixture.node(1), link: 5)
        after.registry.linkDown(RegistryFixture.node(1), link: 5)
        #expect(after.state("w1") == .stale)
    }

    @Test func storedRegistrationsComeBackWhole() throws {
        let fixture = RegistryFixture()
        var registration = HTTPRegistration(
            workerID: "edge", tunnelURL: "https://edge", capabilities: ["has_gpu": .bool(true), "n": .int(-4)])
        registration.services = ["ocr"]
        registration.servicesJSON = "[{\"name\": \"ocr\"}]"
        registration.containersJSON = "[]"
        registration.vpnIP = "10.8.0.2"
        registration.region = "eu"
        _ = try fixture.register(registration)
        let stored = try #require(fixture.stored("edge"))
        #expect(try StoredWorker(stored.encode()) == stored)
        #expect(stored.http == registration)
    }

    @Test func nothingThatChangesEverySecondAsksToBeStored() throws {
        let fixture = RegistryFixture()
        try fixture.join(1, ["ocr"])
        _ = try fixture.joinHTTP("edge", ["ocr"])
        _ = fixture.takeTodo()
        for second in 0..<30 {
            fixture.pass(.seconds(1), hearing: [1])
            fixture.load(1, ["ocr": LoadReport(inFlight: UInt32(second))])
            try fixture.beat("edge") { $0.currentLoad = Double(second) / 30 }
        }
        fixture.pass(.seconds(5))
        #expect(fixture.state("w1") == .suspected)
        #expect(fixture.takeTodo().dirty.isEmpty)
    }

    @Test func servicesAreLearnedOnce() throws {
        let fixture = RegistryFixture()
        _ = try fixture.register(RegistryFixture.member(1), RegistryFixture.registration(["own"]))
        #expect(fixture.takeTodo().learned == ["own"])
        _ = try fixture.register(RegistryFixture.member(2), RegistryFixture.registration(["own"]))
        #expect(fixture.takeTodo().learned == [])
        let after = RegistryFixture()
        after.registry.restore(service: "own")
        #expect(after.isKnown("own"))
        #expect(!after.isKnown("other"))
    }
}
