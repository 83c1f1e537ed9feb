internal import Coordinator
internal import NIOCore

extension HostClass {
    /// The class of a socket's address; a UNIX socket is this machine.
    init(_ address: SocketAddress) {
        self = address.ipAddress.map { HostClass($0) } ?? .loopback
    }
}

extension UpstreamURL {
    /// What kind of host it names, as far as the text tells.
    var hostClass: HostClass { HostClass(host) }
}
