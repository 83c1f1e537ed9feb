/// Thirty-two bytes held inline: the shape of every key, hash and identifier of the protocol.
///
/// Four words instead of an array, so that a dictionary keyed by node id neither allocates nor follows a pointer.
/// Not for secrets: copies cannot be wiped. Secrets live in `SecretBytes`.
public struct Bytes32: Hashable, Sendable, Comparable {
    @usableFromInline package var words: (UInt64, UInt64, UInt64, UInt64)

    /// All zero.
    public init() { words = (0, 0, 0, 0) }

    /// Reads exactly 32 bytes; `nil` for any other length.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        self.init()
        var iterator = bytes.makeIterator()
        func word() -> UInt64 {
            var value: UInt64 = 0
            for _ in 0..<8 { value = value << 8 | UInt64(iterator.next() ?? 0) }
            return value
        }
        words = (word(), word(), word(), word())
    }

    /// Reads exactly 32 bytes of a span; `nil` for any other length.
    public init?(_ span: RawSpan) {
        guard span.byteCount == 32 else { return nil }
        words = (
            UInt64(bigEndian: span.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self)),
            UInt64(bigEndian: span.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            UInt64(bigEndian: span.unsafeLoadUnaligned(fromByteOffset: 16, as: UInt64.self)),
            UInt64(bigEndian: span.unsafeLoadUnaligned(fromByteOffset: 24, as: UInt64.self))
        )
    }

    /// Parses 64 hexadecimal digits, either case; `nil` for anything else.
    public init?(hex: String) {
        guard let bytes = [UInt8](hex: hex) else { return nil }
        self.init(bytes)
    }

    /// The first 64 bits: where an id lies in its space, as far as anybody needs to know.
    @inlinable package var prefix: UInt64 { words.0 }

    /// How far two ids lie apart in the space of the DHT: the bits in which they differ, as one number.
    @inlinable package func distance(to other: Bytes32) -> Bytes32 {  // DHT-1.1
        Bytes32((words.0 ^ other.words.0, words.1 ^ other.words.1, words.2 ^ other.words.2, words.3 ^ other.words.3))
    }

    /// How many bits two ids have in common from the front: 0 to 256.
    @inlinable package func commonBits(with other: Bytes32) -> Int {
        let difference = distance(to: other).words
        if difference.0 != 0 { return difference.0.leadingZeroBitCount }
        if difference.1 != 0 { return 64 + difference.1.leadingZeroBitCount }
        if difference.2 != 0 { return 128 + difference.2.leadingZeroBitCount }
        return 192 + difference.3.leadingZeroBitCount
    }

    /// From four words, the most significant first.
    @inlinable package init(_ words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// The 32 bytes in order.
    public var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(32)
        for word in [words.0, words.1, words.2, words.3] {
            for shift in stride(from: 56, through: 0, by: -8) { out.append(UInt8(truncatingIfNeeded: word >> UInt64(shift))) }
        }
        return out
    }

    /// Lower-case hexadecimal, 64 digits.
    public var hex: String { bytes.hex }

    public static func == (a: Bytes32, b: Bytes32) -> Bool {
        a.words.0 == b.words.0 && a.words.1 == b.words.1 && a.words.2 == b.words.2 && a.words.3 == b.words.3
    }

    public static func < (a: Bytes32, b: Bytes32) -> Bool { a.words < b.words }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

extension Bytes32: CustomStringConvertible {
    /// The first eight hexadecimal digits: enough for a log line.
    public var description: String { String(hex.prefix(8)) }
}

/// A node's place in the mesh: hash(identity key, a salt that the authority drew). Certified, never chosen.
public typealias NodeID = Bytes32
/// An Ed25519 public key: who a node is.
public typealias IdentityKey = Bytes32
/// An X25519 public key: the static key of Noise.
public typealias StaticKey = Bytes32
/// hash(authority key): which mesh this is.
public typealias MeshID = Bytes32
