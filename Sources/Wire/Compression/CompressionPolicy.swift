/// Decides which blocks of a stream are worth an attempt to compress them.
///
/// After a block that did not shrink, one is skipped, then two, four, up to `maximumSkip`; the first that shrinks ends that.
public struct CompressionPolicy: Sendable {
    /// Blocks skipped at most between two attempts: a stream that turns compressible is noticed within 4 MiB.
    public static let maximumSkip = 64

    private let isEnabled: Bool
    private var skip = 0
    private var nextSkip = 1  // LZ4-3.3

    /// A policy that is not `enabled` never attempts anything: a service can forbid compression, and a loopback link does not need it.
    public init(enabled: Bool) { isEnabled = enabled }

    /// Whether to attempt the next block, of `count` raw bytes. Follow an attempt with `record`.
    public mutating func shouldAttempt(_ count: Int) -> Bool {
        guard isEnabled, count >= Limits.compressFrom else { return false }
        guard skip == 0 else {
            skip -= 1
            return false
        }
        return true
    }

    /// Whether the attempt saved enough to be kept.
    public mutating func record(kept: Bool) {
        skip = kept ? 0 : nextSkip
        nextSkip = kept ? 1 : min(nextSkip * 2, Self.maximumSkip)
    }
}
