/// Bytes that nobody else may learn: kept in one place, wiped when the last reference goes.
///
/// A class, so that copying a key pair copies a reference and not the secret.
public final class SecretBytes: Sendable {
    /// How many bytes.
    public let count: Int
    nonisolated(unsafe) private let memory: UnsafeMutableRawPointer

    /// Takes a copy of `bytes`. Where they came from is the caller's to wipe.
    public convenience init(_ bytes: some Collection<UInt8>) {
        self.init(count: bytes.count) { $0.copyBytes(from: bytes) }
    }

    /// `count` bytes, zero until `fill` writes them.
    init(count: Int, fill: (UnsafeMutableRawBufferPointer) -> Void) {
        self.count = count
        memory = .allocate(byteCount: count, alignment: 16)
        let buffer = UnsafeMutableRawBufferPointer(start: memory, count: count)
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        fill(buffer)
    }

    deinit {
        Sodium.wipe(UnsafeMutableRawBufferPointer(start: memory, count: count))
        memory.deallocate()
    }

    /// Lends the bytes to `body`, which must not keep a copy longer than it needs.
    public func withBytes<R: ~Copyable, E: Error>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        try body(RawSpan(_unsafeStart: memory, byteCount: count))
    }

    /// The first `length` bytes, or all where there are fewer.
    func prefix(_ length: Int) -> SecretBytes {
        SecretBytes(count: min(length, count)) { $0.copyMemory(from: UnsafeRawBufferPointer(start: memory, count: $0.count)) }
    }

    /// A copy that is not wiped: for what must be written to a file or sent.
    public var exposed: [UInt8] { withBytes { $0.array } }

    /// Whether both hold the same bytes, in time that does not depend on where they differ.
    public func equals(_ other: SecretBytes) -> Bool {
        withBytes { mine in other.withBytes { Sodium.equal(mine, $0) } }
    }
}

extension SecretBytes: CustomStringConvertible, CustomReflectable {
    /// Never the bytes, so that a log cannot leak them.
    public var description: String { "\(count) secret bytes" }  // SEC-4.1
    public var customMirror: Mirror { Mirror(self, children: []) }
}
