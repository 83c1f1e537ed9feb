#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What kind of address a host is: decides whether a worker may advertise it.
package enum HostClass: Hashable, Sendable {
    case loopback
    case linkLocal
    /// An address that others may dial: global or private.
    case routable
    /// Unspecified, multicast or broadcast: nobody can be dialled there.
    case unusable
    /// A name: what it is shows when it is resolved.
    case name

    package init(_ host: String) {
        if let bytes = ipv4(host) {
            self = Self.classify(v4: bytes)
        } else if let bytes = ipv6(host) {
            self = Self.classify(v6: bytes)
        } else {
            let lower = host.lowercased()
            self = lower == "localhost" || lower.hasSuffix(".localhost") ? .loopback : .name
        }
    }

    /// Whether a worker that is seen at `observed` may advertise a host of this class.
    package func mayBeAdvertised(bySomeoneAt observed: HostClass) -> Bool {
        switch self {
        case .routable, .name: true
        case .loopback: observed == .loopback  // MSG-3.6
        case .linkLocal: observed == .linkLocal || observed == .loopback
        case .unusable: false
        }
    }

    private static func classify(v4 bytes: [UInt8]) -> HostClass {
        switch (bytes[0], bytes[1]) {
        case (127, _): .loopback
        case (169, 254): .linkLocal
        case (0, _), (224...255, _): .unusable
        default: .routable
        }
    }

    private static func classify(v6 bytes: [UInt8]) -> HostClass {
        let head = bytes.prefix(10).allSatisfy { $0 == 0 }
        // IPv4 in IPv6 (::ffff:a.b.c.d and the outdated ::a.b.c.d) is judged by the IPv4 address.
        if head, bytes[10] == 0xFF, bytes[11] == 0xFF { return classify(v4: Array(bytes[12...])) }
        if head, bytes[10] == 0, bytes[11] == 0 {
            if bytes[12...14].allSatisfy({ $0 == 0 }) { return bytes[15] == 1 ? .loopback : .unusable }
            return classify(v4: Array(bytes[12...]))
        }
        if bytes[0] == 0xFF { return .unusable }
        return bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80 ? .linkLocal : .routable
    }
}

private func ipv4(_ host: String) -> [UInt8]? { parse(AF_INET, host, size: 4) }

private func ipv6(_ host: String) -> [UInt8]? { parse(AF_INET6, String(host.prefix { $0 != "%" }), size: 16) }

private func parse(_ family: Int32, _ host: String, size: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: size)
    return inet_pton(family, host, &bytes) == 1 ? bytes : nil
}
