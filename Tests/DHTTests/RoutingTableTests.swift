import DHT
import MeshTestKit
import Testing
import Wire

@Suite struct RoutingTableTests {
    private let now = Kit.epoch

    private func far(_ count: Int) -> [Contact] { (0..<count).map { Kit.contact(Kit.id(1 << 63 | UInt64($0) << 20)) } }

    @Test func theClosestAreThoseOfAllThatThereAre() {
        var random = SeededRandom(seed: 4)
        var table = RoutingTable(own: Kit.id(random.next()))
        for _ in 0..<2_000 { table.answered(Kit.contact(Kit.id(random.next())), after: nil, now: now) }
        for round in 0..<200 {
            let target = Kit.id(round % 3 == 0 ? table.contacts[round].nodeID.prefix : random.next())
            let sorted = table.contacts.sorted { $0.nodeID.distance(to: target) < $1.nodeID.distance(to: target) }
            let closest = table.closest(to: target, count: 8)
            #expect(closest == Array(sorted.prefix(8)))
        }
    }

    @Test func farBucketsAreWideAndEachIsBounded() {
        var random = SeededRandom(seed: 5)
        var table = RoutingTable(own: Kit.id(0))
        for _ in 0..<100_000 { table.answered(Kit.contact(Kit.id(random.next())), after: nil, now: now) }
        let widths = Dictionary(grouping: table.contacts) { $0.nodeID.commonBits(with: Kit.id(0)) }.mapValues(\.count)
        #expect(widths[0] == 128 && widths[1] == 64 && widths[2] == 32 && widths[3] == 16 && widths[4] == 16)
        #expect(table.count == table.contacts.count && table.count < 128 + 64 + 32 + 16 * 20)
        #expect((50_000...200_000).contains(table.estimate))
    }

    @Test func aContactThatFailsStaysUntilSomebodyAliveTakesItsPlace() {
        var table = RoutingTable(own: Kit.id(0))
        let contacts = far(128)
        for contact in contacts { table.answered(contact, after: nil, now: now) }
        let victim = contacts[5]
        for step in 0..<4 { table.failed(victim.nodeID, now: now + .seconds(step * 15)) }
        #expect(table.contains(victim.nodeID), "nobody is there to take its place")
        #expect(!table.closest(to: victim.nodeID, count: 8).contains(victim), "but it is not handed out")
        #expect(table.closest(to: victim.nodeID, count: 8, doubtful: true).first == victim)
        let newcomer = Kit.contact(Kit.id(1 << 63 | 1))
        table.answered(newcomer, after: nil, now: now + .seconds(50))
        #expect(table.contains(newcomer.nodeID) && !table.contains(victim.nodeID) && table.count == 128)
    }

    @Test func threeFailuresMustSpanHalfAMinute() {
        var table = RoutingTable(own: Kit.id(0))
        let contacts = far(128)
        for contact in contacts { table.answered(contact, after: nil, now: now) }
        let spare = Kit.contact(Kit.id(1 << 63 | 1))
        table.answered(spare, after: nil, now: now)
        for step in 0..<5 { table.failed(contacts[0].nodeID, now: now + .seconds(step)) }
        #expect(table.contains(contacts[0].nodeID) && !table.contains(spare.nodeID))
        table.failed(contacts[0].nodeID, now: now + .seconds(31))
        #expect(!table.contains(contacts[0].nodeID) && table.contains(spare.nodeID), "the spare has taken its place")
    }

    @Test func anAnswerForgivesFailures() {
        var table = RoutingTable(own: Kit.id(0))
        let contacts = far(128)
        for contact in contacts { table.answered(contact, after: nil, now: now) }
        for step in 0..<2 { table.failed(contacts[0].nodeID, now: now + .seconds(step * 20)) }
        table.answered(contacts[0], after: nil, now: now + .seconds(41))
        table.failed(contacts[0].nodeID, now: now + .seconds(60))
        table.answered(Kit.contact(Kit.id(1 << 63 | 1)), after: nil, now: now + .seconds(61))
        #expect(table.contains(contacts[0].nodeID))
    }

    @Test func theTextbookDropsAtTheFirstFailure() {
        var table = RoutingTable(own: Kit.id(0), configuration: .textbook)
        let contacts = far(3)
        for contact in contacts { table.answered(contact, after: nil, now: now) }
        table.failed(contacts[1].nodeID, now: now)
        #expect(table.contacts == [contacts[0], contacts[2]])
    }

    @Test func theAddressIsTheOneThatAnswered() {
        var table = RoutingTable(own: Kit.id(0))
        table.answered(Kit.contact(Kit.id(9), host: "10.0.0.1"), after: nil, now: now)
        table.answered(Kit.contact(Kit.id(9), host: "10.0.0.2"), after: nil, now: now)
        #expect(table.contacts.map { $0.endpoints[0].host } == ["10.0.0.2"])
        table.answered(Kit.contact(Kit.id(0)), after: nil, now: now)
        #expect(table.count == 1, "a node is not its own contact")
    }
}
