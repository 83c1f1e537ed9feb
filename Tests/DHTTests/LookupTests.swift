import DHT
import Testing
import Wire

@Suite struct LookupTests {
    private let target = Kit.id(0)

    private func contacts(_ prefixes: [UInt64]) -> [Contact] { prefixes.map { Kit.contact(Kit.id($0)) } }

    private func lookup(want: Int = 0, _ prefixes: [UInt64]) -> Lookup {
        var lookup = Lookup(target: target, want: want)
        lookup.begin(contacts(prefixes))
        return lookup
    }

    private func drain(_ lookup: inout Lookup) -> [UInt64] {
        var asked: [UInt64] = []
        while let contact = lookup.next() { asked.append(contact.nodeID.prefix) }
        return asked
    }

    private func held(_ provider: UInt64, name: String = "w") -> HeldEntry {
        HeldEntry(entry: Kit.entry(by: Kit.id(provider), name: name), remaining: 90_000)
    }

    @Test func fourAreAskedAtOnceTheClosestFirst() {
        var lookup = lookup([90, 10, 50, 30, 70])
        #expect(drain(&lookup) == [10, 30, 50, 70])
    }

    @Test func aSlowContactMakesRoomForAnotherAndItsAnswerStillCounts() {
        var lookup = lookup([10, 20, 30, 40, 50])
        _ = drain(&lookup)
        lookup.slow(Kit.id(10))
        #expect(drain(&lookup) == [50])
        lookup.answered(Kit.id(10), FindAnswer(contacts: contacts([5])), genuine: [], own: Kit.id(99))
        #expect(drain(&lookup).isEmpty, "four are under way")
        lookup.answered(Kit.id(50), FindAnswer(), genuine: [], own: Kit.id(99))
        #expect(drain(&lookup) == [5], "whom the late one has named")
    }

    @Test func whoeverIsCloserIsAskedNext() {
        var lookup = lookup([100, 200, 300, 400])
        _ = drain(&lookup)
        lookup.answered(Kit.id(400), FindAnswer(contacts: contacts([1, 2])), genuine: [], own: Kit.id(99))
        #expect(drain(&lookup) == [1], "one has answered, so one may be asked")
        lookup.answered(Kit.id(1), FindAnswer(contacts: contacts([2, 99, 1])), genuine: [], own: Kit.id(99))
        #expect(drain(&lookup) == [2], "neither itself nor the node that asks")
    }

    @Test func itEndsWhenTheEightClosestHaveAnswered() {
        var lookup = lookup((1...20).map { $0 * 10 })
        var asked: [UInt64] = []
        while !lookup.isDone {
            let batch = drain(&lookup)
            asked += batch
            for prefix in batch { lookup.answered(Kit.id(prefix), FindAnswer(), genuine: [], own: Kit.id(99)) }
        }
        #expect(lookup.closest(8).map(\.nodeID.prefix) == (1...8).map { $0 * 10 })
        #expect(asked.count < 13)
    }

    @Test func itEndsWhenNobodyIsLeft() {
        var lookup = lookup([1, 2])
        #expect(!lookup.isDone)
        _ = drain(&lookup)
        lookup.failed(Kit.id(1))
        #expect(!lookup.isDone)
        lookup.slow(Kit.id(2))
        #expect(!lookup.isDone, "a late answer is still awaited")
        lookup.failed(Kit.id(2))
        #expect(lookup.isDone && lookup.closest(8).isEmpty)
        #expect(Lookup(target: target, want: 1).isDone, "without anybody to ask it is over")
    }

    @Test func itEndsWithWhatItWants() {
        var lookup = lookup(want: 2, [1, 2, 3, 4, 5])
        _ = drain(&lookup)
        lookup.answered(Kit.id(1), FindAnswer(total: 3), genuine: [held(7)], own: Kit.id(99))
        #expect(!lookup.isDone && lookup.rounds == 1)
        lookup.answered(Kit.id(2), FindAnswer(total: 3), genuine: [held(7)], own: Kit.id(99))
        #expect(!lookup.isDone && lookup.found.count == 1, "the same provider counts once")
        lookup.answered(Kit.id(3), FindAnswer(total: 3), genuine: [held(8)], own: Kit.id(99))
        #expect(lookup.isDone && lookup.found.count == 2)
    }

    @Test func itIsContentWithAllThatThereIs() {
        var lookup = lookup(want: 8, [1, 2, 3, 4, 5])
        _ = drain(&lookup)
        lookup.answered(Kit.id(1), FindAnswer(total: 1), genuine: [held(7)], own: Kit.id(99))
        #expect(lookup.isDone, "the holder has one, and gave it")
    }

    @Test func theNewerOfTwoEntriesHolds() {
        var lookup = lookup(want: 3, [1, 2, 3])
        _ = drain(&lookup)
        let newer = HeldEntry(entry: Kit.entry(by: Kit.id(7), sequence: 4), remaining: 1)
        lookup.answered(Kit.id(1), FindAnswer(total: 9), genuine: [newer], own: Kit.id(99))
        lookup.answered(Kit.id(2), FindAnswer(total: 9), genuine: [held(7)], own: Kit.id(99))
        #expect(lookup.found == [newer])
    }

    // DHT-5.3
    @Test func contactsBeyondThoseAskedForAreIgnored() {
        var lookup = lookup([1 << 40])
        _ = drain(&lookup)
        lookup.answered(Kit.id(1 << 40), FindAnswer(contacts: contacts((1...16).reversed().map { $0 })), genuine: [], own: Kit.id(99))
        #expect(drain(&lookup) == [9, 10, 11, 12])
    }

    /// Contacts that a liar invents do not answer; after two of them, its others come behind those of everybody else.
    @Test func whoNamesContactsThatDoNotAnswerIsBelievedLast() {
        var lookup = lookup([1 << 40, 1 << 41, 1 << 42, 1 << 43])
        _ = drain(&lookup)
        lookup.answered(Kit.id(1 << 40), FindAnswer(contacts: contacts([1, 2, 3, 4, 5, 6, 7, 8])), genuine: [], own: Kit.id(99))
        #expect(drain(&lookup) == [1])
        lookup.answered(Kit.id(1 << 41), FindAnswer(contacts: contacts([100, 101])), genuine: [], own: Kit.id(99))
        #expect(drain(&lookup) == [2])
        lookup.failed(Kit.id(1))
        lookup.failed(Kit.id(2))
        #expect(drain(&lookup) == [100, 101])
    }

    @Test func roundsWaitForAll() {
        var lookup = Lookup(target: target, want: 0, configuration: .textbook)
        lookup.begin(contacts([10, 20, 30, 40, 50]))
        #expect(drain(&lookup) == [10, 20, 30])
        lookup.answered(Kit.id(10), FindAnswer(contacts: contacts([1])), genuine: [], own: Kit.id(99))
        lookup.slow(Kit.id(20))
        #expect(drain(&lookup).isEmpty)
        lookup.failed(Kit.id(20))
        lookup.answered(Kit.id(30), FindAnswer(), genuine: [], own: Kit.id(99))
        #expect(drain(&lookup) == [1, 40, 50])
    }
}
