internal import Coordinator
internal import Transport
internal import Wire

/// What the coordinator, as a member of the DHT, says of it.
extension CoordinatorHTTP {
    var dhtEndpoints: [HTTPEndpoint] {
        [
            HTTPEndpoint(
                "GET", "/api/dht/bootstrap", "List the members that a DHT node can begin with", answers: [.ok(.named("Seeds"))],
                handler: { [self] _ in await seeds() }),
            HTTPEndpoint(
                "GET", "/api/dht/stats", "Count what the DHT knows", answers: [.ok(.named("DHTStatistics"))],
                handler: { [self] _ in await dhtStatistics() }),
            HTTPEndpoint(
                "GET", "/api/dht/topology", "Draw the DHT", answers: [.ok(.named("DHTTopology"))],
                handler: { [self] _ in await dhtTopology() }),
        ] + dhtPages.endpoints
    }

    private var dhtPages: DHTPages {
        DHTPages(
            name: node.name, service: { [node] in node.dht },
            contact: { [node] (who) async throws(CallError) in try await node.dhtContact(who) },
            unasked: { [node] in try await node.pingUnasked($0) })
    }

    /// Members that have answered this coordinator by datagram, itself first; nobody where it is not in the DHT.
    private func seeds() async -> HTTPAnswer {
        var seeds: [(name: String, url: String, port: UInt16)] = []
        if await node.dhtStatistics() != nil, let own = node.addresses.first {
            seeds.append((node.name, "", own.port))
            let contacts = Dictionary(await node.dhtContacts().map { ($0.nodeID, $0) }, uniquingKeysWith: { first, _ in first })
            for view in node.workers(includingUnhealthy: false) {
                guard let id = view.record.nodeID, let port = contacts[id]?.endpoints.first?.port else { continue }
                seeds.append((view.record.name, view.record.tunnelURL ?? "", port))
            }
        }
        var json = JSONWriter()
        json.object { json in
            json.field("seeds", array: seeds) { json, seed in
                json.object { json in
                    json.field("worker_id", seed.name)
                    json.field("tunnel_url", seed.url)
                    json.field("dht_port", Int(seed.port))
                }
            }
            json.field("seed_count", seeds.count)
            json.field("timestamp", WallTime.now)
        }
        return .json(json.buffer)
    }

    private func dhtStatistics() async -> HTTPAnswer {
        guard let statistics = await node.dhtStatistics() else { return .json(JSONValue.object([.init("dht_enabled", false)])) }
        let counts = node.workerCounts()
        var json = JSONWriter()
        json.object { json in
            json.field("dht_enabled", true)
            json.field("node_count", statistics.nodes)
            json.field("coordinator_count", 1)
            json.field("coordinators", [node.name])
            json.field("local_workers", counts.total)
            json.field("healthy_workers", counts.active)
            json.field("health", statistics.health.description)
            json.field("peers", statistics.peers)
            json.field("records", statistics.records)
            json.field("sessions", statistics.sessions)
        }
        return .json(json.buffer)
    }

    private func dhtTopology() async -> HTTPAnswer {
        guard await node.dhtStatistics() != nil else { return .json(["dht_enabled": false, "message": "DHT not enabled"]) }
        let peers = Set(await node.dhtContacts().map(\.nodeID))
        let workers = node.workers(includingUnhealthy: true)
        var json = JSONWriter(capacity: 256 + workers.count * 512)
        json.object { json in
            json.field("nodes", array: [nil] + workers.map(Optional.init)) { json, view in
                json.object { json in
                    json.field("id", view?.record.name ?? node.name)
                    json.field("type", view == nil ? "coordinator" : "worker")
                    if let view { Self.write(view, to: &json) }
                }
            }
            let linked = workers.filter { $0.record.nodeID.map(peers.contains) ?? false }
            json.field("edges", array: linked) { json, view in
                json.object { json in
                    json.field("from", node.name)
                    json.field("to", view.record.name)
                    json.field("type", "dht")
                }
            }
        }
        return .json(json.buffer)
    }

    private static func write(_ view: WorkerView, to json: inout JSONWriter) {
        json.field("worker_type", view.workerType.rawValue)
        json.field("services", view.assignedServices)
        json.field("tunnel_url", view.record.tunnelURL ?? "")
        json.field("capabilities", view.record.capabilities)
    }
}
