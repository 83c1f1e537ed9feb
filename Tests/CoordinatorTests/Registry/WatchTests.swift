import MeshTestKit
import Testing
import Transport
import Wire

@testable import Coordinator

@Suite struct WatchTests {
    /// A watcher that applies what it reads.
    struct Mirror {
        var cursor: WatchCursor
        var reader = MessageReader()
        var records: [String: WorkerRecord] = [:]
        var revision: UInt64 = 0
        var isLagging = false

        mutating func read(_ fixture: RegistryFixture, budget: Int) throws {
            switch try fixture.registry.read(&cursor, budget: budget, now: fixture.now) {
            case .lagging: isLagging = true
            case .messages(let bytes):
                reader.append(bytes)
                while let message = try reader.next() { apply(try WatchEvent(message)) }
                #expect(reader.isAtBoundary)
            }
        }

        mutating func apply(_ event: WatchEvent) {
            switch event {
            case .snapshot(_, let all): records = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
            case .changed(_, let record): records[record.name] = record
            case .removed(_, let name): records[name] = nil
            }
            if event.revision > 0 {
                #expect(event.revision > revision)
                revision = event.revision
            }
        }
    }

    // MSG-6.4, MSG-6.6
    /// Whatever happens, and however slowly it reads, a watcher ends with what the registry has.
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func everyWatcherEndsWithTheTruth(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let fixture = RegistryFixture()
        var mirrors: [Mirror] = []
        for _ in 0..<600 {
            try step(fixture, &random)
            if random.next() % 60 == 0 {
                let filter: Set<String> = random.next() % 2 == 0 ? [] : ["s\(random.next() % 4)"]
                mirrors.append(Mirror(cursor: WatchCursor(filter: filter, from: fixture.registry.revision)))
            }
            for index in mirrors.indices where random.next() % 4 == 0 {
                try mirrors[index].read(fixture, budget: Int(random.next() % 400))
            }
        }
        for var mirror in mirrors {
            for _ in 0..<2_000 { try mirror.read(fixture, budget: 200) }
            #expect(!mirror.isLagging)
            #expect(mirror.revision <= fixture.registry.revision)
            let expected = fixture.registry.views(includingUnhealthy: true, now: fixture.now, wall: 0).map(\.record)
                .filter { record in mirror.cursor.filter.isEmpty || record.services.contains { mirror.cursor.filter.contains($0.name) } }
            #expect(mirror.records.values.map(timeless).sorted { $0.name < $1.name } == expected.map(timeless), "seed \(seed)")
        }
    }

    private func step(_ fixture: RegistryFixture, _ random: inout SeededRandom) throws {
        let number = Int(random.next() % 25)
        let services = (0..<4).filter { _ in random.next() % 2 == 0 }.map { "s\($0)" }
        switch random.next() % 8 {
        case 0, 1, 2: try fixture.join(number, services, reachable: random.next() % 5 != 0)
        case 3: fixture.registry.leave(RegistryFixture.node(number))
        case 4: _ = fixture.drain("w\(number)")
        case 5: _ = try fixture.joinHTTP("h\(number)", services)
        case 6: try? fixture.registry.unregister("h\(number)")
        default: fixture.pass(.milliseconds(Int64(random.next() % 2_000)), hearing: Array(0..<15))
        }
    }

    private func timeless(_ record: WorkerRecord) -> WorkerRecord {
        var record = record
        record.load = LoadReport()
        record.ageMilliseconds = 0
        return record
    }

    // MSG-6.2
    @Test func aSnapshotOfManyComesInPiecesThatSayWhereTheyEnd() throws {
        let fixture = RegistryFixture()
        for number in 0..<3_000 { try fixture.join(number, ["ocr"]) }
        var mirror = Mirror(cursor: WatchCursor(filter: [], from: fixture.registry.revision))
        var pieces = 0
        while mirror.revision == 0 {
            try mirror.read(fixture, budget: 32 << 10)
            pieces += 1
        }
        #expect(pieces > 3)
        #expect(mirror.records.count == 3_000)
        #expect(mirror.revision == fixture.registry.revision)
    }

    // MSG-6.1
    @Test func anEmptyRegistryHasASnapshotToo() throws {
        let fixture = RegistryFixture(revision: 9)
        var mirror = Mirror(cursor: WatchCursor(filter: [], from: fixture.registry.revision))
        try mirror.read(fixture, budget: 1_000)
        #expect(mirror.revision == 9)
        #expect(mirror.records.isEmpty)
    }

    @Test func loadsAndSignsOfLifeAreNoNews() throws {
        let fixture = RegistryFixture()
        try fixture.join(1, ["ocr"])
        let revision = fixture.registry.revision
        _ = fixture.takeTodo()
        fixture.load(1, ["ocr": LoadReport(inFlight: 3)])
        fixture.pass(.seconds(2), hearing: [1])
        _ = try fixture.register(RegistryFixture.member(1), RegistryFixture.registration(["ocr"]))
        #expect(fixture.registry.revision == revision)
        #expect(!fixture.takeTodo().hasNews)
    }

    // MSG-6.7
    @Test func aWatcherThatIsTooLateIsTold() throws {
        let fixture = RegistryFixture()
        fixture.registry.log = ChangeLog(capacity: 10)
        fixture.registry.log.restart(after: 100)
        var mirror = Mirror(cursor: WatchCursor(filter: [], from: fixture.registry.revision))
        try mirror.read(fixture, budget: 1_000)
        for number in 0..<30 { try fixture.join(number, ["ocr"]) }
        try mirror.read(fixture, budget: 1_000)
        #expect(mirror.isLagging)
    }
}
