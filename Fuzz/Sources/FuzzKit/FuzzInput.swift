/// The bytes of one input, taken from the front. What is not there is zero.
public struct FuzzInput {
    private var left: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { left = bytes[...] }

    /// All that was not taken yet.
    public var bytes: [UInt8] { Array(left) }
    public var isEmpty: Bool { left.isEmpty }

    public mutating func byte() -> UInt8 { left.popFirst() ?? 0 }

    public mutating func flag() -> Bool { byte() & 1 == 1 }

    /// A number below `count`.
    public mutating func choice(_ count: Int) -> Int { Int(byte()) % max(1, count) }

    public mutating func choice<Element>(of elements: [Element]) -> Element? {
        let index = choice(elements.count)
        return elements.isEmpty ? nil : elements[index]
    }

    public mutating func number() -> UInt64 { take(8).reduce(0) { $0 << 8 | UInt64($1) } }

    /// A wait: short ones often, long ones now and then.
    public mutating func wait() -> Duration {
        let count = Int64(byte())
        switch byte() & 3 {
        case 0: return .milliseconds(count)
        case 1: return .milliseconds(count * 20)
        case 2: return .milliseconds(count * 250)
        default: return .seconds(count)
        }
    }

    public mutating func word() -> Int { Int(byte()) << 8 | Int(byte()) }

    /// At most `count` bytes.
    public mutating func take(_ count: Int) -> [UInt8] {
        defer { left = left.dropFirst(count) }
        return Array(left.prefix(count))
    }

    public mutating func rest() -> [UInt8] { take(left.count) }
}
