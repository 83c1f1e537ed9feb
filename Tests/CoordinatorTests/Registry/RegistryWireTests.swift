import Testing
import Transport
import Wire

@testable import Coordinator

/// Workers with a link.
@Suite struct RegistryWireTests {
    // MSG-3.4, MSG-3.1
    @Test func aWorkerIsHandedOutOnceItWasDialledBack() throws {
        let fixture = RegistryFixture()
        let member = RegistryFixture.member(1)
        let accepted = try fixture.register(member, RegistryFixture.registration(["ocr"]))
        #expect(accepted.name == "w1")
        #expect(accepted.observed == member.observed)
        #expect(accepted.reachable == nil)
        #expect(fixture.names("ocr") == [])
        let probes = fixture.takeTodo().probes
        #expect(probes.map(\.endpoint) == [Endpoint(host: "10.0.0.1", port: 7_701)])
        #expect(probes.map(\.nodeID) == [member.nodeID])
        for probe in probes { fixture.registry.probed(probe, reachable: true, now: fixture.now) }
        #expect(fixture.names("ocr") == ["w1"])
        #expect(fixture.resolve("w1")?.endpoints == [Endpoint(host: "10.0.0.1", port: 7_701)])
    }

    @Test func aWorkerThatCannotBeDialledIsMarkedAndTriedAgain() throws {
        let fixture = RegistryFixture()
        try fixture.join(1, ["ocr"], reachable: false)
        #expect(fixture.state("w1") == .unreachable)
        #expect(fixture.names("ocr") == [])
        #expect(fixture.discover("ocr").known)
        fixture.pass(.seconds(29), hearing: [1])
        #expect(fixture.answerProbes { _ in true } == 0)
        fixture.pass(.seconds(2), hearing: [1])
        #expect(fixture.answerProbes { _ in true } == 1)
        #expect(fixture.state("w1") == .online)
        #expect(fixture.names("ocr") == ["w1"])
    }

    // RELAY-1.1
    @Test func relaysAreNamedOnceTheDialBacksHaveEnded() throws {
        let fixture = RegistryFixture()
        let relay = RelayRecord(nodeID: RegistryFixture.member(9).nodeID, endpoints: [Endpoint(host: "10.0.0.9", port: 7_700)])
        fixture.registry.relays = [relay]
        var registration = RegistryFixture.registration(["ocr"])
        #expect(try fixture.register(RegistryFixture.member(2), registration).relays == [])
        #expect(fixture.answerProbes { _ in false } == 1)
        #expect(fixture.state("w2") == .unreachable, "it does not say that it answers circuits")
        registration.circuits = true
        #expect(try fixture.register(RegistryFixture.member(1), registration).relays == [relay])  // RELAY-1.3
        #expect(fixture.names("ocr") == [] && fixture.resolve("w1")?.relays == [])
        #expect(fixture.answerProbes { _ in false } == 1)
        #expect(fixture.state("w1") == .online && fixture.names("ocr") == ["w1"])
        #expect(fixture.resolve("w1")?.relays == [relay] && fixture.resolve("w1")?.endpoints == [])
        fixture.pass(.seconds(31), hearing: [1, 2])
        #expect(fixture.answerProbes { _ in true } == 2)
        #expect(fixture.resolve("w1")?.relays == [relay] && fixture.resolve("w1")?.endpoints.count == 1)
    }

    @Test func addressesThatOnlyItsNeighboursReachAreNotProbed() throws {
        let fixture = RegistryFixture()
        var registration = RegistryFixture.registration(["ocr"])
        registration.advertised = ["127.0.0.1:1", "169.254.1.1:2", "0.0.0.0:3", "localhost:4", "10.0.0.1:0"].compactMap { Endpoint($0) }
        _ = try fixture.register(RegistryFixture.member(1), registration)
        #expect(fixture.takeTodo().probes.isEmpty)
        #expect(fixture.state("w1") == .unreachable)
        _ = try fixture.register(RegistryFixture.member(2, from: "127.0.0.1"), registration)
        let endpoints = fixture.takeTodo().probes.map(\.endpoint.description)
        #expect(endpoints == ["127.0.0.1:1", "169.254.1.1:2", "localhost:4"])
    }

    @Test func aChangedAddressIsProbedOnceAndNotAtOnceAgain() throws {
        let fixture = RegistryFixture()
        try fixture.join(1, ["ocr"])
        var probes = 0
        for port in 1...50 {
            let registration = RegistryFixture.registration(["ocr"], port: UInt16(port))
            _ = try fixture.register(RegistryFixture.member(1), registration)
            probes += fixture.answerProbes { _ in false }
            fixture.pass(.milliseconds(200), hearing: [1])
            probes += fixture.answerProbes { _ in false }
        }
        #expect(probes <= 3)
    }

    // MSG-5.1
    @Test func silenceSuspectsAndRemoves() throws {
        let fixture = RegistryFixture()
        try fixture.join(1, ["ocr"])
        try fixture.join(2, ["ocr"])
        fixture.pass(.seconds(3), hearing: [2])
        #expect(fixture.state("w1") == .suspected)
        #expect(fixture.names("ocr") == ["w2"])
        fixture.pass(.seconds(26), hearing: [2])
        #expect(fixture.state("w1") == .suspected)
        fixture.pass(.seconds(2), hearing: [2])
        #expect(fixture.state("w1") == nil)
        #expect(fixture.state("w2") == .online)
    }

    @Test func aSuspectThatIsHeardIsRoutedToAgain() throws {
        let fixture = RegistryFixture()
        try fixture.join(1, ["ocr"])
        fixture.pass(.seconds(5))
        #expect(fixture.names("ocr") == [])
        fixture.registry.heard(RegistryFixture.node(1), now: fixture.now)
        #expect(fixture.names("ocr") == ["w1"])
    }

    @Test func theEndOfItsLastLinkRemovesAWorkerAtOnce() throws {
        let fixture = RegistryFixture()
        try fixture.join(1, ["ocr"])
        fixture.registry.linkUp(RegistryFixture.node(1), link: 99)
        fixture.registry.linkDown(RegistryFixture.node(1), link: 1)
        #expect(fixture.names("ocr") == ["w1"])
        fixture.registry.linkDown(RegistryFixture.node(1), link: 1)
        #expect(fixture.names("ocr") == ["w1"])
        fixture.registry.linkDown(RegistryFixture.node(1), link: 99)
        #expect(fixture.names("ocr") == [])
        #expect(fixture.state("w1") == nil)
        #expect(fixture.isKnown("ocr"))
        #expect(fixture.takeTodo().dirty == ["w1"])
    }

    // MSG-3.9
    @Test func aDrainingWorkerGetsNothingNewUntilItStartsAgain() throws {
        let fixture = RegistryFixture()
        try fixture.join(1, ["ocr"])
        #expect(fixture.drain("w1"))
        #expect(!fixture.drain("w9"))
        #expect(fixture.state("w1") == .draining)
        #expect(fixture.names("ocr") == [])
        try fixture.join(1, ["ocr"], epoch: 1)
        #expect(fixture.state("w1") == .draining)
        try fixture.join(1, ["ocr"], epoch: 2)
        #expect(fixture.state("w1") == .online)
    }

    // MSG-3.10
    @Test func leavingRemovesAtOnce() throws {
        let fixture = RegistryFixture()
        try fixture.join(1, ["ocr"])
        fixture.registry.leave(RegistryFixture.node(1))
        #expect(fixture.state("w1") == nil)
    }

    @Test func servicesThatAreGoneAreNotHandedOut() throws {
        let fixture = RegistryFixture()
        try fixture.join(1, ["ocr", "llm"])
        try fixture.join(1, ["llm", "rag"])
        #expect(fixture.names("ocr") == [])
        #expect(fixture.names("llm") == ["w1"])
        #expect(fixture.names("rag") == ["w1"])
        #expect(fixture.list().map(\.name) == ["llm", "rag"])
    }

    // MSG-3.8
    @Test func loadsOfServicesThatAreNotOfferedAreIgnored() throws {
        let fixture = RegistryFixture()
        try fixture.join(1, ["ocr"])
        fixture.load(1, ["llm": LoadReport(inFlight: 7)])
        #expect(fixture.resolve("w1")?.load == LoadReport())
        #expect(fixture.names("llm") == [] && fixture.names("ocr") == ["w1"])
    }

    // MSG-5.1
    @Test func aServiceThatItsWorkerFindsIllIsNotHandedOut() throws {
        let fixture = RegistryFixture()
        try fixture.join(1, ["ocr", "llm"])
        let ill = ServiceLoad(service: "ocr", healthy: false, load: LoadReport())
        fixture.registry.report(LoadUpdate(services: [ill]), from: RegistryFixture.node(1), now: fixture.now)
        #expect(fixture.names("ocr") == [])
        #expect(fixture.names("llm") == ["w1"])
        let well = ServiceLoad(service: "ocr", healthy: true, load: LoadReport())
        fixture.registry.report(LoadUpdate(services: [well]), from: RegistryFixture.node(1), now: fixture.now)
        #expect(fixture.names("ocr") == ["w1"])
    }

    @Test func aFailedHealthCheckTakesAServiceOut() throws {
        let fixture = RegistryFixture()
        try fixture.join(1, ["ocr", "llm"])
        try fixture.health("w1", "ocr", false)
        #expect(fixture.names("ocr") == [])
        #expect(fixture.names("llm") == ["w1"])
        try fixture.join(1, ["ocr", "llm"])
        #expect(fixture.names("ocr") == [])
        try fixture.health("w1", "ocr", true)
        #expect(fixture.names("ocr") == ["w1"])
        #expect(throws: CallError.self) { try fixture.health("w1", "rag", true) }
        #expect(throws: CallError.self) { try fixture.health("w9", "ocr", true) }
    }

    // MSG-3.2, MSG-3.3
    @Test func whatCannotBePassedOnIsRefused() throws {
        let fixture = RegistryFixture()
        var registration = RegistryFixture.registration(["ocr"])
        registration.tunnelURL = "ftp://example"
        #expect(throws: CallError.self) {
            try fixture.register(RegistryFixture.member(1), registration)
        }
        registration.tunnelURL = "http://example/\r\nX: y"
        #expect(throws: CallError.self) {
            try fixture.register(RegistryFixture.member(1), registration)
        }
        registration.tunnelURL = nil
        for index in 0..<100 { registration.capabilities["\(index)"] = .text(String(repeating: "x", count: 1_024)) }
        #expect(throws: CallError.self) {
            try fixture.register(RegistryFixture.member(1), registration)
        }
        #expect(fixture.state("w1") == nil)
        var client = RegistryFixture.member(2)
        client.roles = .client
        #expect(throws: CallError.self) {
            try fixture.register(client, RegistryFixture.registration([]))
        }
    }

    @Test func aNameThatMovedToAnotherNodeIsTheNewOnes() throws {
        let fixture = RegistryFixture()
        try fixture.join(1, ["ocr"])
        var member = RegistryFixture.member(2)
        member.name = "w1"
        _ = try fixture.register(member, RegistryFixture.registration(["llm"]))
        fixture.answerProbes { _ in true }
        #expect(fixture.names("ocr") == [])
        #expect(fixture.names("llm") == ["w1"])
        fixture.registry.linkDown(RegistryFixture.node(1), link: 1)
        #expect(fixture.names("llm") == ["w1"])
    }
}
