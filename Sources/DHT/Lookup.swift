package import Wire

/// One search: for the nodes closest to a point, or for entries held there. Asks closer and closer contacts, not in rounds.
///
/// Contacts that others named are hints: they are asked, and nothing else is believed of them. DHT-2.1
///
/// Pure: it is told what came of each request, and says whom to ask next. A contact that does not answer in its time is *slow*:
/// another is asked in its place, and its answer still counts when it comes.
package struct Lookup: Sendable {
    enum State: UInt8, Sendable { case waiting, asked, slow, answered, failed }

    struct Candidate: Sendable {
        var contact: Contact
        var distance: UInt64
        var state = State.waiting
        /// Requests that led here: 1 for those of the own table.
        var depth: UInt8
        /// Who named it; 0 for the own table.
        var source: UInt64
    }

    package let target: Bytes32
    /// Entries that are wanted; 0 in a search for nodes.
    package let want: Int
    /// Answers of the closest after which nothing more is expected.
    private let goal: Int
    private let alpha, beta, contacts: Int
    private let hasRounds: Bool

    private(set) var candidates: [Candidate] = []
    /// Verified, of each provider the newest, in the order in which they were found.
    package private(set) var found: [HeldEntry] = []
    /// How many requests deep the first entry was found; 0 before.
    package private(set) var rounds = 0
    /// Bits of the split that a holder told.
    package private(set) var split: UInt8 = 0
    /// Requests made, and answers that held entries.
    package private(set) var asked = 0
    private var holders = 0
    /// Requests that the present round may still make, where there are rounds.
    private var leftOfRound = 0
    private var reported = 0
    /// Tellers whose contacts did not answer, and how many.
    private var blamed: [(source: UInt64, failures: Int)] = []

    /// Candidates that are remembered: a liar or two cannot fill them.
    private static let width = 64
    /// Failures of a teller's contacts after which its other contacts come last.
    private static let trust = 2

    package init(target: Bytes32, want: Int, goal: Int = Limits.replicas, configuration: DHTConfiguration = DHTConfiguration()) {
        self.target = target
        self.want = want
        self.goal = goal
        alpha = configuration.alpha
        beta = configuration.beta
        contacts = configuration.answerContacts
        hasRounds = configuration.hasRounds
    }

    /// What everybody is asked.
    var question: FindRequest {
        FindRequest(target: target, entries: UInt8(clamping: min(want, Limits.dhtEntries)), contacts: UInt8(clamping: contacts))
    }

    /// Contacts of the own table to begin with.
    package mutating func begin(_ contacts: [Contact]) {
        for contact in contacts { insert(contact, depth: 1, source: 0) }
    }

    private mutating func insert(_ contact: Contact, depth: UInt8, source: UInt64) {
        let distance = contact.nodeID.prefix ^ target.prefix
        var at = candidates.count
        while at > 0, candidates[at - 1].distance > distance { at -= 1 }
        var same = at
        while same > 0, candidates[same - 1].distance == distance {
            if candidates[same - 1].contact.nodeID == contact.nodeID { return }
            same -= 1
        }
        candidates.insert(Candidate(contact: contact, distance: distance, depth: depth, source: source), at: at)
        guard candidates.count > Self.width else { return }
        // Who was named by somebody whose contacts fail goes first, then the farthest. Who has failed stays, so as not to be asked again.
        let victim =
            candidates.lastIndex { $0.state == .waiting && !isTrusted($0.source) }
            ?? candidates.lastIndex { $0.state == .waiting && $0.depth > 1 } ?? candidates.lastIndex { $0.state == .waiting }
            ?? candidates.lastIndex { $0.state == .failed }
        if let victim { candidates.remove(at: victim) }
    }

    private func place(_ id: NodeID) -> Int? {
        candidates.firstIndex { $0.contact.nodeID == id }
    }
}

// MARK: - What came of a request

extension Lookup {
    /// A contact has answered. `entries` are genuine; `contacts` are at most as many as were asked for.
    package mutating func answered(_ id: NodeID, _ answer: FindAnswer, genuine entries: [HeldEntry], own: NodeID) {
        guard let index = place(id), candidates[index].state != .answered else { return }
        if candidates[index].state == .slow { blame(candidates[index].source, -1) }
        candidates[index].state = .answered
        let depth = candidates[index].depth
        // No more than were asked for: what a liar adds counts for nothing. DHT-5.3
        for contact in answer.contacts.prefix(contacts) where contact.nodeID != own && contact.nodeID != id && !contact.endpoints.isEmpty {
            insert(contact, depth: depth &+ 1, source: max(id.prefix, 1))
        }
        guard want > 0 else { return }
        split = max(split, answer.split)
        guard !entries.isEmpty else { return }
        holders += 1
        reported = max(reported, Int(min(answer.total, 1 << 20)))
        if found.isEmpty { rounds = Int(depth) }
        for entry in entries { add(entry) }
    }

    /// An entry that is known without asking, or was found elsewhere.
    package mutating func add(_ held: HeldEntry) {
        guard let index = found.firstIndex(where: { $0.entry.nodeID == held.entry.nodeID }) else {
            if !held.entry.offer.isWithdrawn { found.append(held) }
            return
        }
        if found[index].entry.version < held.entry.version { found[index] = held }
    }

    /// No answer in the time that this contact usually takes.
    package mutating func slow(_ id: NodeID) {
        guard let index = place(id), candidates[index].state == .asked, !hasRounds else { return }
        candidates[index].state = .slow
        blame(candidates[index].source, 1)
    }

    /// No answer at all, or a refusal.
    package mutating func failed(_ id: NodeID) {
        guard let index = place(id), candidates[index].state == .asked || candidates[index].state == .slow else { return }
        if candidates[index].state == .asked { blame(candidates[index].source, 1) }
        candidates[index].state = .failed
    }

    private mutating func blame(_ source: UInt64, _ change: Int) {
        guard source != 0 else { return }
        if let known = blamed.firstIndex(where: { $0.source == source }) {
            blamed[known].failures += change
        } else {
            blamed.append((source, change))
        }
    }
}

// MARK: - What to do next

extension Lookup {
    /// Whom to ask now; `nil` while enough requests are under way, or when there is nobody left to ask.
    package mutating func next() -> Contact? {
        guard !isDone else { return nil }
        var underWay = 0
        for candidate in candidates where candidate.state == .asked { underWay += 1 }
        if hasRounds {
            if underWay == 0 { leftOfRound = alpha }
            guard leftOfRound > 0 else { return nil }
        } else {
            guard underWay < alpha else { return nil }
        }
        guard let index = choice() else { return nil }
        candidates[index].state = .asked
        leftOfRound -= 1
        asked += 1
        return candidates[index].contact
    }

    /// The closest that waits, of a teller whose contacts have answered before one whose have not.
    private func choice() -> Int? {
        var fallback: Int?
        var ahead = 0
        for index in candidates.indices {
            switch candidates[index].state {
            case .waiting:
                if isTrusted(candidates[index].source) { return index }
                fallback = fallback ?? index
            case .answered:
                ahead += 1
                if ahead >= goal { return nil }
            case .asked, .slow, .failed: break
            }
        }
        return fallback
    }

    private func isTrusted(_ source: UInt64) -> Bool {
        source == 0 || !blamed.contains { $0.source == source && $0.failures >= Self.trust }
    }

    /// Whether the search is over. What comes later changes nothing.
    package var isDone: Bool {
        if want > 0, !found.isEmpty {
            if found.count >= want || holders >= beta || found.count >= reported && holders > 0 { return true }
        }
        var answered = 0
        for candidate in candidates {
            switch candidate.state {
            case .answered:
                answered += 1
                if answered >= goal { return true }
            case .asked: return false
            case .waiting where isTrusted(candidate.source): return false
            case .waiting, .slow, .failed: continue
            }
        }
        return !candidates.contains { $0.state == .slow || $0.state == .waiting }
    }

    /// The closest that have answered, closest first.
    package func closest(_ count: Int) -> [Contact] {
        Array(candidates.lazy.filter { $0.state == .answered }.prefix(count).map(\.contact))
    }
}
