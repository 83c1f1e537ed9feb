/// A step of the exchange by which two nodes with full views make them equal. The space is cut into `Limits.viewBuckets` equal parts.
public struct SyncRequest: Hashable, Sendable, WireMessage {
    /// A fingerprint for each part, in their order: says which parts differ. Empty in the steps that follow.
    public var digests: [UInt64]
    /// The part that this step is about.
    public var bucket: UInt8?
    /// Of the asker's entries in that part: the answer holds none of these.
    public var fingerprints: [UInt64]
    /// Entries that the other side asked for.
    public var entries: [ViewEntry]

    public init(digests: [UInt64] = [], bucket: UInt8? = nil, fingerprints: [UInt64] = [], entries: [ViewEntry] = []) {
        self.digests = digests
        self.bucket = bucket
        self.fingerprints = fingerprints
        self.entries = entries
    }

    private enum Field {
        static let digests: UInt16 = 2
        static let bucket: UInt16 = 4
        static let fingerprints: UInt16 = 6
        static let entries: UInt16 = 8
    }

    public func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        try writer.put(Field.digests, words: digests, limit: Limits.viewBuckets)
        if let bucket { writer.put(Field.bucket, bucket) }
        try writer.put(Field.fingerprints, words: fingerprints, limit: Limits.viewFingerprints)
        if !entries.isEmpty { writer.put(Field.entries, list: try ViewEntry.encode(entries)) }
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        self.init()
        var cursor = TLVCursor()
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.digests: digests = try bytes.words(field, limit: Limits.viewBuckets)
            case Field.bucket:
                let part = try bytes.integer(UInt8.self, field)
                guard Int(part) < Limits.viewBuckets else { throw .badValue(field.type) }  // CONV-4.11
                bucket = part
            case Field.fingerprints: fingerprints = try bytes.words(field, limit: Limits.viewFingerprints)
            case Field.entries: entries = try ViewEntry.decode(bytes, field)
            default: try field.skipOrRefuse()
            }
        }
    }
}

/// What differs, or what the asker lacks and what it is asked for.
public struct SyncAnswer: Hashable, Sendable, WireMessage {
    /// A bit for each part whose fingerprints differ, the lowest for the first part.
    public var differing: UInt64
    /// Entries that the asker does not have; those that do not fit come with a further step.
    public var entries: [ViewEntry]
    /// Of the asker's fingerprints, those that the answering node lacks.
    public var wanted: [UInt64]

    public init(differing: UInt64 = 0, entries: [ViewEntry] = [], wanted: [UInt64] = []) {
        self.differing = differing
        self.entries = entries
        self.wanted = wanted
    }

    private enum Field {
        static let differing: UInt16 = 2
        static let entries: UInt16 = 4
        static let wanted: UInt16 = 6
    }

    public func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.differing, differing)
        if !entries.isEmpty { writer.put(Field.entries, list: try ViewEntry.encode(entries)) }
        try writer.put(Field.wanted, words: wanted, limit: Limits.viewFingerprints)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        self.init()
        var cursor = TLVCursor()
        var differing: UInt64?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.differing: differing = try bytes.integer(UInt64.self, field)
            case Field.entries: entries = try ViewEntry.decode(bytes, field)
            case Field.wanted: wanted = try bytes.words(field, limit: Limits.viewFingerprints)
            default: try field.skipOrRefuse()
            }
        }
        self.differing = try required(Field.differing, differing)
    }
}

/// A node in a full view: what it has said of itself, and whether somebody has found it gone since.
public struct ViewEntry: Hashable, Sendable, WireMessage {
    public var contact: Contact
    /// A suspicion, which the node itself lifts by a contact with a greater sequence.
    public var isGone: Bool

    public init(contact: Contact, isGone: Bool = false) {
        self.contact = contact
        self.isGone = isGone
    }

    private enum Field {
        static let contact: UInt16 = 2
        static let gone: UInt16 = 4
    }

    public func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.contact, bytes: try contact.encode())
        writer.put(Field.gone, flag: isGone)
        return try writer.finish()
    }

    public init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var contact: Contact?
        var isGone: Bool?
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.contact: contact = try bytes.nested(Contact.self, field.range)
            case Field.gone: isGone = try bytes.flag(field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(contact: try required(Field.contact, contact), isGone: try required(Field.gone, isGone))
    }

    fileprivate static func encode(_ entries: [ViewEntry]) throws(WireError) -> [[UInt8]] {
        try checkCount(entries.count, limit: Limits.dhtContacts)
        var elements: [[UInt8]] = []
        for entry in entries { elements.append(try entry.encode()) }
        return elements
    }

    fileprivate static func decode(_ bytes: RawSpan, _ field: TLVField) throws(WireError) -> [ViewEntry] {
        var entries: [ViewEntry] = []
        var list = try bytes.nonEmptyList(field, limit: Limits.dhtContacts)
        while let range = try list.next(in: bytes) { entries.append(try bytes.nested(ViewEntry.self, range)) }
        return entries
    }
}

// Rows of u64: fingerprints one behind the other.

extension RawSpan {
    fileprivate func words(_ field: TLVField, limit: Int) throws(WireError) -> [UInt64] {
        guard !field.range.isEmpty else { throw .notMinimal }
        guard field.range.count.isMultiple(of: 8) else { throw .badLength(field.type) }  // CONV-4.13
        guard field.range.count / 8 <= limit else { throw .oversized }
        var words: [UInt64] = []
        for offset in stride(from: field.range.lowerBound, to: field.range.upperBound, by: 8) {
            words.append(try integer(UInt64.self, at: offset))
        }
        return words
    }
}

extension TLVWriter {
    fileprivate mutating func put(_ type: UInt16, words: [UInt64], limit: Int) throws(WireError) {
        try checkCount(words.count, limit: limit)
        guard !words.isEmpty else { return }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(words.count * 8)
        for word in words { bytes.appendInteger(word) }
        put(type, bytes: bytes)
    }
}
