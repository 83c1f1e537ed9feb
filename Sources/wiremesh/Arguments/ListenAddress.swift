import ArgumentParser
import Wire

/// Where to listen: ADDR:PORT. Port 0 picks a free one.
struct ListenAddress: ExpressibleByArgument, Equatable, CustomStringConvertible {
    var host: String
    var port: Int
    /// Whether nobody asked for this port: then the next free one may stand in for it.
    var isDefault = false

    /// The address that holds when none was asked for.
    static func standard(_ host: String, _ port: Int) -> ListenAddress {
        var address = ListenAddress(host: host, port: port)
        address.isDefault = true
        return address
    }

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init?(argument: String) {
        guard let endpoint = Endpoint(argument) else { return nil }
        self.init(host: endpoint.host, port: Int(endpoint.port))
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    static let wanted = "an address with a port, such as 127.0.0.1:7700 or [::]:7700"
}
