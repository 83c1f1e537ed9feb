/// What a coordinator tells a node of its own accord (method `mesh.notice`, called by the coordinator over the node's link).
public struct Notice: Hashable, Sendable {
    /// What it is about.
    public var kind: Kind
    /// One sentence for the log; at most `Limits.reason` bytes.
    public var text: String
    /// The nodes it is about: those that were revoked.
    public var nodes: [NodeID]

    public init(_ kind: Kind, text: String, nodes: [NodeID] = []) {
        self.kind = kind
        self.text = text
        self.nodes = nodes
    }

    /// The subject of a notice. An unknown one is only logged.
    public struct Kind: RawRepresentable, Hashable, Sendable {
        public var rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// Another key asked for this node's name and was refused.
        public static let nameRequested = Kind(rawValue: 1)
        /// Another live node tried to link with this node's key.
        public static let cloneRefused = Kind(rawValue: 2)
        /// These nodes are revoked: close links to them, take none from them.
        public static let revoked = Kind(rawValue: 3)
        /// The operator asks this node to drain.
        public static let drain = Kind(rawValue: 4)
        /// This node runs from a restored backup or a copy of its data folder: it is admitted, and this is the report.
        public static let restoredBackup = Kind(rawValue: 5)
    }
}

extension Notice: WireMessage {
    private enum Field {
        static let kind: UInt16 = 2
        static let text: UInt16 = 4
        static let nodes: UInt16 = 6
    }

    public func encode() throws(WireError) -> [UInt8] {
        try checkText(Field.text, text, limit: Limits.reason)
        try checkCount(nodes.count, limit: Limits.noticeNodes)
        var writer = TLVWriter()
        writer.put(Field.kind, kind.rawValue)
        writer.put(Field.text, text)
        if !nodes.isEmpty { writer.put(Field.nodes, bytes: nodes.flatMap(\.bytes)) }
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var kind: UInt8?
        var text: String?
        var nodes: [NodeID] = []
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.kind: kind = try bytes.integer(UInt8.self, field)
            case Field.text: text = try bytes.text(field, limit: Limits.reason)
            case Field.nodes: nodes = try Self.nodes(bytes, field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(
            Kind(rawValue: try required(Field.kind, kind)), text: try required(Field.text, text), nodes: nodes)
    }

    private static func nodes(_ bytes: RawSpan, _ field: TLVField) throws(WireError) -> [NodeID] {
        guard !field.range.isEmpty else { throw .notMinimal }
        guard field.range.count.isMultiple(of: 32) else { throw .badLength(field.type) }  // CONV-4.13
        guard field.range.count / 32 <= Limits.noticeNodes else { throw .oversized }
        var nodes: [NodeID] = []
        for start in stride(from: field.range.lowerBound, to: field.range.upperBound, by: 32) {
            nodes.append(try bytes.bytes32(TLVField(type: field.type, range: start..<start + 32)))
        }
        return nodes
    }
}
