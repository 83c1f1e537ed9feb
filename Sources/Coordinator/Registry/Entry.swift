import Wire

/// One worker in the registry: what it said, what is known of it, and the record that follows from both.
struct Entry: Sendable {
    let slot: Slot
    /// What discovery hands out. `state`, `endpoints` and the health of services are derived: see `derive`.
    var record: WorkerRecord
    var kind: Kind
    /// Services as the worker says them.
    var offered: [ServiceRecord] = []
    /// Load by service, as last reported.
    var loads: [String: LoadReport] = [:]
    /// Services that a health check by the coordinator has found failing.
    var vetoed: Set<String> = []
    var reach = Reachability()
    /// Who passes links on to it.
    var relays: [RelayRecord] = []
    /// Address that its link comes from.
    var observed: Endpoint?
    /// Microseconds since 1970.
    var registeredAt: Int64
    var isSuspected = false
    var isDraining = false
    /// Known from before a restart, not back yet.
    var isStale = false
    /// Tier that its capabilities put it in.
    var tier: UInt8 = 0
    /// Registry revision of the last change that others see.
    var revision: UInt64 = 0
    /// The record's encoding up to the fields that change with time, made on demand.
    var encoded: [UInt8]?

    /// How the worker is a member.
    enum Kind: Sendable {
        /// Over a link.
        case wire(NodeID)
        /// Over HTTP only: it has no key, so its name is worth less.
        case http(HTTPWorker)
    }

    var isHTTPOnly: Bool {
        if case .http = kind { true } else { false }
    }

    /// Whether others can be sent to it now: alive, and there is an address that reaches it.
    var isServable: Bool {  // MSG-5.1
        record.isRoutable && (!record.endpoints.isEmpty || !record.relays.isEmpty || record.tunnelURL != nil)
    }

    /// Whether `service` is to be handed out at this worker.
    func serves(_ service: String) -> Bool {
        isServable && record.services.contains { $0.name == service && $0.healthy }
    }

    /// The load to sort by for `service`.
    func load(of service: String) -> LoadReport { loads[service] ?? record.load }

    /// Brings the record in line with what is known.
    mutating func derive() {
        tier = WorkerType(capabilities: record.capabilities).tier(capabilities: record.capabilities)
        record.services = offered.map { service in
            var service = service
            if vetoed.contains(service.name) { service.healthy = false }
            return service
        }
        if !isHTTPOnly {
            record.endpoints = reach.endpoints
            // A worker whose addresses are still being dialled will be reached better in a moment.
            record.relays = reach.verdict == nil ? [] : relays  // RELAY-1.1
        }
        record.state =
            if isSuspected {
                .suspected
            } else if isDraining {
                .draining
            } else if isStale {
                .stale
            } else if !isHTTPOnly, reach.verdict == false, relays.isEmpty {
                .unreachable
            } else {
                .online
            }
    }
}

/// What only HTTP workers have.
struct HTTPWorker: Sendable {
    var registration: HTTPRegistration
    var assigned: [String]
    var beat = HTTPHeartbeat(workerID: "")
}
