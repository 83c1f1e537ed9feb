import NIOCore
import Wire

/// Where others reach an HTTP front of this machine.
enum HTTPAddress {
    /// The URL of a front that listens at `endpoint`: at its own address, or where it listens at all of them, at the machine's
    /// first address that is not loopback.
    static func url(of endpoint: Endpoint, isSecure: Bool) -> String { (isSecure ? "https://" : "http://") + authority(of: endpoint) }

    /// The same without the scheme.
    static func authority(of endpoint: Endpoint) -> String {
        var reachable = endpoint
        if ["0.0.0.0", "::"].contains(endpoint.host) { reachable.host = machineAddress ?? "127.0.0.1" }
        return reachable.description
    }

    private static var machineAddress: String? {
        let addresses = ((try? System.enumerateDevices()) ?? []).compactMap { $0.address?.ipAddress }
        let outside = addresses.filter { !$0.hasPrefix("127.") && $0 != "::1" && !$0.hasPrefix("169.254.") && !$0.hasPrefix("fe80:") }
        return outside.first { !$0.contains(":") } ?? outside.first
    }
}

extension Endpoint {
    /// The address of a socket; `nil` for a socket file.
    init?(_ address: SocketAddress) {
        guard let host = address.ipAddress, let port = address.port.flatMap({ UInt16(exactly: $0) }) else { return nil }
        self.init(host: host, port: port)
    }
}
