import Glibc
import Wire

/// Writes datagrams to a socket, and says of each that fails why.
///
/// SwiftNIO's channel would close the socket where there is no route to one address; a node asks many.
struct DatagramSender {
    let socket: CInt

    /// Sends the datagrams of `outbox` whose addresses are of this socket's family. What a full socket does not take is lost, as
    /// datagrams may be. Calls `failed` for each that the system refuses.
    func send(_ outbox: borrowing DatagramOutbox, isV6: Bool, failed: (DatagramAddress, Int32) -> Void) {
        outbox.bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            for datagram in outbox.datagrams where (datagram.to.v4 == nil) == isV6 {
                let start = base.advanced(by: datagram.range.lowerBound)
                let sent = datagram.to.withSockAddr { address, length in
                    sendto(socket, start, datagram.range.count, Int32(truncatingIfNeeded: MSG_DONTWAIT), address, length)
                }
                guard sent < 0 else { continue }
                let cause = errno
                if cause == EAGAIN || cause == EWOULDBLOCK || cause == ENOBUFS { return }
                if cause != EINTR { failed(datagram.to, cause) }
            }
        }
    }
}
