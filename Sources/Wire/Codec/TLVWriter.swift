/// Writes canonical TLV: u16 type, u16 length, value; types strictly increasing (spec/01-conventions.md).
///
/// Writing is total: a mistake (a type out of order, a value over 65,535 bytes) is remembered and thrown by `finish`.
public struct TLVWriter: Sendable {
    private var bytes: [UInt8] = []
    private var last: Int = -1
    private var error: WireError?

    public init() {}

    /// Starts behind `prefix`, which is kept as it is.
    public init(prefix: [UInt8]) { bytes = prefix }

    /// The encoding, or the first mistake that was made.
    public consuming func finish() throws(WireError) -> [UInt8] {
        if let error { throw error }
        return bytes
    }

    /// Bytes as they are.
    public mutating func put(_ type: UInt16, bytes value: some Collection<UInt8>) {
        guard header(type, value.count) else { return }
        bytes.append(contentsOf: value)
    }

    /// Text as UTF-8.
    public mutating func put(_ type: UInt16, _ value: String) { put(type, bytes: value.utf8) }

    /// A key or an id: its 32 bytes.
    public mutating func put(_ type: UInt16, _ value: Bytes32) { put(type, bytes: value.bytes) }

    /// An integer in its full width, big-endian.
    public mutating func put(_ type: UInt16, _ value: some FixedWidthInteger & UnsignedInteger) {
        guard header(type, value.bitWidth / 8) else { return }
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// A nested TLV stream.
    public mutating func put(_ type: UInt16, nested write: (inout TLVWriter) -> Void) {
        var inner = TLVWriter()
        write(&inner)
        do { put(type, bytes: try inner.finish()) } catch { self.error = self.error ?? error }
    }

    /// A list: each element a u16 length and its bytes, one after the other, in one value.
    public mutating func put(_ type: UInt16, list: [[UInt8]]) {
        var value: [UInt8] = []
        for element in list {
            guard element.count <= Int(UInt16.max) else {
                error = error ?? .oversized
                return
            }
            value.append(UInt8(truncatingIfNeeded: element.count >> 8))
            value.append(UInt8(truncatingIfNeeded: element.count))
            value.append(contentsOf: element)
        }
        put(type, bytes: value)
    }

    private mutating func header(_ type: UInt16, _ length: Int) -> Bool {
        guard length <= Int(UInt16.max) else {
            error = error ?? .oversized
            return false
        }
        guard Int(type) > last else {  // CONV-3.1
            error = error ?? .unordered(type)
            return false
        }
        last = Int(type)
        bytes.append(UInt8(truncatingIfNeeded: type >> 8))
        bytes.append(UInt8(truncatingIfNeeded: type))
        bytes.append(UInt8(truncatingIfNeeded: length >> 8))
        bytes.append(UInt8(truncatingIfNeeded: length))
        return true
    }
}
