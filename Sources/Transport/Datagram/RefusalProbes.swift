import Glibc
import Wire

/// Asks the system what the network says of addresses that do not answer.
///
/// The system tells only a connected socket that a host has refused its datagram. So an empty one goes to the address from a socket
/// of its own, which is looked at now and then for a while. Nobody answers an empty datagram.
struct RefusalProbes: ~Copyable {
    private var open: [(socket: CInt, address: DatagramAddress, until: Instant)] = []

    /// Sockets at once.
    private static let most = 32
    /// How long one is looked at.
    private static let patience: Duration = .seconds(2)
    /// Between two looks.
    static let interval: Duration = .milliseconds(100)

    init() {}

    deinit {
        for probe in open { close(probe.socket) }
    }

    var isEmpty: Bool { open.isEmpty }

    /// Sends an empty datagram to an address, unless that was done a moment ago.
    mutating func ask(_ address: DatagramAddress, now: Instant) {
        guard open.count < Self.most, !open.contains(where: { $0.address == address }) else { return }
        let family = address.v4 == nil ? AF_INET6 : AF_INET
        let kind = SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        let socket = Glibc.socket(family, Int32(truncatingIfNeeded: kind), 0)
        guard socket >= 0 else { return }
        let isConnected = address.withSockAddr { connect(socket, $0, $1) == 0 }
        guard isConnected, send(socket, "", 0, 0) == 0 else {
            close(socket)
            return
        }
        open.append((socket, address, now + Self.patience))
    }

    /// Calls `refused` for each address of which the network has said something.
    mutating func look(now: Instant, refused: (DatagramAddress, DatagramFailure) -> Void) {
        var kept: [(socket: CInt, address: DatagramAddress, until: Instant)] = []
        for probe in open {
            var cause: CInt = 0
            var length = socklen_t(MemoryLayout<CInt>.size)
            getsockopt(probe.socket, SOL_SOCKET, SO_ERROR, &cause, &length)
            if let failure = DatagramFailure(errno: cause) {
                refused(probe.address, failure)
            } else if now < probe.until {
                kept.append(probe)
                continue
            }
            close(probe.socket)
        }
        open = kept
    }
}
