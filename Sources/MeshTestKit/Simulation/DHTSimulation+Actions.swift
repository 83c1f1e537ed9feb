import DHT
import Wire

// What nodes do: messages on their way, with the bytes that they take.

extension DHTSimulation {
    mutating func perform(_ action: DHTAction, of place: Int, cause: DHTRequest?) {
        switch action {
        case .ask(let request, let contact, let path): ask(request, from: place, to: contact, path)
        // A translation of addresses passes nothing on from an address that nobody behind it has sent to.
        case .knock(let request, let contact):
            let target = Int(contact.staticKey.words.0)
            if nodes.indices.contains(target), !nodes[target].isClient { ask(request, from: place, to: contact, .udp) }
        case .respond(let answer, let contact, let path): respond(answer, from: place, to: contact, path, cause)
        case .found(let id, let providers, let isFinal): found(place, id, providers, isFinal: isFinal)
        case .published: nodes[place].published = nodes[place].published ?? now
        case .sign(let sequence):
            var contact = nodes[place].machine.own
            contact.sequence = sequence
            drive(place, .own(contact))
        case .wake(let instant): tickAt(place, max(nodes[place].time(instant), now + 1))
        case .located, .health, .reachability, .pinged: break
        }
    }

    private static let sessionLife: UInt64 = 600_000_000_000
    private static let openingLife: UInt64 = 60_000_000_000

    private mutating func ask(_ request: DHTRequest, from place: Int, to contact: Contact, _ path: DHTPath) {
        let other = Int(contact.staticKey.words.0)
        let number = contact.staticKey.words.1
        guard nodes.indices.contains(other) else { return account(MessageSize.initiation, place, isLookup: isLookup(request)) }
        let inSession = (nodes[place].sessions[number] ?? 0) > now
        let size = inSession ? MessageSize.datagram + MessageSize.of(request) : MessageSize.initiation
        if path == .udp {
            account(size, place, isLookup: isLookup(request))
            if nodes[place].isClient { nodes[place].openings[number] = now + Self.openingLife }
        }
        guard let delay = network.passage(from: place, to: other, isLink: path == .tcp, using: &random) else { return }
        queue.push(
            .request(
                request, from: place, fromNumber: nodes[place].number, to: other, number: number, path, inSession: inSession || path == .tcp
            ),
            at: now + delay)
    }

    private mutating func respond(_ answer: DHTAnswer, from place: Int, to contact: Contact, _ path: DHTPath, _ cause: DHTRequest?) {
        let other = Int(contact.staticKey.words.0)
        let number = contact.staticKey.words.1
        let isLookup = cause.map(isLookup) ?? false
        var answer = answer
        if nodes[place].isLiar, let cause { answer = lie(answer, cause) }
        if path == .udp {
            let inSession = (nodes[place].sessions[number] ?? 0) > now
            account((inSession ? MessageSize.datagram : MessageSize.response) + MessageSize.of(answer), place, isLookup: isLookup)
            if nodes[place].isClient { nodes[place].openings[number] = now + Self.openingLife }
            openSession(place, nodes[place].number, other, number)
        }
        guard let delay = network.passage(from: place, to: other, isLink: path == .tcp, using: &random) else { return }
        queue.push(
            .answer(answer, from: place, fromNumber: nodes[place].number, to: other, number: number, path, isLookup: isLookup),
            at: now + delay)
    }

    private func isLookup(_ request: DHTRequest) -> Bool {
        if case .find(let find) = request.question { find.entries > 0 } else { false }
    }

    private mutating func account(_ bytes: Int, _ place: Int, isLookup: Bool) {
        guard isMeasuring else { return }
        nodes[place].bytesSent += bytes
        nodes[place].sent += 1
        if isLookup { report.lookupBytes += bytes }
    }

    private mutating func openSession(_ a: Int, _ aNumber: UInt64, _ b: Int, _ bNumber: UInt64) {
        keep(a, bNumber)
        if nodes[b].number == bNumber { keep(b, aNumber) }
    }

    private mutating func keep(_ place: Int, _ number: UInt64) {
        nodes[place].sessions[number] = now + Self.sessionLife
        guard nodes[place].sessions.count > 768 else { return }
        let time = now
        nodes[place].sessions = nodes[place].sessions.filter { $0.value > time + Self.sessionLife / 2 }
    }

    /// What a liar says instead: a forged entry, and contacts that nobody has.
    private mutating func lie(_ answer: DHTAnswer, _ request: DHTRequest) -> DHTAnswer {
        guard case .find(let find) = request.question else { return answer }
        var contacts: [Contact] = []
        for _ in 0..<8 {
            let near = find.target.words.0 & ~0xFFFF_FF | random.next() & 0xFFFF_FF
            let id = Bytes32((near, random.next(), random.next(), random.next()))
            contacts.append(
                Contact(
                    nodeID: id, staticKey: Bytes32((UInt64(random.next() % UInt64(nodes.count)), .max, 0, 0)),
                    endpoints: [Endpoint(host: "10.255.255.255", port: 1)]))
        }
        var found = FindAnswer(total: 1, contacts: contacts)
        if find.entries > 0, let provider = contacts.first {
            let offer = ProviderEntry.Offer(service: "anything", incarnation: .max, sequence: .max)
            let entry = ProviderEntry(simulated: offer, provider: provider, name: SimulatedVerifier.forged, size: 450)
            found.entries = [HeldEntry(entry: entry, remaining: 90_000)]
        }
        return DHTAnswer(exchange: answer.exchange, .found(found))
    }
}
