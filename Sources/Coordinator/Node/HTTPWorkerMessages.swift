public import Wire

/// What an HTTP-only worker says when it registers. Fragments of JSON are kept as they came and handed back so.
public struct HTTPRegistration: Sendable, Hashable {
    public var workerID: String
    /// Where it is reached: `POST {tunnelURL}/service/{name}`.
    public var tunnelURL: String
    public var capabilities: [String: CapabilityValue]
    /// The services it names; `nil` where it leaves the choice to the coordinator.
    public var services: [String]?
    /// The `services` value as it came.
    public var servicesJSON: String?
    /// The `containers` value as it came.
    public var containersJSON: String?
    public var vpnIP: String?
    public var region: String?
    public var zone: String?

    public init(workerID: String, tunnelURL: String, capabilities: [String: CapabilityValue] = [:]) {
        self.workerID = workerID
        self.tunnelURL = tunnelURL
        self.capabilities = capabilities
    }
}

/// The answer to a registration over HTTP.
public struct HTTPRegistered: Sendable, Hashable {
    public var workerID: String
    public var workerType: WorkerType
    public var tier: UInt8
    /// The services that the worker has from now on: those it named, or those it was given.
    public var assigned: [String]
    /// What the catalogue says of them; a service outside the catalogue has no entry.
    public var configurations: [Catalogue.Entry]
}

/// A heartbeat of an HTTP-only worker. What is `nil` keeps its last value.
public struct HTTPHeartbeat: Sendable, Hashable {
    public var workerID: String
    public var status: String?
    /// 0 is idle, 1 is full.
    public var currentLoad: Double?
    public var availableMemory: CapabilityValue?
    /// The `loaded_models` value as it came.
    public var loadedModelsJSON: String?
    public var activeRequests: Int64?
    public var gpuUtilization: Double?
    /// The `services_status` value as it came.
    public var servicesStatusJSON: String?
    public var specialization: CapabilityValue?

    public init(workerID: String) { self.workerID = workerID }

    /// Takes over what `newer` says.
    mutating func merge(_ newer: HTTPHeartbeat) {
        workerID = newer.workerID
        status = newer.status ?? status
        currentLoad = newer.currentLoad ?? currentLoad
        availableMemory = newer.availableMemory ?? availableMemory
        loadedModelsJSON = newer.loadedModelsJSON ?? loadedModelsJSON
        activeRequests = newer.activeRequests ?? activeRequests
        gpuUtilization = newer.gpuUtilization ?? gpuUtilization
        servicesStatusJSON = newer.servicesStatusJSON ?? servicesStatusJSON
        specialization = newer.specialization ?? specialization
    }

    /// The load in thousandths, for a table that counts requests. Something that is no number, or negative, counts as idle.
    var loadReport: LoadReport {
        let load = currentLoad ?? 0
        let thousandths = load.isFinite && load > 0 ? UInt32(min(load * 1_000, 1_000_000)) : 0
        return LoadReport(inFlight: thousandths, limit: 1_000)
    }
}
