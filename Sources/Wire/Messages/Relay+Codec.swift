/// A node that passes links on, and where it is dialled: how a worker is reached that nobody can dial.
public struct RelayRecord: Hashable, Sendable {
    /// The relay: a coordinator or a member with the role *relay*.
    public var nodeID: NodeID
    /// Where to dial it, best first; may be empty where a link to it stands anyway.
    public var endpoints: [Endpoint]

    public init(nodeID: NodeID, endpoints: [Endpoint]) {
        self.nodeID = nodeID
        self.endpoints = endpoints
    }
}

/// What stands at the beginning of a circuit: on the way to the relay (`mesh.relay`) the node that is meant, on the way from it
/// (`mesh.circuit`) the node that calls. The bytes of the inner link follow.
public struct CircuitRequest: Hashable, Sendable {
    /// The node at the other end of the circuit.
    public var node: NodeID

    public init(node: NodeID) { self.node = node }
}

extension TLVWriter {
    /// Writes `relays` as one field; nothing where there are none. Throws `oversized` for more than `Limits.relays`.
    mutating func put(_ type: UInt16, relays: [RelayRecord]) throws(WireError) {
        guard !relays.isEmpty else { return }
        try checkCount(relays.count, limit: Limits.relays)
        var encoded: [[UInt8]] = []
        for relay in relays { encoded.append(try relay.encode()) }
        put(type, list: encoded)
    }
}

extension RawSpan {
    /// The relays of a field, at most `Limits.relays`.
    func relays(_ field: TLVField) throws(WireError) -> [RelayRecord] {
        var relays: [RelayRecord] = []
        var list = try nonEmptyList(field, limit: Limits.relays)
        while let range = try list.next(in: self) { relays.append(try nested(RelayRecord.self, range)) }
        return relays
    }
}

extension RelayRecord: WireMessage {
    private enum Field {
        static let nodeID: UInt16 = 2
        static let endpoints: UInt16 = 4
    }

    public func encode() throws(WireError) -> [UInt8] {
        try checkEndpoints(Field.endpoints, endpoints)
        var writer = TLVWriter()
        writer.put(Field.nodeID, nodeID)
        writer.put(Field.endpoints, endpoints: endpoints)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var nodeID: NodeID?
        var endpoints: [Endpoint] = []
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.nodeID: nodeID = try bytes.bytes32(field)
            case Field.endpoints: endpoints = try bytes.endpoints(field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(nodeID: try required(Field.nodeID, nodeID), endpoints: endpoints)
    }
}

extension CircuitRequest: WireMessage {
    private enum Field {
        static let node: UInt16 = 2
    }

    public func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.node, node)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        guard bytes.byteCount <= Limits.circuitRequest else { throw .oversized }
        var cursor = TLVCursor()
        var node: NodeID?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.node: node = try bytes.bytes32(field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(node: try required(Field.node, node))
    }
}
