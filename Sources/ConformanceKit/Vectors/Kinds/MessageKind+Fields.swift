import Wire

// The fields of each message as vectors show them: the names of the specification in snake case, in the order of their types.

extension EnrolRequest: VectorMessage {
    var vector: VectorValue {
        .object([
            .init("name", .string(name)), .init("identity_key", .string(identityKey.hex)), .init("features", .number(features.rawValue)),
            .init("roles", .number(roles.rawValue)), .init("signature", .hex(signature)),
        ])
    }
}

extension EnrolAnswer: VectorMessage {
    var vector: VectorValue {
        VectorFields.object {
            $0.put("certificate", .hex(certificate))
            $0.put("coordinators", coordinators)
        }
    }
}

extension RenewRequest: VectorMessage {
    var vector: VectorValue { ["features": .number(features.rawValue)] }
}

extension Registration: VectorMessage {
    var vector: VectorValue {
        VectorFields.object {
            $0.put("boot_epoch", .u64(bootEpoch))
            $0.put("advertised", advertised)
            $0.put("listen_port", listenPort)
            $0.put("tunnel_url", tunnelURL)
            $0.put("region", region)
            $0.put("zone", zone)
            $0.put("capabilities", list: capabilities.vector)
            $0.put("services", list: services.map(\.vector))
            if let circuits { $0.put("circuits", .bool(circuits)) }
        }
    }
}

extension RegistrationAccepted: VectorMessage {
    var vector: VectorValue {
        VectorFields.object {
            $0.put("name", name)
            $0.put("observed", observed.description)
            if let reachable { $0.put("reachable", .bool(reachable)) }
            $0.put("revision", .u64(revision))
            $0.put("relays", list: relays.map(\.vector))
        }
    }
}

extension ServiceRecord: VectorMessage {
    var vector: VectorValue {
        ["name": .string(name), "healthy": .bool(healthy), "limit": .number(limit), "compress": .bool(compress)]
    }
}

extension ServiceLoad: VectorMessage {
    var vector: VectorValue { ["service": .string(service), "healthy": .bool(healthy), "load": load.vector] }
}

extension LoadUpdate: VectorMessage {
    var vector: VectorValue { VectorFields.object { $0.put("services", list: services.map(\.vector)) } }
}

extension ServiceSummary: VectorMessage {
    var vector: VectorValue {
        [
            "name": .string(name), "healthy_workers": .number(healthyWorkers), "tier": .number(tier), "requires": .string(requires),
        ]
    }
}

extension ServiceList: VectorMessage {
    var vector: VectorValue { VectorFields.object { $0.put("services", list: services.map(\.vector)) } }
}

extension DiscoverRequest: VectorMessage {
    var vector: VectorValue { ["service": .string(service), "limit": .number(limit)] }
}

extension DiscoverAnswer: VectorMessage {
    var vector: VectorValue {
        VectorFields.object {
            $0.put("revision", .u64(revision))
            $0.put("known", .bool(known))
            $0.put("total", total)
            $0.put("workers", list: workers.map(\.vector))
        }
    }
}

extension ResolveRequest: VectorMessage {
    var vector: VectorValue { ["name": .string(name)] }
}

extension WorkerRecord: VectorMessage {
    var vector: VectorValue {
        VectorFields.object {
            $0.put("name", name)
            $0.put("node_id", nodeID?.hex)
            $0.put("state", state.rawValue)
            $0.put("boot_epoch", .u64(bootEpoch))
            $0.put("features", features.rawValue)
            $0.put("endpoints", endpoints)
            $0.put("tunnel_url", tunnelURL)
            $0.put("region", region)
            $0.put("zone", zone)
            $0.put("capabilities", list: capabilities.vector)
            $0.put("services", list: services.map(\.vector))
            $0.put("relays", list: relays.map(\.vector))
            $0.put("load", load.vector)
            $0.put("age", ageMilliseconds)
        }
    }
}

extension WatchRequest: VectorMessage {
    var vector: VectorValue { VectorFields.object { $0.put("services", list: services.map(VectorValue.string)) } }
}

extension WatchEvent: VectorMessage {
    var vector: VectorValue {
        VectorFields.object {
            switch self {
            case .snapshot(let revision, let records):
                $0.put("kind", 1)
                $0.put("revision", .u64(revision))
                $0.put("records", list: records.map(\.vector))
            case .changed(let revision, let record):
                $0.put("kind", 2)
                $0.put("revision", .u64(revision))
                $0.put("record", record.vector)
            case .removed(let revision, let name):
                $0.put("kind", 3)
                $0.put("revision", .u64(revision))
                $0.put("name", name)
            }
        }
    }
}

extension RelayRecord: VectorMessage {
    var vector: VectorValue {
        VectorFields.object {
            $0.put("node_id", nodeID.hex)
            $0.put("endpoints", endpoints)
        }
    }
}

extension CircuitRequest: VectorMessage {
    var vector: VectorValue { ["node": .string(node.hex)] }
}

extension Notice: VectorMessage {
    var vector: VectorValue {
        VectorFields.object {
            $0.put("kind", kind.rawValue)
            $0.put("text", text)
            $0.put("nodes", list: nodes.map { .string($0.hex) })
        }
    }
}

extension [String: CapabilityValue] {
    /// Sorted by the bytes of the key, as on the wire. An i64 is a decimal string, a double the hexadecimal of its eight bytes.
    fileprivate var vector: [VectorValue] {
        sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { key, value in
            let (kind, shown): (String, VectorValue) =
                switch value {
                case .bool(let flag): ("flag", .bool(flag))
                case .int(let number): ("i64", .string(String(number)))
                case .double(let number):
                    (
                        "double",
                        .hex(stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number.bitPattern >> UInt64($0)) })
                    )
                case .text(let text): ("text", .string(text))
                case .json(let text): ("json", .string(text))
                }
            return ["key": .string(key), "kind": .string(kind), "value": shown]
        }
    }
}
