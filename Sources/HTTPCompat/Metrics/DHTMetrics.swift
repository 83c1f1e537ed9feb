package import Transport

extension DHTStatistics {
    /// Writes what a node knows of its place in the DHT; of a node that has none, only that.
    package static func write(_ statistics: DHTStatistics?, to text: inout PrometheusText) {
        text.single("wiremesh_dht_enabled", .gauge, help: "Whether this node is in the DHT.", statistics == nil ? 0 : 1)
        statistics?.write(to: &text)
    }

    private func write(to text: inout PrometheusText) {
        let family = "wiremesh_dht_health"
        text.family(family, .gauge, help: "Whether datagrams work, and why not: 1 for what holds.")
        for status in DHTHealth.Status.allCases {
            for cause in status == .ok ? [nil] : DHTHealth.Cause.allCases.map(Optional.init) where cause != .withheld {
                let holds = health == DHTHealth(status, cause)
                text.sample(family, holds ? 1 : 0, ["status": status.rawValue, "cause": cause?.rawValue ?? "none"])
            }
        }
        text.single("wiremesh_dht_health_changes_total", .counter, help: "Times that the health has changed.", changes)
        text.single("wiremesh_dht_client", .gauge, help: "Whether others cannot reach this node by datagram.", isClient ? 1 : 0)
        text.single("wiremesh_dht_peers", .gauge, help: "Nodes in the routing table: each has answered.", peers)
        text.single("wiremesh_dht_nodes", .gauge, help: "Nodes that the mesh has, as far as this one can tell.", nodes)
        text.single("wiremesh_dht_records", .gauge, help: "Entries of providers held for others.", records)
        text.single("wiremesh_dht_published_services", .gauge, help: "Services that this node has published.", published)
        text.single("wiremesh_dht_sessions", .gauge, help: "Sessions by datagram that stand.", sessions)
        text.single("wiremesh_dht_lookups_total", .counter, help: "Lookups of services.", lookups)
        text.single("wiremesh_dht_lookups_found_total", .counter, help: "Lookups that found somebody.", found)
        let requests = "wiremesh_dht_requests_total"
        text.family(requests, .counter, help: "Requests to other nodes: by datagram (udp) or over links (tcp).")
        text.sample(requests, byDatagram, ["path": "udp"])
        text.sample(requests, overLinks, ["path": "tcp"])
        text.single("wiremesh_dht_datagrams_received_total", .counter, help: "Datagrams that came.", datagramsReceived)
        text.single("wiremesh_dht_datagrams_dropped_total", .counter, help: "Datagrams that came and were dropped.", datagramsDropped)
    }
}

extension RelayStatistics {
    /// Writes what a relay has passed on.
    package func write(to text: inout PrometheusText) {
        text.single("wiremesh_relay_circuits", .gauge, help: "Circuits through this node that stand.", circuits)
        text.single("wiremesh_relay_circuits_opened_total", .counter, help: "Circuits that were opened.", opened)
        text.single("wiremesh_relay_circuits_refused_total", .counter, help: "Circuits that a quota did not allow.", refused)
        text.single("wiremesh_relay_passed_bytes_total", .counter, help: "Bytes passed on, both directions together.", bytes)
    }
}
