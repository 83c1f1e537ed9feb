import NIOCore
import Wire

/// A NIO buffer as bytes to be sent: bulk is copied once, from here into the record.
struct BufferChunk: SendChunk {
    let buffer: ByteBuffer

    var chunkCount: Int { buffer.readableBytes }

    func appendChunk(_ range: Range<Int>, to out: inout [UInt8]) {
        buffer.withUnsafeReadableBytes { out.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[range])) }
    }
}
