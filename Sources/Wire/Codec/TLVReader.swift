/// One field of a TLV stream: its type, and where its value stands in the bytes that are being read.
public struct TLVField: Sendable {
    public var type: UInt16
    public var range: Range<Int>

    /// For a type that the reader does not know: odd ones are skipped, even ones refused.
    public func skipOrRefuse() throws(WireError) {
        guard type & 1 == 1 else { throw .unknownCritical(type) }  // CONV-3.3, CONV-3.4
    }
}

/// Reads canonical TLV without copying: `while let field = try cursor.next(in: bytes) { switch field.type { … } }`.
public struct TLVCursor: Sendable {
    private var offset: Int
    private var last: Int = -1

    public init(at offset: Int = 0) { self.offset = offset }

    /// The next field, or `nil` exactly at the end of `bytes`.
    public mutating func next(in bytes: RawSpan) throws(WireError) -> TLVField? {
        guard offset < bytes.byteCount else { return nil }
        let type = try bytes.integer(UInt16.self, at: offset)
        let length = Int(try bytes.integer(UInt16.self, at: offset + 2))
        guard Int(type) > last else { throw .unordered(type) }  // CONV-3.2
        let start = offset + 4
        guard bytes.byteCount - start >= length else { throw .truncated }  // CONV-3.5
        last = Int(type)
        offset = start + length
        return TLVField(type: type, range: start..<offset)
    }
}

/// Reads the elements of a list value (see `TLVWriter.put(_:list:)`) from the front:
/// `while let range = try list.next(in: bytes) { … }`. An element is judged before the list is read any further, so that of
/// several faults the first one counts.
public struct TLVList: Sendable {
    private let field: TLVField
    private let limit: Int
    private var offset: Int
    private var count = 0

    /// The list that is the value of `field`, with at most `limit` elements.
    public init(_ field: TLVField, limit: Int) {
        self.field = field
        self.limit = limit
        offset = field.range.lowerBound
    }

    /// Where the next element stands in `bytes`, or `nil` exactly at the end of the value.
    public mutating func next(in bytes: RawSpan) throws(WireError) -> Range<Int>? {
        guard offset < field.range.upperBound else { return nil }
        guard count < limit else { throw .oversized }  // CONV-4.6
        guard field.range.upperBound - offset >= 2 else { throw .badLength(field.type) }
        let length = Int(try bytes.integer(UInt16.self, at: offset))
        let start = offset + 2
        guard field.range.upperBound - start >= length else { throw .badLength(field.type) }  // CONV-4.5
        offset = start + length
        count += 1
        return start..<offset
    }
}

extension RawSpan {
    /// A big-endian integer at `offset`; `truncated` where the bytes end before it does.
    @inlinable
    public func integer<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _: T.Type, at offset: Int
    ) throws(WireError) -> T {
        guard offset >= 0, byteCount - offset >= MemoryLayout<T>.size else { throw .truncated }
        return T(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: T.self))
    }

    /// The value of `field` as an integer of exactly its width.
    public func integer<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _: T.Type, _ field: TLVField
    ) throws(WireError) -> T {
        guard field.range.count == MemoryLayout<T>.size else { throw .badLength(field.type) }  // CONV-4.1
        return try integer(T.self, at: field.range.lowerBound)
    }

    /// The value of `field` as UTF-8 text of at most `limit` bytes.
    public func text(_ field: TLVField, limit: Int) throws(WireError) -> String {
        guard field.range.count <= limit else { throw .badLength(field.type) }  // CONV-4.3
        guard let text = String(validatingUTF8: extracting(field.range)) else { throw .badValue(field.type) }  // CONV-4.2
        return text
    }

    /// The value of `field` as 32 bytes.
    public func bytes32(_ field: TLVField) throws(WireError) -> Bytes32 {
        guard let value = Bytes32(extracting(field.range)) else { throw .badLength(field.type) }  // CONV-4.1
        return value
    }

    /// A copy of the value of `field`, at most `limit` bytes.
    public func array(_ field: TLVField, limit: Int) throws(WireError) -> [UInt8] {
        guard field.range.count <= limit else { throw .badLength(field.type) }
        return extracting(field.range).array
    }

    /// A copy of all the bytes.
    public var array: [UInt8] { withUnsafeBytes { [UInt8]($0) } }
}

extension String {
    /// Text from bytes that must be UTF-8; `nil` where they are not.
    package init?(validatingUTF8 bytes: RawSpan) {
        guard let text = bytes.withUnsafeBytes({ String(validating: $0, as: UTF8.self) }) else { return nil }
        self = text
    }
}

extension [UInt8] {
    /// Reads these bytes as a span; the way in for a decoder that takes `RawSpan`.
    public func decode<T>(_ body: (RawSpan) throws(WireError) -> T) throws(WireError) -> T {
        try body(span.bytes)
    }
}
