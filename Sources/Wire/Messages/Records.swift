/// What the registry knows of one worker, as discovery answers carry it.
public struct WorkerRecord: Hashable, Sendable {
    public var name: String
    /// `nil` for a member that speaks HTTP only.
    public var nodeID: NodeID?
    public var state: State = .online
    /// Increases with each start of the worker's process.
    public var bootEpoch: UInt64 = 0
    /// What its processor offers, from its certificate.
    public var features: Features = []
    /// Where to dial it over the wire, best first. Only addresses that a dial back has proven, unless `unreachable`.
    public var endpoints: [Endpoint] = []
    /// `POST {tunnelURL}/service/{name}` reaches it over HTTP; `nil` when it has no HTTP address.
    public var tunnelURL: String?
    public var region: String?
    public var zone: String?
    public var capabilities: [String: CapabilityValue] = [:]
    public var services: [ServiceRecord] = []
    /// Who passes links on to it; at most `Limits.relays`.
    public var relays: [RelayRecord] = []
    public var load = LoadReport()
    /// Milliseconds since the worker was last heard of, when this record was written.
    public var ageMilliseconds: UInt32 = 0

    public init(name: String) { self.name = name }

    /// Why a worker is or is not routed to.
    public enum State: UInt8, Sendable, CaseIterable {
        /// Its link is alive.
        case online = 1
        /// Silent for `Limits.suspectAfter`: not routed to.
        case suspected = 2
        /// Known from before the coordinator's restart; not heard of since.
        case stale = 3
        /// Finishes what it has, takes nothing new.
        case draining = 4
        /// Alive, but its advertised address cannot be dialled and no relay has it.
        case unreachable = 5
    }

    /// Whether calls may be sent to it.
    public var isRoutable: Bool { state == .online || state == .stale }
}

/// One service of one worker.
public struct ServiceRecord: Hashable, Sendable {
    public var name: String
    /// Whether the worker's own probe of the upstream succeeds.
    public var healthy = true
    /// How many requests it takes at once; 0 means unknown.
    public var limit: UInt32 = 0
    /// Whether its bodies may be compressed.
    public var compress = true

    public init(name: String) { self.name = name }
}

/// Bits of what a node's processor offers.
public struct Features: OptionSet, Hashable, Sendable {  // CONV-4.12
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// AES in hardware: the AESGCM suite may be used towards it.
    public static let aes = Features(rawValue: 1)
}

/// "host:port"; the host is a name, an IPv4 address or an IPv6 address in brackets.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    public var host: String
    public var port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Parses "host:port", "1.2.3.4:7700" or "[::1]:7700"; `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count <= Limits.endpoint, let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") }) else { return nil }
        self.init(host: String(host), port: port)
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// A capability's value. `json` is a fragment that came from an HTTP worker and is handed back as it was.
public enum CapabilityValue: Hashable, Sendable {
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case text(String)
    case json(String)
}

/// What a worker says of itself when it registers over its link (method `mesh.register`).
public struct Registration: Hashable, Sendable {
    public var bootEpoch: UInt64
    /// Where it says that it can be dialled; empty means "the port below, at the address you see me from".
    public var advertised: [Endpoint] = []
    /// The port it listens on; 0 if it does not listen.
    public var listenPort: UInt16 = 0
    public var tunnelURL: String?
    public var region: String?
    public var zone: String?
    public var capabilities: [String: CapabilityValue] = [:]
    public var services: [ServiceRecord] = []
    /// Whether it answers `mesh.circuit`, so that a relay can be named for it; `nil`, as from one that knows no relays: it does not.
    public var circuits: Bool?

    public init(bootEpoch: UInt64) { self.bootEpoch = bootEpoch }
}

/// The coordinator's answer to a registration.
public struct RegistrationAccepted: Hashable, Sendable {
    /// The name under which the worker stands in the registry: the certified one.
    public var name: String
    /// The address the coordinator sees it from.
    public var observed: Endpoint
    /// Whether the dial back succeeded; `nil` while it is still under way.
    public var reachable: Bool?
    public var revision: UInt64
    /// Who passes links on to the worker; empty for one that has registered without `circuits`, and where nobody does.
    public var relays: [RelayRecord] = []

    public init(name: String, observed: Endpoint, reachable: Bool?, revision: UInt64) {
        self.name = name
        self.observed = observed
        self.reachable = reachable
        self.revision = revision
    }
}

/// The answer of `mesh.discover`: workers of one service, best first.
public struct DiscoverAnswer: Hashable, Sendable {
    public var revision: UInt64
    /// Whether any worker ever offered the service (or the catalogue names it): tells "unavailable" from "not found".
    public var known: Bool
    /// How many healthy workers there are; `workers` may be a sample.
    public var total: UInt32
    public var workers: [WorkerRecord]

    public init(revision: UInt64, known: Bool, total: UInt32, workers: [WorkerRecord]) {
        self.revision = revision
        self.known = known
        self.total = total
        self.workers = workers
    }
}

/// One service in the answer of `mesh.list`.
public struct ServiceSummary: Hashable, Sendable {
    public var name: String
    public var healthyWorkers: UInt32
    public var tier: UInt8
    public var requires: String

    public init(name: String, healthyWorkers: UInt32, tier: UInt8, requires: String) {
        self.name = name
        self.healthyWorkers = healthyWorkers
        self.tier = tier
        self.requires = requires
    }
}

/// One message of a `mesh.watch` stream: a snapshot first, then deltas, each with the revision it leads to.
public enum WatchEvent: Hashable, Sendable {
    /// Everything there is at `revision`; forget what you had.
    case snapshot(revision: UInt64, [WorkerRecord])
    /// This worker is new or has changed.
    case changed(revision: UInt64, WorkerRecord)
    /// This worker is gone.
    case removed(revision: UInt64, name: String)
}
