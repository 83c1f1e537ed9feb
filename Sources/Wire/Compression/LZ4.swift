import CLZ4

/// Independent LZ4 blocks. The one file of this module that touches the library.
public enum LZ4 {
    /// Appends the block of `raw` to `output` if it saves at least an eighth of it; its length, or `nil` where `output` is unchanged.
    ///
    /// `raw` is at most `Limits.data` bytes; more is not compressed.
    public static func compress(_ raw: RawSpan, into output: inout [UInt8]) -> Int? {
        guard 1...Limits.data ~= raw.byteCount else { return nil }
        let worthwhile = raw.byteCount - raw.byteCount / 8  // LZ4-3.2
        let start = output.count
        output.append(contentsOf: repeatElement(0, count: worthwhile))
        let length = output.withUnsafeMutableBytes { place in
            compress(raw, into: UnsafeMutableRawBufferPointer(rebasing: place[start...]))
        }
        output.removeLast(worthwhile - (length ?? 0))
        return length
    }

    /// Writes the block of `raw` to `place`; its length, or `nil` where the place is too small for it.
    public static func compress(_ raw: RawSpan, into place: UnsafeMutableRawBufferPointer) -> Int? {
        guard let capacity = CInt(exactly: place.count), let count = CInt(exactly: raw.byteCount) else { return nil }
        let length = raw.withUnsafeBytes { raw in
            LZ4_compress_default(
                raw.baseAddress?.assumingMemoryBound(to: CChar.self), place.baseAddress?.assumingMemoryBound(to: CChar.self), count,
                capacity)
        }
        return length > 0 ? Int(length) : nil
    }

    /// Appends the `rawSize` bytes that `block` holds to `output`. Throws before it allocates where `rawSize` exceeds `limit`, and
    /// `compression`, with `output` unchanged, where the block does not decode to exactly that many.
    public static func decompress(
        _ block: RawSpan, rawSize: Int, limit: Int = Limits.data, into output: inout [UInt8]
    ) throws(WireError) {
        guard rawSize <= limit else { throw .oversized }  // LZ4-2.2
        guard rawSize > 0 else { throw .compression }
        let start = output.count
        output.append(contentsOf: repeatElement(0, count: rawSize))
        let isWhole = output.withUnsafeMutableBytes { place in
            decompress(block, into: UnsafeMutableRawBufferPointer(rebasing: place[start...]))
        }
        guard isWhole else {  // LZ4-2.3
            output.removeLast(rawSize)
            throw .compression
        }
    }

    /// Fills `place` with what `block` holds; whether it was exactly that many bytes.
    public static func decompress(_ block: RawSpan, into place: UnsafeMutableRawBufferPointer) -> Bool {
        guard let capacity = CInt(exactly: place.count), let count = CInt(exactly: block.byteCount) else { return false }
        let length = block.withUnsafeBytes { block in
            LZ4_decompress_safe(
                block.baseAddress?.assumingMemoryBound(to: CChar.self), place.baseAddress?.assumingMemoryBound(to: CChar.self), count,
                capacity)
        }
        return length == capacity
    }
}
