public import Wire

/// Everything the coordinator knows of one worker, for those who list workers.
public struct WorkerView: Sendable, Hashable {
    /// As discovery hands it out; `ageMilliseconds` and `load` are current.
    public var record: WorkerRecord
    /// A member without a key: it registered over HTTP.
    public var isHTTPOnly: Bool
    public var workerType: WorkerType
    public var tier: UInt8
    /// Microseconds since 1970.
    public var registeredAt: Int64
    /// Microseconds since 1970 of the last sign of life: a heartbeat, or anything on the link.
    public var lastHeartbeat: Int64
    /// Whether calls are sent to it: alive, not draining, with an address that reaches it.
    public var isHealthy: Bool
    /// `online` until the first heartbeat over HTTP, then what that said; for a worker on the wire its state.
    public var status: String
    /// Services that the worker has: named by it, or given to it.
    public var assignedServices: [String]
    /// Current load, 0 idle and 1 full.
    public var currentLoad: Double
    /// Requests in progress.
    public var activeRequests: Int64
    /// Address that its link comes from; `nil` without a link.
    public var observed: Endpoint?
    /// Whether dialling back succeeded; `nil` while that is open and for a worker without a link.
    public var reachable: Bool?
    /// What it registered over HTTP; `nil` for a worker on the wire.
    public var registration: HTTPRegistration?
    /// What its heartbeats have said; `nil` for a worker on the wire.
    public var heartbeat: HTTPHeartbeat?
}

/// A service and who has it, healthy or not.
public struct ServiceMembers: Sendable, Hashable {
    public var name: String
    /// Names of workers, in order.
    public var workers: [String]
}
