/// Bytes that a caller has given to be sent, held until they are. The transport's buffers conform, so that bulk is
/// copied once: from the caller's buffer into the record.
public protocol SendChunk: Sendable {
    /// How many bytes it holds.
    var chunkCount: Int { get }
    /// Appends the bytes of `range` (within `0..<chunkCount`) to `out`.
    func appendChunk(_ range: Range<Int>, to out: inout [UInt8])
}

extension [UInt8]: SendChunk {
    public var chunkCount: Int { count }
    public func appendChunk(_ range: Range<Int>, to out: inout [UInt8]) { out.append(contentsOf: self[range]) }
}

/// A first-in first-out queue of chunks with the number of bytes in it.
struct SendQueue {
    private var chunks: [any SendChunk] = []
    private var head = 0
    private var offset = 0
    /// Bytes that wait.
    private(set) var count = 0

    mutating func append(_ chunk: any SendChunk) {
        guard chunk.chunkCount > 0 else { return }
        chunks.append(chunk)
        count += chunk.chunkCount
    }

    /// Moves the first `wanted` bytes (at most `count`) to the end of `out`.
    mutating func move(_ wanted: Int, to out: inout [UInt8]) {
        var left = min(wanted, count)
        count -= left
        while left > 0 {
            let chunk = chunks[head]
            let take = min(left, chunk.chunkCount - offset)
            chunk.appendChunk(offset..<offset + take, to: &out)
            left -= take
            offset += take
            if offset == chunk.chunkCount { dropFirst() }
        }
    }

    private mutating func dropFirst() {
        head += 1
        offset = 0
        if head == chunks.count {
            chunks.removeAll(keepingCapacity: chunks.count <= 16)
            head = 0
        } else if head >= 64 {
            chunks.removeFirst(head)
            head = 0
        } else {
            chunks[head - 1] = [UInt8]()
        }
    }
}
