import Foundation
import Wire

/// Datagrams that mean nothing, sent so that their receiver counts them: which sizes get through, and whether a host refuses them.
struct Knock {
    /// What this host heard of them.
    enum Outcome: Hashable, Sendable {
        case sent
        /// The other host says that nobody listens there.
        case refused
        /// This host, or one on the way that says so, passes no datagram that long.
        case tooBig
        case noRoute
    }

    private let descriptor: Int32

    /// No datagram of the mesh begins so: its version is none.
    private static let byte: UInt8 = 0xff
    private static let pause: Duration = .milliseconds(20)

    /// A socket that speaks to `endpoint` only, and hears what is said about that. `nil` for a name without an address.
    init?(to endpoint: Endpoint) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(endpoint.host, String(endpoint.port), &hints, &found) == 0, let address = found?.pointee else { return nil }
        defer { freeaddrinfo(found) }
        descriptor = socket(address.ai_family, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        // Never cut into pieces, as the mesh's own are not.
        let isV6 = address.ai_family == AF_INET6
        var mode: Int32 = isV6 ? IPV6_PMTUDISC_DO : IP_PMTUDISC_DO
        setsockopt(
            descriptor, Int32(isV6 ? IPPROTO_IPV6 : IPPROTO_IP), isV6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &mode,
            socklen_t(MemoryLayout<Int32>.size))
        guard connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 else {
            close(descriptor)
            return nil
        }
    }

    /// Ends it.
    func end() { close(descriptor) }

    /// Sends `count` datagrams of `bytes` bytes.
    func send(_ count: Int, bytes: Int) async -> Outcome {
        let datagram = [UInt8](repeating: Self.byte, count: bytes)
        var outcome = Outcome.sent
        for _ in 0..<count {
            if Foundation.send(descriptor, datagram, bytes, 0) < 0 { outcome = Self.outcome(errno) }
            try? await Task.sleep(for: Self.pause)
        }
        // What came back about the last.
        var nothing: UInt8 = 0
        if recv(descriptor, &nothing, 1, Int32(truncatingIfNeeded: MSG_DONTWAIT)) < 0, errno != EAGAIN { outcome = Self.outcome(errno) }
        return outcome
    }

    private static func outcome(_ number: Int32) -> Outcome {
        switch number {
        case ECONNREFUSED: .refused
        case EMSGSIZE: .tooBig
        default: .noRoute
        }
    }
}
