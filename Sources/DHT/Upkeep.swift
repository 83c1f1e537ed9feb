import Wire

/// When a node looks after its table, and what it may spend on that.
struct Upkeep: Sendable {
    var isBegun = false
    var next = Instant(nanoseconds: 0)
    var nextSweep = Instant(nanoseconds: 0)
    var nextRepair = Instant(nanoseconds: 0)
    var nextNeighbours = Instant(nanoseconds: 0)
    var nextSync = Instant(nanoseconds: 0)
    /// When this node may clear its name again.
    var nextSign = Instant(nanoseconds: 0)
    /// The bucket that is filled next, and when.
    var bucket = 0
    private(set) var nextFill = Instant(nanoseconds: 0)
    private var fillPause = Self.fillPauses.first
    /// Whether somebody new was named since the first bucket.
    private var hasNews = false
    var candidates = Candidates()
    var survival = Survival()
    /// Bytes that may be spent.
    private var purse = 0.0
    private var viewPurse = 0.0
    private var filled = Instant(nanoseconds: 0)
    /// Nodes outside of the table that did not answer once.
    private var doubted: [UInt64] = []
    private static let doubts = 32
    /// Providers that were looked at lately.
    private var inspected: [(provider: UInt64, at: Instant)] = []

    /// Bytes of a small exchange in a session and of one that begins a session, both ways together; of an answer with contacts.
    static let warm = 150.0
    static let cold = 1_900.0
    static let contacts = 1_100.0
    /// Of a step about one part of the full view, mostly.
    static let part = 700.0
    /// Time between two rounds through the buckets that have room: the more of them found nobody, the longer.
    private static let fillPauses = (first: Duration.seconds(15), last: Duration.seconds(900))
    /// Time between two looks at one provider, and providers that are remembered for it.
    private static let inspectionInterval: Duration = .seconds(5)
    private static let inspections = 64

    mutating func begin(now: Instant, _ configuration: DHTConfiguration) {
        guard !isBegun else { return }
        isBegun = true
        purse = configuration.upkeepBurst
        viewPurse = configuration.viewBurst
        filled = now
        next = now
        nextRepair = now + Limits.splitRepair
    }

    mutating func fill(now: Instant, _ configuration: DHTConfiguration) {
        let seconds = Double((now - filled).wholeNanoseconds) / 1e9
        purse = min(purse + seconds * configuration.upkeep, configuration.upkeepBurst)
        viewPurse = min(viewPurse + seconds * configuration.viewUpkeep, configuration.viewBurst)
        filled = now
    }

    /// Whether there is as much left; takes it.
    mutating func spend(_ bytes: Double) -> Bool {
        guard purse >= bytes else { return false }
        purse -= bytes
        return true
    }

    /// The same for the full view, which is larger at once, and needs less afterwards.
    mutating func spendOnView(_ bytes: Double) -> Bool {
        guard viewPurse >= bytes else { return false }
        viewPurse -= bytes
        return true
    }

    /// Whether a provider may be looked at once more.
    mutating func mayInspect(_ provider: NodeID, now: Instant) -> Bool {
        inspected.removeAll { now - $0.at >= Self.inspectionInterval }
        guard inspected.count < Self.inspections, !inspected.contains(where: { $0.provider == provider.prefix }) else { return false }
        inspected.append((provider.prefix, now))
        return true
    }

    /// Whether a node has failed before: as the table counts, or, for one that is not in it, as is remembered here.
    mutating func isSecondFailure(of id: NodeID, known failures: UInt8?) -> Bool {
        if let failures { return failures > 2 }
        if let known = doubted.firstIndex(of: id.prefix) {
            doubted.remove(at: known)
            return true
        }
        if doubted.count >= Self.doubts { doubted.removeFirst() }
        doubted.append(id.prefix)
        return false
    }

    /// All buckets with room were asked for.
    mutating func surveyed(now: Instant) {
        bucket = 0
        fillPause = hasNews ? Self.fillPauses.first : min(fillPause + fillPause, Self.fillPauses.last)
        hasNews = false
        nextFill = now + fillPause
    }

    /// Contacts that others named, for the buckets that have room.
    mutating func offer(_ contacts: [Contact], _ table: RoutingTable, _ own: NodeID, _ now: Instant) {
        for contact in contacts where contact.nodeID != own && !contact.endpoints.isEmpty && !table.contains(contact.nodeID) {
            guard table.hasRoom(for: contact.nodeID, now: now) else { continue }
            hasNews = true
            candidates.add(contact, isWarm: false)
        }
    }
}

/// Nodes that may come into the table once they have answered.
struct Candidates: Sendable {
    private var waiting: [(contact: Contact, isWarm: Bool)] = []

    private static let width = 32

    mutating func add(_ contact: Contact, isWarm: Bool) {
        if let known = waiting.firstIndex(where: { $0.contact.nodeID == contact.nodeID }) {
            if isWarm { waiting[known] = (contact, true) }
            return
        }
        if waiting.count >= Self.width {
            guard isWarm, let cold = waiting.firstIndex(where: { !$0.isWarm }) else { return }
            waiting.remove(at: cold)
        }
        waiting.append((contact, isWarm))
    }

    mutating func remove(_ id: NodeID) { waiting.removeAll { $0.contact.nodeID == id } }

    /// One whose session is there already, or else any.
    mutating func next(warm: Bool) -> Contact? {
        guard let index = waiting.firstIndex(where: { $0.isWarm == warm }) else { return nil }
        return waiting.remove(at: index).contact
    }
}

/// How long contacts live, as far as this node sees: deaths for the time that they could have happened in.
struct Survival: Sendable {
    private var deaths = 0.5
    /// Seconds.
    private var exposure = 1_800.0

    mutating func note(died: Bool, after silence: Duration) {
        // Old evidence fades, so that an estimate follows the mesh.
        deaths = deaths * 0.99 + (died ? 1 : 0)
        exposure = exposure * 0.99 + min(Double(silence.wholeNanoseconds) / 1e9, 3_600)
    }

    /// Seconds that a contact lives on average.
    var meanLife: Double { max(exposure, 1) / max(deaths, 0.05) }
}
