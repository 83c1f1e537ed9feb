internal import Transport
internal import Wire

// What a node says of its place in the DHT, as JSON.

extension DHTStatus {
    func writeMembers(to json: inout JSONWriter) {
        json.field("node_id", nodeID.hex)
        json.field("endpoints", endpoints.map(\.description))
        statistics.writeMembers(to: &json)
        json.field("published", array: publications) { json, publication in
            json.object { json in
                json.field("service", publication.service)
                json.field("holders", publication.holders)
            }
        }
        json.field("peers", array: peers) { $1.write(to: &$0) }
    }
}

extension DHTStatistics {
    fileprivate func writeMembers(to json: inout JSONWriter) {
        json.field("health") { (json: inout JSONWriter) in
            json.field("status", health.status.rawValue)
            json.field("cause", health.cause?.rawValue)
            json.field("text", health.cause?.text)
            json.field("since_seconds", since.seconds)
            json.field("changes", changes)
        }
        json.field("client", isClient)
        json.field("client_reason", reason.rawValue)
        json.field("client_text", reason.text)
        json.field("view", hasFullView ? "full" : "buckets")
        json.field("nodes", nodes)
        json.field("records", records)
        json.field("sessions", sessions)
        json.field("lookups", lookups)
        json.field("found", found)
        json.field("requests") { (json: inout JSONWriter) in
            json.field("udp", byDatagram)
            json.field("tcp", overLinks)
        }
        json.field("datagrams") { (json: inout JSONWriter) in
            json.field("received", datagramsReceived)
            json.field("dropped", datagramsDropped)
        }
    }
}

extension DHTPeer {
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("node_id", nodeID.hex)
            json.field("name", name)
            json.field("endpoints", endpoints.map(\.description))
            json.field("status", health.status.rawValue)
            json.field("cause", health.cause?.rawValue)
            json.field("text", health.cause?.text)
            json.field("latency_ms", roundTrip?.milliseconds)
            json.field("silence_seconds", silence?.seconds)
        }
    }
}

extension DHTFinding {
    func writeMembers(to json: inout JSONWriter) {
        json.field("providers", array: providers) { json, provider in
            json.object { provider.entry.writeMembers(remaining: provider.remaining, to: &$0) }
        }
        json.field("count", providers.count)
        json.field("path", path)
        json.field("rounds", rounds)
        json.field("asked", asked)
        json.field("answers") { (json: inout JSONWriter) in
            json.field("udp", answersByDatagram)
            json.field("tcp", answersOverLinks)
        }
        json.field("took_ms", took.milliseconds)
        json.field("complete", isComplete)
    }

    /// "none" where nobody answered, or nobody had to be asked.
    private var path: String {
        switch (answersByDatagram > 0, answersOverLinks > 0) {
        case (true, true): "both"
        case (true, false): "udp"
        case (false, true): "tcp"
        case (false, false): "none"
        }
    }
}

extension ProviderEntry {
    func writeMembers(remaining: Duration, to json: inout JSONWriter) {
        json.field("service", offer.service)
        json.field("provider", name)
        json.field("node_id", nodeID.hex)
        json.field("incarnation", offer.incarnation)
        json.field("sequence", offer.sequence)
        json.field("endpoints", offer.endpoints.map(\.description))
        json.field("relays", array: offer.relays) { json, relay in
            json.object { json in
                json.field("node_id", relay.nodeID.hex)
                json.field("endpoints", relay.endpoints.map(\.description))
            }
        }
        json.field("region", offer.region)
        json.field("zone", offer.zone)
        json.field("remaining_seconds", remaining.seconds)
    }
}

extension Duration {
    /// With microseconds behind the point.
    var milliseconds: Double { Double(wholeNanoseconds / 1_000) / 1_000 }
    /// With milliseconds behind the point.
    var seconds: Double { Double(wholeNanoseconds / 1_000_000) / 1_000 }
}
