import MeshTestKit
import Testing
import Transport
import Wire

@testable import Coordinator

@Suite struct DiscoveryTests {
    @Test func theLeastLoadedComeFirst() throws {
        let fixture = RegistryFixture()
        for number in 1...5 {
            try fixture.join(number, ["ocr", "llm"])
            let busy = LoadReport(inFlight: UInt32(60 - number * 10), limit: 64)
            let calm = LoadReport(inFlight: UInt32(number), limit: 64)
            fixture.load(number, ["ocr": busy, "llm": calm])
        }
        fixture.pass(.milliseconds(500), hearing: Array(1...5))
        #expect(fixture.names("ocr") == ["w5", "w4", "w3", "w2", "w1"])
        #expect(fixture.names("llm") == ["w1", "w2", "w3", "w4", "w5"])
        #expect(fixture.names("llm", limit: 2) == ["w1", "w2"])
        #expect(fixture.discover("llm", limit: 2).total == 5)
        #expect(fixture.discover("ocr").workers.first?.load.inFlight == 10)
    }

    @Test func equalsTakeTurnsAtTheFront() throws {
        let fixture = RegistryFixture()
        for number in 1...8 { try fixture.join(number, ["ocr"]) }
        var first: Set<String> = []
        for _ in 0..<60 {
            fixture.pass(.seconds(1), hearing: Array(1...8))
            first.insert(fixture.names("ocr")[0])
        }
        #expect(first.count >= 4)
    }

    @Test func anAnswerIsKeptUntilSomethingChanges() throws {
        let fixture = RegistryFixture()
        for number in 1...3 { try fixture.join(number, ["ocr"]) }
        let stamp = fixture.stamp("ocr")
        #expect(fixture.stamp("ocr") == stamp)
        fixture.load(1, ["ocr": LoadReport(inFlight: 9)])
        #expect(fixture.stamp("ocr") == stamp)
        fixture.pass(.milliseconds(100), hearing: [1, 2, 3])
        let second = fixture.stamp("ocr")
        #expect(second != stamp)
        try fixture.join(4, ["llm"])
        #expect(fixture.stamp("ocr") == second)
        try fixture.join(4, ["llm", "ocr"])
        #expect(fixture.stamp("ocr") != second)
        #expect(fixture.names("ocr").count == 4)
        #expect(fixture.stamp("nobody") == 0)
    }

    @Test func knownIsNotTheSameAsThere() throws {
        let fixture = RegistryFixture()
        #expect(!fixture.discover("own").known)
        #expect(fixture.discover("llm-inference").known)
        try fixture.join(1, ["own"])
        fixture.registry.leave(RegistryFixture.node(1))
        #expect(fixture.discover("own").known)
        #expect(fixture.discover("own").total == 0)
    }

    /// The bytes of `mesh.discover` are what the answer would encode to.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func theEncodedAnswerIsTheAnswer(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let fixture = RegistryFixture()
        for number in 0..<40 { try fixture.join(number, ["ocr"]) }
        for _ in 0..<200 {
            let number = Int(random.next() % 40)
            switch random.next() % 4 {
            case 0: fixture.load(number, ["ocr": LoadReport(inFlight: UInt32(random.next() % 100), limit: 64)])
            case 1: fixture.pass(.milliseconds(Int64(random.next() % 1_500)), hearing: Array(0..<40))
            case 2: try fixture.join(number, random.next() % 2 == 0 ? ["ocr", "llm"] : ["ocr"])
            default: _ = fixture.drain("w\(number)")
            }
            let limit = Int(random.next() % 50)
            let encoded = try fixture.registry.encodedDiscover("ocr", limit: limit, now: fixture.now)
            let decoded = try DiscoverAnswer(encoded)
            var expected = fixture.discover("ocr", limit: limit)
            // The list that is kept whole says the age and load at its making, the bytes say those of now.
            expected.workers = expected.workers.enumerated().map { index, worker in
                var worker = worker
                guard index < decoded.workers.count else { return worker }
                worker.load = decoded.workers[index].load
                worker.ageMilliseconds = decoded.workers[index].ageMilliseconds
                return worker
            }
            #expect(decoded == expected, "seed \(seed)")
        }
    }

    @Test func anAnswerTooLongForAMessageEndsEarly() throws {
        let fixture = RegistryFixture()
        for number in 0..<60 {
            var registration = RegistryFixture.registration(["ocr"])
            for index in 0..<50 { registration.capabilities["\(index)"] = .text(String(repeating: "x", count: 1_000)) }
            _ = try fixture.register(RegistryFixture.member(number), registration)
            fixture.answerProbes { _ in true }
        }
        let answer = try DiscoverAnswer(fixture.registry.encodedDiscover("ocr", limit: 100, now: fixture.now))
        #expect(answer.total == 60)
        #expect(1..<60 ~= answer.workers.count)
    }

    @Test func aStaleWorkerComesBehindALivingOne() throws {
        let before = RegistryFixture()
        try before.join(1, ["ocr"])
        let fixture = RegistryFixture()
        fixture.registry.restore(try #require(before.stored("w1")), now: fixture.now)
        try fixture.join(2, ["ocr"])
        fixture.load(2, ["ocr": LoadReport(inFlight: 1_000, limit: 1)])
        fixture.pass(.milliseconds(200), hearing: [2])
        #expect(fixture.names("ocr") == ["w2", "w1"])
    }
}
