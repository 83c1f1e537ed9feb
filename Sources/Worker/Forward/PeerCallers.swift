import Synchronization
import Transport
import Wire

/// How to call another worker: a link to one with a key, HTTP to one without. Thread-safe.
final class PeerCallers: Sendable {
    private let endpoint: MeshEndpoint?
    private let forwarder: (any HTTPForwarder)?
    /// By name, as long as the record that it was made from is the current one.
    private let known = Mutex<[String: (record: WorkerRecord, caller: any Caller)]>([:])

    init(endpoint: MeshEndpoint?, forwarder: (any HTTPForwarder)?) {
        self.endpoint = endpoint
        self.forwarder = forwarder
    }

    /// What can be reached at all.
    var reach: Reach {
        var reach: Reach = []
        if endpoint != nil { reach.insert(.wire) }
        if forwarder != nil { reach.insert(.http) }
        return reach
    }

    /// A caller to `member`; `nil` where there is no way.
    func caller(to member: Member) -> (any Caller)? {
        if let known = known.withLock({ $0[member.name] }), isSameWay(known.record, member.record) { return known.caller }
        guard let caller = make(member) else { return nil }
        known.withLock { known in
            if known.count >= Limits.cachedRoutes { known.removeAll() }
            known[member.name] = (member.record, caller)
        }
        return caller
    }

    private func make(_ member: Member) -> (any Caller)? {
        switch member.route {
        case .direct, .relay: endpoint.flatMap { endpoint in member.target.map { endpoint.caller(to: $0) } }
        case .http: member.record.tunnelURL.flatMap { forwarder?.caller(to: $0) }
        case .local: nil
        }
    }

    private func isSameWay(_ a: WorkerRecord, _ b: WorkerRecord) -> Bool {
        a.nodeID == b.nodeID && a.endpoints == b.endpoints && a.relays == b.relays && a.tunnelURL == b.tunnelURL
            && a.features == b.features
    }
}

extension Member {
    /// Whom to dial; `nil` for a member without a key.
    var target: LinkTarget? {
        record.nodeID.map { LinkTarget(.node($0), endpoints: record.endpoints, relays: record.relays, features: record.features) }
    }
}
