/// The operating system's random numbers. Only shells call this; machines receive what they need as arguments.
public enum SystemRandom {
    /// `count` random bytes that need no protection: salts, token ids.
    public static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            Sodium.random(UnsafeMutableRawBufferPointer(buffer))
            initialized = count
        }
    }

    /// `count` random secret bytes: key seeds, ephemerals, token secrets (32 of them each).
    public static func secret(_ count: Int = 32) -> SecretBytes {
        SecretBytes(count: count, fill: Sodium.random)
    }
}

/// The same source, as a generator: for machines that take one.
public struct SecureRandom: RandomNumberGenerator, Sendable {
    public init() {}

    public mutating func next() -> UInt64 {
        var word: UInt64 = 0
        withUnsafeMutableBytes(of: &word) { Sodium.random($0) }
        return word
    }
}
