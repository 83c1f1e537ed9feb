/// The bytes of one input, taken from the front. What is not there is zero.
public struct FuzzInput {
    private var left: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { left = bytes[...] }

    /// All that was not taken yet.
    public var bytes: [UInt8] { Array(left) }
    public var isEmpty: Bool { left.isEmpty }

    public mutating func byte() -> UInt8 { left.popFirst() ?? 0 }

    public mutating func word() -> Int { Int(byte()) << 8 | Int(byte()) }

    /// At most `count` bytes.
    public mutating func take(_ count: Int) -> [UInt8] {
        defer { left = left.dropFirst(count) }
        return Array(left.prefix(count))
    }

    public mutating func rest() -> [UInt8] { take(left.count) }
}
