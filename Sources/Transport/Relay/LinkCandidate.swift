package import Wire

/// One way to a node.
package enum LinkCandidate: Hashable, Sendable, CustomStringConvertible {
    /// An address of the node.
    case direct(Endpoint)
    /// A relay that has a link to it.
    case relay(RelayRecord)

    package var description: String {
        switch self {
        case .direct(let endpoint): "\(endpoint)"
        case .relay(let relay): "relay \(relay.endpoints.first.map { "\($0)" } ?? "\(relay.nodeID)")"
        }
    }

    /// Everything that may be tried, best first: direct addresses before relays, since a relay serves others too; among addresses those
    /// whose round trip is known, by it, then IPv6 and IPv4 in turn (RFC 8305, section 4); relays by the round trip to them.
    package static func order(_ target: LinkTarget, roundTrip: (Endpoint) -> Duration?) -> [LinkCandidate] {
        func known(_ endpoints: [Endpoint]) -> Duration? { endpoints.compactMap(roundTrip).min() }
        let measured = target.endpoints.filter { roundTrip($0) != nil }
            .sorted { (roundTrip($0) ?? .zero) < (roundTrip($1) ?? .zero) }
        let others = inTurn(target.endpoints.filter { roundTrip($0) == nil })
        let relays = target.relays.enumerated()
            .sorted { a, b in
                let (left, right) = (known(a.element.endpoints), known(b.element.endpoints))
                guard let left, let right, left != right else { return left != nil && right == nil || a.offset < b.offset }
                return left < right
            }
            .map(\.element)
        return (measured + others).map { .direct($0) } + relays.map { .relay($0) }
    }

    /// IPv6 and everything else in turn, each in its own order.
    private static func inTurn(_ endpoints: [Endpoint]) -> [Endpoint] {
        let six = endpoints.filter { $0.host.contains(":") }
        let four = endpoints.filter { !$0.host.contains(":") }
        var mixed: [Endpoint] = []
        for index in 0..<max(six.count, four.count) {
            if index < six.count { mixed.append(six[index]) }
            if index < four.count { mixed.append(four[index]) }
        }
        return mixed
    }
}
