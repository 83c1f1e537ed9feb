/// A provider's word to a holder: keep this entry of mine, or keep on keeping it.
public struct StoreRequest: Hashable, Sendable, WireMessage {
    /// `Bytes32.serviceKey` of the entry's service, the split and the provider.
    public var key: Bytes32
    /// What the holder should have afterwards.
    public var version: ProviderEntry.Version
    /// Absent in a renewal: the holder has it, and lets its time begin anew.
    public var entry: ProviderEntry?
    /// Bits of the split that the key is of.
    public var split: UInt8

    public init(key: Bytes32, version: ProviderEntry.Version, entry: ProviderEntry? = nil, split: UInt8 = 0) {
        self.key = key
        self.version = version
        self.entry = entry
        self.split = split
    }

    private enum Field {
        static let key: UInt16 = 2
        static let incarnation: UInt16 = 4
        static let sequence: UInt16 = 6
        static let entry: UInt16 = 8
        static let split: UInt16 = 10
    }

    public func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.key, key)
        writer.put(Field.incarnation, version.incarnation)
        writer.put(Field.sequence, version.sequence)
        if let entry { writer.put(Field.entry, bytes: entry.encoded) }
        writer.put(Field.split, split)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var key: Bytes32?
        var incarnation: UInt64?
        var sequence: UInt64?
        var entry: ProviderEntry?
        var split: UInt8?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.key: key = try bytes.bytes32(field)
            case Field.incarnation: incarnation = try bytes.integer(UInt64.self, field)
            case Field.sequence: sequence = try bytes.integer(UInt64.self, field)
            case Field.entry: entry = try bytes.nested(ProviderEntry.self, field.range)
            case Field.split:
                let bits = try bytes.integer(UInt8.self, field)
                guard bits <= Limits.serviceSplit else { throw .badValue(field.type) }
                split = bits
            default: try field.skipOrRefuse()
            }
        }
        self.init(
            key: try required(Field.key, key),
            version: ProviderEntry.Version(
                incarnation: try required(Field.incarnation, incarnation), sequence: try required(Field.sequence, sequence)),
            entry: entry, split: try required(Field.split, split))
    }
}

/// What the holder did.
public struct StoreAnswer: Hashable, Sendable, WireMessage {
    public var outcome: Outcome
    /// Bits of the split at which entries of this service belong now; more than the request's where the holder is full.
    public var split: UInt8

    /// What became of a STORE.
    public enum Outcome: UInt8, Sendable, CaseIterable {
        /// It is there, and its time begins anew.
        case kept = 1
        /// The holder does not have that version: send it whole.
        case unknown = 2
        /// The holder has a newer one of this provider.
        case outdated = 3
        /// No room.
        case full = 4
    }

    public init(outcome: Outcome, split: UInt8) {
        self.outcome = outcome
        self.split = split
    }

    private enum Field {
        static let outcome: UInt16 = 2
        static let split: UInt16 = 4
    }

    public func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.outcome, outcome.rawValue)
        writer.put(Field.split, split)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var outcome: Outcome?
        var split: UInt8?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.outcome:
                guard let known = Outcome(rawValue: try bytes.integer(UInt8.self, field)) else { throw .badValue(field.type) }
                outcome = known
            case Field.split: split = try bytes.integer(UInt8.self, field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(outcome: try required(Field.outcome, outcome), split: try required(Field.split, split))
    }
}

extension Bytes32 {
    /// Where a provider's entry for a service is held: at one point of the space for all providers, or, once they are too many, at
    /// the point of the shard that the first `split` bits of the provider's id name.
    public static func serviceKey(_ service: String, split: UInt8 = 0, provider: NodeID = NodeID()) -> Bytes32 {  // DHT-3.5
        let bits = min(split, Limits.serviceSplit)
        let shard = bits == 0 ? 0 : UInt16(truncatingIfNeeded: provider.prefix >> (64 - UInt64(bits)))
        var place = [bits]
        place.appendInteger(shard)
        return SHA256.hash(Domain.serviceKey.prefix, place, Array(service.utf8))
    }
}
