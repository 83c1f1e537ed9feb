import DHT
import MeshTestKit
import Testing
import Wire

@Suite struct RecordStoreTests {
    private let now = Kit.epoch
    private let key = Bytes32.serviceKey("ocr")

    private func given(_ store: RecordStore, _ key: Bytes32, at time: Instant, count: Int = 8) -> [ProviderEntry] {
        var random = SeededRandom(seed: 1)
        return store.sample(key, count: count, now: time, using: &random).entries.map(\.entry)
    }

    // DHT-3.6
    /// Whatever the order in which the entries of a provider arrive, the same one is left.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func mergingDoesNotDependOnOrder(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let entries = (0..<12).map { step in
            Kit.entry(
                by: Kit.id(UInt64(step % 3)), incarnation: 1 + random.next() % 3, sequence: random.next() % 4,
                withdrawn: random.next() % 4 == 0)
        }
        var outcomes: Set<[String]> = []
        for _ in 0..<20 {
            var store = RecordStore()
            var shuffled = entries
            shuffled.shuffle(using: &random)
            // Equal versions of one provider do not differ in a mesh: the first of each stands for all.
            for entry in shuffled {
                let same = entries.first { $0.nodeID == entry.nodeID && $0.version == entry.version } ?? entry
                _ = store.store(same, key: key, split: 0, now: now)
            }
            let held = store.all(now: now).map { "\($0.held.entry.nodeID) \($0.held.entry.version) \($0.held.entry.offer.isWithdrawn)" }
            outcomes.insert(held)
        }
        #expect(outcomes.count == 1, "seed \(seed)")
    }

    @Test func nothingExpiredIsGivenOut() {
        var store = RecordStore()
        _ = store.store(Kit.entry(by: Kit.id(1)), key: key, split: 0, now: now)
        #expect(given(store, key, at: now + .milliseconds(89_999)).count == 1)
        #expect(given(store, key, at: now + .seconds(90)).isEmpty)
        #expect(!store.holds(key, now: now + .seconds(90)))
        store.sweep(now: now + .seconds(90))
        #expect(store.count == 0)
    }

    @Test func aRenewalLetsTheTimeBeginAnew() {
        var store = RecordStore()
        let entry = Kit.entry(by: Kit.id(1), sequence: 5)
        let version = entry.version
        #expect(store.renew(entry.nodeID, version, key: key, split: 0, now: now).outcome == .unknown)
        #expect(store.store(entry, key: key, split: 0, now: now).outcome == .kept)
        #expect(store.renew(entry.nodeID, version, key: key, split: 0, now: now + .seconds(60)).outcome == .kept)
        #expect(given(store, key, at: now + .seconds(149)).count == 1)
        let newer = ProviderEntry.Version(incarnation: 1, sequence: 6)
        #expect(store.renew(entry.nodeID, newer, key: key, split: 0, now: now + .seconds(60)).outcome == .unknown)
        let older = ProviderEntry.Version(incarnation: 1, sequence: 4)
        #expect(store.renew(entry.nodeID, older, key: key, split: 0, now: now + .seconds(60)).outcome == .outdated)
    }

    @Test func aTombstoneIsNotGivenOutAndNothingOlderComesBack() {
        var store = RecordStore()
        _ = store.store(Kit.entry(by: Kit.id(1), sequence: 1), key: key, split: 0, now: now)
        _ = store.store(Kit.entry(by: Kit.id(1), sequence: 2, withdrawn: true), key: key, split: 0, now: now)
        #expect(given(store, key, at: now).isEmpty)
        #expect(store.store(Kit.entry(by: Kit.id(1), sequence: 1), key: key, split: 0, now: now + .seconds(120)).outcome == .outdated)
        #expect(given(store, key, at: now + .seconds(120)).isEmpty)
        #expect(store.store(Kit.entry(by: Kit.id(1), incarnation: 2), key: key, split: 0, now: now + .seconds(121)).outcome == .kept)
        #expect(given(store, key, at: now + .seconds(121)).count == 1, "a new run offers it again")
    }

    // DHT-3.7
    @Test func everythingIsBounded() {
        var store = RecordStore()
        for provider in 0..<200 { _ = store.store(Kit.entry(by: Kit.id(UInt64(provider))), key: key, split: 0, now: now) }
        #expect(store.count == Limits.providersPerKey)
        for service in 0..<100 {
            _ = store.store(Kit.entry("s\(service)", by: Kit.id(9)), key: .serviceKey("s\(service)"), split: 0, now: now)
        }
        #expect(store.count == Limits.providersPerKey + Limits.entriesPerProvider - 1, "one of them is among the first")
        for number in 0..<5_000 {
            let service = "t\(number / 30)"
            _ = store.store(Kit.entry(service, by: Kit.id(UInt64(1_000 + number))), key: .serviceKey(service), split: 0, now: now)
        }
        #expect(store.count == Limits.entriesHeld)
        store.sweep(now: now + .seconds(1_000))
        #expect(store.count == 0)
    }

    @Test func aFullKeyNamesTheSplit() {
        var store = RecordStore()
        var random = SeededRandom(seed: 1)
        for provider in 0..<Limits.providersPerKey {
            #expect(
                store.store(Kit.entry(by: Kit.id(UInt64(provider))), key: key, split: 0, now: now) == StoreAnswer(outcome: .kept, split: 0))
        }
        #expect(store.sample(key, count: 1, now: now, using: &random).split == 0)
        #expect(store.store(Kit.entry(by: Kit.id(999)), key: key, split: 0, now: now) == StoreAnswer(outcome: .full, split: 1))
        let sample = store.sample(key, count: 1, now: now, using: &random)
        #expect(sample.split == 1 && sample.total == Limits.providersPerKey)
        #expect(Bytes32.serviceKey("ocr", split: 1, provider: Kit.id(0)) != Bytes32.serviceKey("ocr", split: 1, provider: Kit.id(1 << 63)))
        #expect(Bytes32.serviceKey("ocr", split: 1, provider: Kit.id(0)) == Bytes32.serviceKey("ocr", split: 1, provider: Kit.id(77)))
    }

    @Test func samplesAreOfAllThatIsThere() {
        var store = RecordStore()
        for provider in 0..<30 { _ = store.store(Kit.entry(by: Kit.id(UInt64(provider))), key: key, split: 0, now: now) }
        var random = SeededRandom(seed: 2)
        var seen: Set<NodeID> = []
        for _ in 0..<200 {
            let entries = store.sample(key, count: 2, now: now, using: &random).entries.map(\.entry.nodeID)
            #expect(Set(entries).count == 2)
            seen.formUnion(entries)
        }
        #expect(seen.count == 30)
    }
}
