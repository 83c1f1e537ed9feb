import Wire

/// Where one worker says that it can be dialled, and what dialling back has shown. An address is believed after that only.
struct Reachability: Sendable {
    /// What to do about a change of the addresses.
    enum Plan: Hashable, Sendable {
        case nothing
        /// Dial these now.
        case probe([Endpoint])
        /// Ask `begin` again at this time: the worker has had its probe a moment ago.
        case wait(until: Instant)
    }

    /// Addresses to be tried, as the worker ranks them.
    private(set) var candidates: [Endpoint] = []
    private var proven: Set<Endpoint> = []
    private var open: Set<Endpoint> = []
    /// Increases with each round of probes: a result of an older one says nothing.
    private(set) var round: UInt32 = 0
    private var lastRound: Instant?
    /// When a round begins that was asked for too early.
    private var waitsUntil: Instant?
    private var failures = 0

    init() {}

    /// Addresses that were proven before a restart.
    init(proven: [Endpoint]) {
        candidates = proven
        self.proven = Set(proven)
    }

    /// Addresses to hand out.
    var endpoints: [Endpoint] { candidates.filter(proven.contains) }  // MSG-3.4

    /// `true` once an address is proven, `false` once all have failed or there is none, `nil` while a probe is under way.
    var verdict: Bool? {
        if !proven.isEmpty { return true }
        return open.isEmpty && lastRound != nil || candidates.isEmpty ? false : nil
    }

    /// Takes the addresses of a registration. What was proven stays so if it is still among them.
    mutating func propose(_ addresses: [Endpoint], isNewProcess: Bool, now: Instant) -> Plan {
        guard addresses != candidates || isNewProcess else { return .nothing }
        candidates = addresses
        proven.formIntersection(addresses)
        open = []
        failures = 0
        return begin(now: now)
    }

    /// Begins a round of probes, or says when one may begin.
    mutating func begin(now: Instant) -> Plan {
        round &+= 1
        open = []
        guard !candidates.isEmpty else {
            lastRound = nil
            return .nothing
        }
        if let lastRound, now < lastRound + Limits.dialBackInterval {  // MSG-3.7
            open = Set(candidates)
            // One wait for each interval, however often a worker changes its mind in it.
            let until = lastRound + Limits.dialBackInterval
            guard waitsUntil != until else { return .nothing }
            waitsUntil = until
            return .wait(until: until)
        }
        lastRound = now
        open = Set(candidates)
        return .probe(candidates)
    }

    /// Takes a result. Returns when to try again if now every address has failed.
    mutating func record(_ endpoint: Endpoint, round: UInt32, reachable: Bool, now: Instant) -> Instant? {
        guard round == self.round, open.remove(endpoint) != nil else { return nil }
        if reachable {
            proven.insert(endpoint)
            failures = 0
        } else {
            proven.remove(endpoint)
        }
        guard open.isEmpty, proven.isEmpty else { return nil }
        failures += 1
        return now + Limits.dialBackRetry * (1 << min(failures - 1, Limits.dialBackDoublings))
    }
}

/// One dial back that somebody must do: only the handshake, expecting this node's key.
struct ProbeRequest: Hashable, Sendable {
    var slot: Slot
    var round: UInt32
    var nodeID: NodeID
    var endpoint: Endpoint
    /// What the worker's own link comes from: an address that turns out to be loopback or link-local is tried for such a one only.
    var observed: HostClass
}
