import Foundation
import NIOCore
import NIOPosix
import Transport
import Wire

/// Where this coordinator is reached, and where others say that they are.
enum Addresses {
    private static let file = "addresses"

    /// What members and joiners are told: the advertised addresses; else the one that is listened on; else, where that stands for
    /// all, those of the interfaces.
    static func choose(advertised: [Endpoint], listening: Endpoint) -> [Endpoint] {
        if !advertised.isEmpty { return Array(advertised.prefix(Limits.endpoints)) }
        guard HostClass(listening.host) == .unusable else { return [listening] }
        return interfaces(port: listening.port)
    }

    /// The machine's addresses: those that others reach before loopback, IPv4 before IPv6.
    static func interfaces(port: UInt16) -> [Endpoint] {
        let hosts = ((try? System.enumerateDevices()) ?? []).compactMap { $0.address?.ipAddress }
        func rank(_ host: String) -> Int {
            switch HostClass(host) {
            case .routable: host.contains(":") ? 1 : 0
            case .loopback: host.contains(":") ? 3 : 2
            default: 4
            }
        }
        let usable = hosts.filter { rank($0) < 4 }
        let ranked = usable.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }.map(\.element)
        // Loopback helps only where there is nothing else.
        let others = ranked.filter { rank($0) < 2 }
        return (others.isEmpty ? ranked : others).prefix(Limits.endpoints).map { Endpoint(host: $0, port: port) }
    }

    /// Writes down where the coordinator was reached, for tokens that are made while it does not run.
    static func remember(_ endpoints: [Endpoint], in folder: DataFolder) throws(CoordinatorError) {
        let text = endpoints.map { "\($0)\n" }.joined()
        try folder.replace(file, with: Array(text.utf8))
    }

    /// Where the coordinator was reached when it ran last.
    static func remembered(in folder: DataFolder) throws(CoordinatorError) -> [Endpoint] {
        let bytes = try folder.read(file, limit: Limits.endpoints * (Limits.endpoint + 1)) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { Endpoint($0) }
    }

    /// The address that a name stands for; an address as it is. `nil` where there is none, or none that a worker seen from
    /// `observed` may advertise.
    static func resolve(_ endpoint: Endpoint, seenFrom observed: HostClass) async -> Endpoint? {
        guard HostClass(endpoint.host) == .name else { return endpoint }
        let address = try? await NIOThreadPool.singleton.runIfActive {
            try SocketAddress.makeAddressResolvingHost(endpoint.host, port: Int(endpoint.port))
        }
        guard let host = address?.ipAddress, HostClass(host).mayBeAdvertised(bySomeoneAt: observed) else { return nil }
        return Endpoint(host: host, port: endpoint.port)
    }
}
