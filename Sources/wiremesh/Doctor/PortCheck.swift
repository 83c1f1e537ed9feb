import Foundation

/// Whether the ports that this program uses by default are free on this machine.
enum PortCheck {
    private static let ports: [(port: UInt16, use: String)] = [
        (7_700, "a coordinator's links"), (7_701, "a worker's links"), (8_080, "a coordinator's HTTP"), (8_000, "a worker's HTTP"),
    ]

    static func run() -> [Check] {
        let taken = ports.filter { !isFree($0.port) }
        guard !taken.isEmpty else { return [.good("ports", "7700, 7701, 8000 and 8080 are free")] }
        let list = taken.map { "\($0.port) (\($0.use))" }.joined(separator: ", ")
        return [.note("ports", "in use: \(list); without --listen or --http the next free one is taken")]
    }

    /// Whether a listening socket can be bound to the port at every address.
    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        } == 0
    }
}
