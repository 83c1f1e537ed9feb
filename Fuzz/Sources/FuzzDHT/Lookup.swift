import FuzzKit

@testable import DHT
@testable import Wire

extension FuzzTarget {
    static let lookup = FuzzTarget("Lookup", length: 1_024) { input in
        var configuration = input.flag() ? DHTConfiguration.textbook : DHTConfiguration()
        configuration.alpha = 1 + input.choice(5)
        var run = LookupRun(configuration, want: input.choice(4), &input)
        while !input.isEmpty { run.step(&input) }
        run.finish()
    }
}

/// A search, and the requests that it has made.
private struct LookupRun {
    private var lookup: Lookup
    private let configuration: DHTConfiguration
    private var open: [NodeID] = []
    private var asked: Set<NodeID> = []

    init(_ configuration: DHTConfiguration, want: Int, _ input: inout FuzzInput) {
        self.configuration = configuration
        lookup = Lookup(target: Points.id(&input), want: want, configuration: configuration)
        lookup.begin((0..<input.choice(24)).map { _ in Points.contact(&input) })
    }

    mutating func step(_ input: inout FuzzInput) {
        while let contact = lookup.next() {
            precondition(asked.insert(contact.nodeID).inserted, "asked twice")
            open.append(contact.nodeID)
        }
        precondition(lookup.candidates.count <= 65)
        precondition(!lookup.isDone || lookup.next() == nil)
        let id = open.isEmpty || input.byte() & 7 == 0 ? Points.id(&input) : open[input.choice(open.count)]
        switch input.choice(4) {
        case 0, 1:
            let answer = Points.answer(&input)
            lookup.answered(id, answer, genuine: answer.entries.filter { $0.entry.name != "forged" }, own: Points.id(&input))
            open.removeAll { $0 == id }
        case 2: lookup.slow(id)
        default:
            lookup.failed(id)
            open.removeAll { $0 == id }
        }
        precondition(!lookup.found.contains { $0.entry.name == "forged" })
        precondition(Set(lookup.found.map(\.entry.nodeID)).count == lookup.found.count)
    }

    /// Once everybody who was asked has failed, it is over.
    mutating func finish() {
        var steps = 0
        while !lookup.isDone {
            while let contact = lookup.next() { open.append(contact.nodeID) }
            precondition(!open.isEmpty || lookup.isDone, "waits for nobody")
            for id in open { lookup.failed(id) }
            open = []
            steps += 1
            precondition(steps < 200, "never ends")
        }
    }
}
