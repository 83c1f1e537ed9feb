package import Wire

/// A worker that offers a service, as a route knows it. Immutable and shared, so that handing one out costs a retain.
package final class Member: Sendable {
    package let record: WorkerRecord
    /// How a call gets there, as far as the record says: a link that a relay passes on may become a direct one, and the answer says
    /// which it was.
    package let route: Route

    /// `nil` for a record that no call can be sent to from here: not routable, or without an address that is in `reach`.
    ///
    /// A member with a key is reached over the wire wherever that can be done: HTTP between hosts is not encrypted.
    package init?(_ record: WorkerRecord, reach: Reach) {
        guard record.isRoutable else { return nil }
        if reach.contains(.wire), record.nodeID != nil {
            guard !record.endpoints.isEmpty || !record.relays.isEmpty else { return nil }
            route = record.endpoints.isEmpty ? .relay : .direct
        } else {
            guard reach.contains(.http), record.tunnelURL != nil else { return nil }
            route = .http
        }
        self.record = record
    }

    package var name: String { record.name }

    /// Whether bodies of `service` must travel as they are.
    package func forbidsCompression(of service: String) -> Bool { record.services.contains { !$0.compress && $0.name == service } }
}

/// By what means this worker can reach others.
package struct Reach: OptionSet, Hashable, Sendable {
    package var rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    /// It has an identity and so can open links.
    package static let wire = Reach(rawValue: 1)
    /// It was given a forwarder.
    package static let http = Reach(rawValue: 2)
}

/// Where a worker stands, as far as its operator said so.
package struct Locality: Hashable, Sendable {
    package var region: String?
    package var zone: String?

    package init(region: String? = nil, zone: String? = nil) {
        self.region = region
        self.zone = zone
    }

    /// What a round trip to `other` probably takes, in microseconds, before one was measured.
    package func expectedRoundTrip(to other: Locality) -> Double {
        guard let region, let theirs = other.region else { return 5_000 }
        guard region == theirs else { return 60_000 }
        guard let zone, zone == other.zone else { return 2_000 }
        return 500
    }
}
