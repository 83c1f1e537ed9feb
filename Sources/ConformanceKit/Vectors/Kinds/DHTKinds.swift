import Wire

// Messages of the DHT as vectors show them.

extension Contact: VectorMessage {
    var vector: VectorValue {
        VectorFields.object {
            $0.put("node_id", nodeID.hex)
            $0.put("static_key", staticKey.hex)
            $0.put("endpoints", endpoints)
            $0.put("sequence", .u64(sequence))
            $0.put("signature", signature.isEmpty ? nil : signature.hex)
        }
    }
}

extension Introduction: VectorMessage {
    var vector: VectorValue {
        VectorFields.object { if let contact { $0.put("contact", contact.vector) } }
    }
}

extension Pong: VectorMessage {
    var vector: VectorValue {
        VectorFields.object {
            $0.put("observed", observed.description)
            if let contact { $0.put("contact", contact.vector) }
            $0.put("client", .bool(isClient))
        }
    }
}

extension FindRequest: VectorMessage {
    var vector: VectorValue { ["target": .string(target.hex), "entries": .number(entries), "contacts": .number(contacts)] }
}

extension UnreachableHint: VectorMessage {
    var vector: VectorValue {
        [
            "key": .string(key.hex), "provider": .string(provider.hex), "incarnation": .u64(version.incarnation),
            "sequence": .u64(version.sequence),
        ]
    }
}

extension StoreAnswer: VectorMessage {
    var vector: VectorValue { ["outcome": .number(outcome.rawValue), "split": .number(split)] }
}

extension ViewEntry: VectorMessage {
    var vector: VectorValue { ["contact": contact.vector, "gone": .bool(isGone)] }
}

extension DHTRequest: VectorMessage {
    var vector: VectorValue {
        VectorFields.object {
            $0.put("exchange", exchange)
            $0.put("client", .bool(isClient))
            switch question {
            case .ping(let contact): $0.put("ping", Introduction(contact).vector)
            case .find(let find): $0.put("find", find.vector)
            case .unreachable(let hint): $0.put("unreachable", hint.vector)
            case .probe(let contact): $0.put("probe", Introduction(contact).vector)
            case .store(let store): $0.put("store", .hex((try? store.encode()) ?? []))
            case .sync(let sync): $0.put("sync", .hex((try? sync.encode()) ?? []))
            }
        }
    }
}

extension DHTAnswer: VectorMessage {
    var vector: VectorValue {
        VectorFields.object {
            $0.put("exchange", exchange)
            switch reply {
            case .pong(let pong): $0.put("pong", pong.vector)
            case .stored(let stored): $0.put("stored", stored.vector)
            case .noted: $0.put("noted", .bool(true))
            case .refused(let refusal): $0.put("refusal", refusal.rawValue)
            case .found(let found): $0.put("found", .hex((try? found.encode()) ?? []))
            case .synced(let synced): $0.put("synced", .hex((try? synced.encode()) ?? []))
            }
        }
    }
}
