import Foundation
import NIOCore

/// Looks at the addresses to listen on before anything is made: a start that fails for them leaves no folder and no used token.
enum AskedPort {
    /// Binds the address and lets go of it at once. Port 0 and one that may move are fine while the address itself is.
    /// - Throws: a `Failure`, exit code 3 for a port that is in use and 2 for an address that cannot be bound.
    static func check(_ host: String, _ port: Int, mayMove: Bool, option: String) throws {
        let address: SocketAddress
        do { address = try SocketAddress.makeAddressResolvingHost(host, port: port) } catch {
            throw Failure.usage("The name \(host) has no address: give one of this machine with \(option).")
        }
        let problem = bindOnce(address)
        if problem == 0 || problem == EADDRINUSE && mayMove { return }
        if problem == EADDRINUSE {
            throw Failure.portTaken("Port \(port) on \(host) is in use: stop what listens there, or give another one with \(option).")
        }
        let reason = String(cString: strerror(problem)).lowercased()
        throw Failure.usage("Cannot listen on \(host):\(port) (\(reason)): give an address of this machine and a free port with \(option).")
    }

    /// 0, or the number of the error.
    private static func bindOnce(_ address: SocketAddress) -> Int32 {
        let descriptor = socket(address.protocol == .inet6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        return address.withSockAddr { bind(descriptor, $0, socklen_t($1)) } == 0 ? 0 : errno
    }
}
