/// Asks for the contacts closest to a point, and for entries held under it.
public struct FindRequest: Hashable, Sendable, WireMessage {
    /// The key of a service, or the id of a node.
    public var target: Bytes32
    /// Entries that are wanted; 0 where the target is a node.
    public var entries: UInt8
    /// Contacts that are wanted.
    public var contacts: UInt8

    public init(target: Bytes32, entries: UInt8, contacts: UInt8) {
        self.target = target
        self.entries = entries
        self.contacts = contacts
    }

    private enum Field {
        static let target: UInt16 = 2
        static let entries: UInt16 = 4
        static let contacts: UInt16 = 6
    }

    public func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.target, target)
        writer.put(Field.entries, entries)
        writer.put(Field.contacts, contacts)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var target: Bytes32?
        var entries: UInt8?
        var contacts: UInt8?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.target: target = try bytes.bytes32(field)
            case Field.entries: entries = try bytes.integer(UInt8.self, field)
            case Field.contacts: contacts = try bytes.integer(UInt8.self, field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(
            target: try required(Field.target, target), entries: try required(Field.entries, entries),
            contacts: try required(Field.contacts, contacts))
    }
}

/// What a node knows about a point: a sample of the entries that it holds there, and contacts closer to it.
public struct FindAnswer: Hashable, Sendable, WireMessage {
    /// A random sample, tombstones excepted.
    public var entries: [HeldEntry]
    /// How many the node holds there.
    public var total: UInt32
    /// Bits of the split of this service: with more than 0, further entries are under the keys of its shards.
    public var split: UInt8
    /// Closest first, without signatures.
    public var contacts: [Contact]

    public init(entries: [HeldEntry] = [], total: UInt32 = 0, split: UInt8 = 0, contacts: [Contact] = []) {
        self.entries = entries
        self.total = total
        self.split = split
        self.contacts = contacts
    }

    private enum Field {
        static let entries: UInt16 = 2
        static let total: UInt16 = 4
        static let split: UInt16 = 6
        static let contacts: UInt16 = 8
    }

    public func encode() throws(WireError) -> [UInt8] {
        try checkCount(entries.count, limit: Limits.dhtEntries)
        var elements: [[UInt8]] = []
        for entry in entries { elements.append(try entry.encode()) }
        var writer = TLVWriter()
        if !elements.isEmpty { writer.put(Field.entries, list: elements) }
        writer.put(Field.total, total)
        writer.put(Field.split, split)
        if !contacts.isEmpty { writer.put(Field.contacts, list: try Contacts.encode(contacts)) }
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        self.init()
        var cursor = TLVCursor()
        var total: UInt32?
        var split: UInt8?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.entries:
                var list = try bytes.nonEmptyList(field, limit: Limits.dhtEntries)
                while let range = try list.next(in: bytes) {
                    entries.append(try bytes.nested(HeldEntry.self, range))
                }
            case Field.total: total = try bytes.integer(UInt32.self, field)
            case Field.split: split = try bytes.integer(UInt8.self, field)
            case Field.contacts: contacts = try Contacts.decode(bytes, field)
            default: try field.skipOrRefuse()
            }
        }
        self.total = try required(Field.total, total)
        self.split = try required(Field.split, split)
    }
}

/// An entry as a holder gives it: with the time that is left of it there.
public struct HeldEntry: Hashable, Sendable, WireMessage {
    public var entry: ProviderEntry
    /// Milliseconds until the holder forgets it, if the provider is not heard of.
    public var remaining: UInt32

    public init(entry: ProviderEntry, remaining: UInt32) {
        self.entry = entry
        self.remaining = remaining
    }

    private enum Field {
        static let entry: UInt16 = 2
        static let remaining: UInt16 = 4
    }

    public func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.entry, bytes: entry.encoded)
        writer.put(Field.remaining, remaining)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var entry: ProviderEntry?
        var remaining: UInt32?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.entry: entry = try bytes.nested(ProviderEntry.self, field.range)
            case Field.remaining: remaining = try bytes.integer(UInt32.self, field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(entry: try required(Field.entry, entry), remaining: try required(Field.remaining, remaining))
    }
}
