/// An IP address and a port, as sockets have them. IPv4 addresses stand in IPv6's form for them, so that a node has one address
/// whichever socket it is seen from.
public struct DatagramAddress: Hashable, Sendable {
    /// The two halves of the address.
    public let high, low: UInt64
    public let port: UInt16

    public init(high: UInt64, low: UInt64, port: UInt16) {
        self.high = high
        self.low = low
        self.port = port
    }

    /// An IPv4 address in host order.
    public init(v4: UInt32, port: UInt16) {
        self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(v4), port: port)
    }

    /// The address of an IPv4 host; `nil` for another.
    public var v4: UInt32? { high == 0 && low >> 32 == 0xFFFF ? UInt32(truncatingIfNeeded: low) : nil }

    /// Whether it is on this machine.
    public var isLoopback: Bool {
        if let v4 { return v4 >> 24 == 127 }
        return high == 0 && low == 1
    }

    /// What one customer of a network has: an IPv4 address, or 64 bits of an IPv6 one. Budgets count by it.
    var network: UInt64 { v4.map(UInt64.init) ?? high | 1 << 63 }

    /// The address and port, 18 bytes.
    var bytes: [UInt8] {
        var out: [UInt8] = []
        out.appendInteger(high)
        out.appendInteger(low)
        out.appendInteger(port)
        return out
    }
}
