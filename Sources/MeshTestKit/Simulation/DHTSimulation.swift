package import DHT
package import Wire

/// A mesh of DHT nodes in virtual time: the production code, without cryptography. The same plan gives the same run.
package struct DHTSimulation {
    enum Event {
        case join(place: Int)
        case tick(place: Int, number: UInt64)
        case request(DHTRequest, from: Int, fromNumber: UInt64, to: Int, number: UInt64, DHTPath, inSession: Bool)
        case answer(DHTAnswer, from: Int, fromNumber: UInt64, to: Int, number: UInt64, DHTPath, isLookup: Bool)
        case look(place: Int, number: UInt64)
        case death(place: Int, number: UInt64)
    }

    package let plan: SimulationPlan
    package var network: SimulatedNetwork
    package internal(set) var nodes: [SimulatedNode] = []
    package internal(set) var report = SimulationReport()
    /// Nanoseconds since the beginning.
    package internal(set) var now: UInt64 = 0
    var queue = SimulationQueue<Event>()
    var random: SeededRandom
    var nextNumber: UInt64 = 0
    var nextLookup: UInt64 = 0
    var isMeasuring = false
    var measuredSince: UInt64 = 0
    /// Places that a newcomer may know of.
    var joined: [Int] = []
    let signature = [UInt8](repeating: 1, count: 64)
    let names: [String]
    /// What lookups of tests have found, by their ids.
    package internal(set) var asked: [UInt64: AskedLookup] = [:]

    package init(_ plan: SimulationPlan) {
        self.plan = plan
        random = SeededRandom(seed: plan.seed)
        network = SimulatedNetwork(
            places: plan.nodes, medianRoundTrip: plan.medianRoundTrip, loss: plan.loss, carriesLinks: plan.hasLinks, seed: plan.seed)
        names = (0..<plan.services).map { "service-\($0)" }
        let joining = plan.joining.wholeNanoseconds
        for place in 0..<plan.nodes {
            nodes.append(born(place))
            nodes[place].isAlive = false
            let share = Double(place) / Double(max(plan.nodes, 1))
            queue.push(.join(place: place), at: UInt64(share * Double(joining)))
        }
    }

    /// Another node in a place.
    private mutating func born(_ place: Int) -> SimulatedNode {
        nextNumber += 1
        let id = Bytes32((random.next(), random.next(), random.next(), random.next()))
        // The first of a mesh has to be reached by somebody.
        let isClient = random.fraction() < plan.clients && place > 0
        // Without cryptography, the key says where the node is.
        let contact = Contact(
            nodeID: id, staticKey: Bytes32((UInt64(place), nextNumber, 0, 0)), endpoints: [Self.endpoint(place, nextNumber)], sequence: 1,
            signature: signature)
        let machine = DHTNode(own: contact, isClient: isClient, configuration: plan.configuration, verifier: SimulatedVerifier())
        var node = SimulatedNode(machine: machine, number: nextNumber, isClient: isClient)
        node.isLiar = random.fraction() < plan.liars
        node.ahead = plan.skew > 0 ? random.next() >> 20 : 1_000_000_000
        node.rate = 1 + plan.skew * (2 * random.fraction() - 1)
        return node
    }

    static func endpoint(_ place: Int, _ number: UInt64) -> Endpoint {
        Endpoint(host: "10.\(place >> 16 & 255).\(place >> 8 & 255).\(place & 255)", port: UInt16(1_024 + number % 60_000))
    }

    /// The contact of whoever is in a place now.
    package func contact(_ place: Int) -> Contact { nodes[place].machine.own }

    /// The service that a place offers.
    package func service(_ place: Int) -> Int { place % names.count }

    package func name(_ service: Int) -> String { names[service] }
}

// MARK: - Running

extension DHTSimulation {
    /// Lets the mesh come together, and then measures for the time of the plan.
    package mutating func run() -> SimulationReport {
        advance(by: plan.warmUp)
        measure()
        if plan.killed > 0 {
            for place in nodes.indices where random.fraction() < plan.killed { kill(place) }
        }
        advance(by: plan.duration)
        return finish()
    }

    /// Begins to measure.
    package mutating func measure() {
        isMeasuring = true
        measuredSince = now
        for place in nodes.indices {
            scheduleLook(place)
            if plan.medianSession != nil { scheduleDeath(place) }
        }
    }

    /// Lets so much time pass.
    package mutating func advance(by duration: Duration) {
        let end = now + duration.wholeNanoseconds
        while let first = queue.first, first <= end, let (at, event) = queue.pop() {
            now = at
            report.events += 1
            happen(event)
        }
        now = end
    }

    /// What was measured so far, with the state of the tables.
    package mutating func finish() -> SimulationReport {
        for place in nodes.indices where nodes[place].isAlive { forgetLookup(place) }
        var report = report
        report.nodeSeconds = Double(now - measuredSince) / 1e9 * Double(nodes.count { $0.isAlive })
        for node in nodes where node.isAlive {
            report.bytesSent += node.bytesSent
            report.datagrams += node.sent
            report.records += node.machine.records.count
            for contact in node.machine.table.contacts {
                report.contacts += 1
                if isAlive(contact) { report.liveContacts += 1 }
            }
        }
        return report
    }

    /// Whether a contact is of a node that lives.
    package func isAlive(_ contact: Contact) -> Bool {
        let place = Int(contact.staticKey.words.0)
        return nodes[place].isAlive && nodes[place].number == contact.staticKey.words.1
    }

    private mutating func happen(_ event: Event) {
        switch event {
        case .join(let place): join(place)
        case .tick(let place, let number):
            guard nodes[place].isAlive, nodes[place].number == number, nodes[place].wake == now else { return }
            nodes[place].wake = .max
            guard nodes[place].pausedUntil <= now else { return tickAt(place, nodes[place].pausedUntil) }
            drive(place, .tick)
        case .request(let request, let from, let fromNumber, let to, let number, let path, let inSession):
            guard arrives(from, fromNumber, to, number, path) else { return }
            guard nodes[to].pausedUntil <= now else { return queue.push(event, at: nodes[to].pausedUntil) }
            report.note(now ^ UInt64(from) << 40 ^ UInt64(to) << 20 ^ UInt64(request.exchange))
            drive(to, .request(request, from: source(from), via: path, inSession: inSession), cause: request)
        case .answer(let answer, let from, let fromNumber, let to, let number, let path, _):
            guard arrives(from, fromNumber, to, number, path) else { return }
            guard nodes[to].pausedUntil <= now else { return queue.push(event, at: nodes[to].pausedUntil) }
            report.note(now ^ UInt64(from) << 40 ^ UInt64(to) << 20 ^ UInt64(answer.exchange) ^ 1 << 63)
            drive(to, .answer(answer, from: source(from), via: path))
        case .look(let place, let number): look(place, number)
        case .death(let place, let number):
            guard nodes[place].isAlive, nodes[place].number == number else { return }
            report.deaths += 1
            kill(place)
            replace(place)
        }
    }

    /// The sender as the receiver's shell names it: proven id and key, the address it was seen at.
    private func source(_ place: Int) -> Contact {
        var contact = nodes[place].machine.own
        contact.signature = []
        return contact
    }

    private mutating func arrives(_ from: Int, _ fromNumber: UInt64, _ to: Int, _ number: UInt64, _ path: DHTPath) -> Bool {
        guard nodes[to].isAlive, nodes[to].number == number, nodes[from].number == fromNumber else { return false }
        return path == .tcp || !nodes[to].isClient || (nodes[to].openings[fromNumber] ?? 0) > now
    }

    /// Tells a node's machine something, and does what it says.
    package mutating func drive(_ place: Int, _ event: DHTEvent, cause: DHTRequest? = nil) {
        let actions = nodes[place].machine.handle(event, now: nodes[place].clock(now), random: &random)
        for action in actions { perform(action, of: place, cause: cause) }
    }

    mutating func tickAt(_ place: Int, _ time: UInt64) {
        guard time < nodes[place].wake else { return }
        nodes[place].wake = time
        queue.push(.tick(place: place, number: nodes[place].number), at: time)
    }
}

// MARK: - Births and deaths

extension DHTSimulation {
    private mutating func join(_ place: Int) {
        nodes[place].isAlive = true
        nodes[place].begun = now
        var seeds: [Contact] = []
        for _ in 0..<20 where !joined.isEmpty && seeds.count < 3 {
            let other = joined[Int.random(in: 0..<joined.count, using: &random)]
            if other != place, nodes[other].isAlive, !nodes[other].isClient { seeds.append(nodes[other].machine.own.unsigned) }
        }
        if !nodes[place].isClient, joined.count < plan.nodes { joined.append(place) }
        drive(place, .start(seeds))
        publish(place, sequence: 1)
        if isMeasuring {
            scheduleLook(place)
            if plan.medianSession != nil { scheduleDeath(place) }
        }
    }

    /// Publishes what a place offers.
    package mutating func publish(_ place: Int, sequence: UInt64, withdrawn: Bool = false) {
        let name = names[service(place)]
        var offer = ProviderEntry.Offer(service: name, incarnation: nodes[place].number, sequence: sequence)
        offer.endpoints = nodes[place].isClient ? [] : nodes[place].machine.own.endpoints
        offer.isWithdrawn = withdrawn
        let entry = ProviderEntry(simulated: offer, provider: nodes[place].machine.own.unsigned, name: name, size: plan.entrySize)
        drive(place, .publish(entry))
    }

    /// A node is gone, without a word.
    package mutating func kill(_ place: Int) {
        nodes[place].isAlive = false
        forgetLookup(place)
        nodes[place].published = nil
        nodes[place].wake = .max
    }

    /// A lookup that nobody waits for any more is none.
    private mutating func forgetLookup(_ place: Int) {
        if let lookup = nodes[place].lookup, !lookup.isFound { report.lookups -= 1 }
        nodes[place].lookup = nil
    }

    /// A node stops, with its port bound, and goes on after a while.
    package mutating func pause(_ place: Int, for duration: Duration) {
        nodes[place].pausedUntil = now + duration.wholeNanoseconds
    }

    /// Another node begins in a place.
    package mutating func replace(_ place: Int) {
        let (bytes, sent) = (nodes[place].bytesSent, nodes[place].sent)
        nodes[place] = born(place)
        nodes[place].bytesSent = bytes
        nodes[place].sent = sent
        nodes[place].isAlive = false
        queue.push(.join(place: place), at: now + 1_000_000_000)
    }

    private mutating func scheduleDeath(_ place: Int) {
        guard let median = plan.medianSession else { return }
        // Lives without memory: half end within the median.
        let life = -Self.logarithm(1 - random.fraction()) / 0.693_147 * Double(median.wholeNanoseconds)
        queue.push(.death(place: place, number: nodes[place].number), at: now + UInt64(min(life, 1e18)))
    }

    /// The natural logarithm of a number in (0, 1].
    static func logarithm(_ value: Double) -> Double {
        var (x, halvings) = (max(value, 1e-12), 0.0)
        while x < 0.75 {
            x *= 2
            halvings += 1
        }
        let ratio = (x - 1) / (x + 1)
        var (sum, power) = (0.0, ratio)
        for step in stride(from: 1.0, to: 30, by: 2) {
            sum += power / step
            power *= ratio * ratio
        }
        return 2 * sum - halvings * 0.693_147_180_559_945
    }
}

// MARK: - Lookups

extension DHTSimulation {
    mutating func scheduleLook(_ place: Int) {
        guard plan.lookups > 0 else { return }
        let wait = -Self.logarithm(1 - random.fraction()) * 60e9 / plan.lookups
        queue.push(.look(place: place, number: nodes[place].number), at: now + UInt64(min(wait, 1e18)))
    }

    private mutating func look(_ place: Int, _ number: UInt64) {
        guard nodes[place].number == number else { return }
        guard nodes[place].isAlive else { return }
        scheduleLook(place)
        // A node that has no neighbours yet is not asked; nor is one whose last lookup goes on.
        guard nodes[place].lookup == nil, nodes[place].machine.table.count > 0, !nodes[place].isLiar else { return }
        let service = Int.random(in: 0..<names.count, using: &random)
        guard service != self.service(place), isOffered(service) else { return }
        nextLookup += 1
        nodes[place].lookup = SimulatedLookup(id: nextLookup, service: service, begun: now)
        report.lookups += 1
        drive(place, .lookup(id: nextLookup, service: names[service], want: plan.want))
    }

    /// Whether somebody who lives has published it.
    package func isOffered(_ service: Int) -> Bool {
        stride(from: service, to: nodes.count, by: names.count).contains {
            nodes[$0].isAlive && nodes[$0].published != nil && !nodes[$0].isLiar
        }
    }

    mutating func found(_ place: Int, _ id: UInt64, _ found: FoundProviders, isFinal: Bool) {
        if asked[id] != nil {
            let isLive = found.entries.contains { isAlive($0.entry.provider) }
            if isLive, asked[id]?.found == nil { asked[id]?.found = now }
            asked[id]?.entries = found.entries
            if isFinal { asked[id]?.ended = now }
        }
        guard var lookup = nodes[place].lookup, lookup.id == id else { return }
        if !lookup.isFound, found.entries.contains(where: { isAlive($0.entry.provider) }) {
            lookup.isFound = true
            report.succeeded += 1
            report.latencies.append(now - lookup.begun)
            report.rounds += found.rounds
        }
        if isFinal { report.asked += found.asked }
        nodes[place].lookup = isFinal ? nil : lookup
    }
}

/// A lookup that a test asked for.
package struct AskedLookup {
    package var begun: UInt64
    /// When somebody who lives was found.
    package var found: UInt64?
    package var ended: UInt64?
    package var entries: [HeldEntry] = []

    /// Time until somebody who lives was found.
    package var latency: Duration? { found.map { .nanoseconds(Int64($0 - begun)) } }
}

extension DHTSimulation {
    /// Looks for a service from a place, and lets time pass until the lookup is over.
    package mutating func lookUp(_ service: String, from place: Int, want: Int = 1, within limit: Duration = .seconds(30)) -> AskedLookup {
        nextLookup += 1
        let id = nextLookup
        asked[id] = AskedLookup(begun: now)
        drive(place, .lookup(id: id, service: service, want: want))
        let end = now + limit.wholeNanoseconds
        while asked[id]?.ended == nil, now < end { advance(by: .milliseconds(5)) }
        return asked.removeValue(forKey: id) ?? AskedLookup(begun: now)
    }
}
