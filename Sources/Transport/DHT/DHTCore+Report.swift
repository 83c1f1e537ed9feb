import DHT
import NIOCore
import Wire

// What people ask.

extension DHTCore {
    var status: DHTStatus {
        DHTStatus(
            nodeID: node.own.nodeID, endpoints: node.own.endpoints, statistics: statistics, peers: peers,
            publications: node.published.map { DHTPublication(service: $0.service, holders: $0.holders) })
    }

    private var peers: [DHTPeer] {
        let linked = Dictionary((links?.peers ?? []).map { ($0.peer.staticKey, $0.peer.name) }, uniquingKeysWith: { first, _ in first })
        return node.peers(now: .now()).map { report in
            let key = report.contact.staticKey
            return DHTPeer(
                nodeID: report.contact.nodeID, name: datagrams.name(of: key) ?? linked[key], endpoints: report.contact.endpoints,
                health: DHTHealth(state: report.state), roundTrip: report.roundTrip, silence: report.silence)
        }
    }

    /// At most `limit` of the entries held for others, and how many there are.
    func records(limit: Int) -> (records: [DHTRecord], total: Int) {
        let all = node.records.all(now: .now())
        let some = all.prefix(max(limit, 0)).map { _, held, age in
            DHTRecord(entry: held.entry, age: age, remaining: .milliseconds(Int64(held.remaining)))
        }
        return (Array(some), all.count)
    }

    /// What is known of a node without asking anybody.
    func contact(_ id: NodeID) -> Contact? { node.contact(id) }

    // MARK: Questions that take time

    /// All that a search finds. Counts nothing.
    func find(_ service: String, timeout: Duration, done: @escaping (DHTFinding) -> Void) {
        let id = number()
        let start = Instant.now()
        let timer = after(timeout) { $0.findings.removeValue(forKey: id)?(nil) }
        findings[id] = { found in
            timer.cancel()
            done(DHTFinding(found ?? FoundProviders(), took: .now() - start, isComplete: found != nil))
        }
        handle(.lookup(id: id, service: service, want: Limits.dhtEntries))
    }

    /// Asks whether a node is there, by datagram.
    func ping(_ contact: Contact, done: @escaping (Result<Duration, DHTFailure>) -> Void) {
        let id = number()
        pings[id] = done
        handle(.ping(id: id, contact))
    }

    /// Looks for a node whose contact is not known. `nil` for one that is in nobody's table, as a client is.
    func locate(_ id: NodeID, timeout: Duration, done: @escaping (Contact?) -> Void) {
        let number = number()
        let timer = after(timeout) { $0.locations.removeValue(forKey: number)?([]) }
        locations[number] = { contacts in
            timer.cancel()
            done(contacts.first { $0.nodeID == id })
        }
        handle(.locate(id: number, id))
    }

    private func after(_ time: Duration, _ body: @escaping @Sendable (DHTCore) -> Void) -> Scheduled<Void> {
        let bound = NIOLoopBound(self, eventLoop: loop)
        return loop.scheduleTask(in: TimeAmount(time)) { body(bound.value) }
    }

    /// Nobody waits any longer.
    func endReports() {
        for id in Array(findings.keys) { findings.removeValue(forKey: id)?(nil) }
        for id in Array(pings.keys) { pings.removeValue(forKey: id)?(.failure(.noAnswer)) }
        for id in Array(locations.keys) { locations.removeValue(forKey: id)?([]) }
    }
}

extension DHTFinding {
    init(_ found: FoundProviders, took: Duration, isComplete: Bool) {
        providers = found.entries.map { ($0.entry, .milliseconds(Int64($0.remaining))) }
        rounds = found.rounds
        asked = found.asked
        answersByDatagram = found.answersByDatagram
        answersOverLinks = found.answersOverLinks
        self.took = took
        self.isComplete = isComplete
    }
}
