import Glibc
public import NIOCore
public import Wire

/// The C forms of addresses as Linux lays them out: family, port, then the address, behind four more bytes for IPv6. Written and
/// read as bytes: which module declares the members of the C structs depends on what else is imported.
private enum Layout {
    static let port = 2
    static let v4 = 4
    static let v6 = 8
    static let v4Size = 16
    static let v6Size = 28
}

extension DatagramAddress {
    /// The address of an IP socket; `nil` for another kind.
    public init?(_ address: SocketAddress) {
        switch address {
        case .v4(let v4):
            self = withUnsafeBytes(of: v4.address) { bytes in
                let host = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: Layout.v4, as: UInt32.self))
                return DatagramAddress(v4: host, port: Self.port(bytes))
            }
        case .v6(let v6):
            self = withUnsafeBytes(of: v6.address) { bytes in
                let high = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: Layout.v6, as: UInt64.self))
                let low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: Layout.v6 + 8, as: UInt64.self))
                return DatagramAddress(high: high, low: low, port: Self.port(bytes))
            }
        case .unixDomainSocket: return nil
        }
    }

    private static func port(_ bytes: UnsafeRawBufferPointer) -> UInt16 {
        UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: Layout.port, as: UInt16.self))
    }

    /// The address of an endpoint whose host is an IP address; `nil` where it is a name.
    public init?(_ endpoint: Endpoint) {
        guard let address = try? SocketAddress(ipAddress: endpoint.host, port: Int(endpoint.port)) else { return nil }
        self.init(address)
    }

    /// As addresses are printed and sent: a host without a name, and the port.
    public var endpoint: Endpoint {
        let isV4 = v4 != nil
        let host = withSockAddr { address, _ in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text -> String? in
                let source = UnsafeRawPointer(address).advanced(by: isV4 ? Layout.v4 : Layout.v6)
                return inet_ntop(isV4 ? AF_INET : AF_INET6, source, text.baseAddress, socklen_t(text.count)).map { String(cString: $0) }
            }
        }
        return Endpoint(host: host ?? "?", port: port)
    }

    /// Lends the C form of the address: that of IPv4 where it is one, otherwise that of IPv6.
    func withSockAddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        var storage: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        let size = withUnsafeMutableBytes(of: &storage) { place in
            place.storeBytes(of: sa_family_t(v4 == nil ? AF_INET6 : AF_INET), as: sa_family_t.self)
            place.storeBytes(of: port.bigEndian, toByteOffset: Layout.port, as: UInt16.self)
            if let v4 {
                place.storeBytes(of: v4.bigEndian, toByteOffset: Layout.v4, as: UInt32.self)
            } else {
                place.storeBytes(of: high.bigEndian, toByteOffset: Layout.v6, as: UInt64.self)
                place.storeBytes(of: low.bigEndian, toByteOffset: Layout.v6 + 8, as: UInt64.self)
            }
            return socklen_t(v4 == nil ? Layout.v6Size : Layout.v4Size)
        }
        return withUnsafePointer(to: &storage) { $0.withMemoryRebound(to: sockaddr.self, capacity: 2) { body($0, size) } }
    }
}

extension DatagramAddress: CustomStringConvertible {
    public var description: String { endpoint.description }
}

extension DatagramFailure {
    /// What the number of a system call's error says of the address that it was for; `nil` where it says nothing of it.
    init?(errno number: Int32) {
        switch number {
        case ECONNREFUSED: self = .refused
        case EMSGSIZE: self = .tooBig
        case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EADDRNOTAVAIL, EAFNOSUPPORT, EPERM, EACCES, EINVAL, ENOPROTOOPT: self = .noRoute
        default: return nil
        }
    }
}
