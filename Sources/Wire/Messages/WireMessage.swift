/// A message of the registry: one canonical TLV stream, or a sequence of them (see `MessageSequence`).
///
/// Both directions check the limits of `Limits`: what this program writes, it also reads.
public protocol WireMessage: Sendable {
    /// The one encoding of this value. Throws `oversized` or `badValue` where the value exceeds its limits.
    func encode() throws(WireError) -> [UInt8]
    /// Reads exactly one message. Unknown odd fields are skipped, unknown even ones refused; nothing is allocated for a
    /// list before its length is checked.
    init(decoding bytes: RawSpan) throws(WireError)
}

extension WireMessage {
    /// Reads exactly one message of at most `limit` bytes.
    public init(_ bytes: [UInt8], limit: Int = Limits.message) throws(WireError) {
        guard bytes.count <= limit else { throw .oversized }  // MSG-1.2
        self = try bytes.decode { span throws(WireError) in try Self(decoding: span) }
    }
}

/// The mesh's own methods, as `Head.method` names them. `ping` and `notice` are answered by every node, the others by
/// coordinators.
public enum MeshMethod {
    public static let enrol = "mesh.enrol"
    public static let renew = "mesh.renew"
    public static let register = "mesh.register"
    public static let load = "mesh.load"
    public static let drain = "mesh.drain"
    public static let leave = "mesh.leave"
    public static let list = "mesh.list"
    public static let discover = "mesh.discover"
    public static let resolve = "mesh.resolve"
    public static let watch = "mesh.watch"
    public static let ping = "mesh.ping"
    /// A request of the DHT, and its answer, where datagrams do not carry them.
    public static let dht = "mesh.dht"
    /// Carries a `Notice` from the coordinator to a node; the answer is empty.
    public static let notice = "mesh.notice"
    /// Asks a relay for a circuit to another node: see `CircuitRequest`.
    public static let relay = "mesh.relay"
    /// The relay's call to that node: the body of both directions is the inner link.
    public static let circuit = "mesh.circuit"
}
