public import Wire

/// What a worker is good for, guessed from its capabilities. Decides which services an HTTP worker is given.
public enum WorkerType: String, Sendable, CaseIterable, Hashable {
    case gpu, cpu, storage, edge

    /// The type that `capabilities` say: `has_gpu` or `worker_type` gpu; then `has_edge`, `worker_type` edge or
    /// `has_public_ip`; then `has_storage` or `worker_type` storage; otherwise cpu.
    public init(capabilities: [String: CapabilityValue]) {
        func isSet(_ key: String) -> Bool { capabilities[key]?.isTrue == true }
        let said = capabilities["worker_type"]
        if isSet("has_gpu") || said == .text("gpu") {
            self = .gpu
        } else if isSet("has_edge") || said == .text("edge") || isSet("has_public_ip") {
            self = .edge
        } else if isSet("has_storage") || said == .text("storage") {
            self = .storage
        } else {
            self = .cpu
        }
    }

    /// The tier of a worker with these capabilities: gpu 1, storage 3, edge 4; cpu 2 where it calls itself cpu, else 3.
    public func tier(capabilities: [String: CapabilityValue]) -> UInt8 {
        switch self {
        case .gpu: 1
        case .storage: 3
        case .edge: 4
        case .cpu: capabilities["worker_type"] == .text("cpu") ? 2 : 3
        }
    }

    /// Whether a worker of this type may run a service that requires `required`: its own kind, and on a gpu also cpu services.
    public func serves(_ required: WorkerType) -> Bool { self == required || (self == .gpu && required == .cpu) }
}

extension CapabilityValue {
    /// What counts as true where a flag is meant: `true`, a number other than 0, a text other than "", "0" and "false".
    var isTrue: Bool {
        switch self {
        case .bool(let flag): flag
        case .int(let number): number != 0
        case .double(let number): number != 0
        case .text(let text): !["", "0", "false", "False"].contains(text)
        case .json(let fragment): !["", "null", "[]", "{}"].contains(fragment)
        }
    }
}
