import NIOCore
import Transport

/// Moves one direction of a call from a source to a sink: bytes are written while the sink has room, held otherwise, and
/// given back to the source as credit when they are written. What is held is bounded by the credit of the source.
///
/// A class, because a source may give more bytes, and a sink say that it has room, while it is being told something.
final class Pump {
    private var held = CircularBuffer<ByteBuffer>()
    private var hasEnded = false

    /// Bytes have come from `source`.
    func received(_ bytes: ByteBuffer, from source: any CallStream, to sink: any CallStream) {
        if held.isEmpty, sink.isWritable {
            pass(bytes, from: source, to: sink)
        } else {
            held.append(bytes)
        }
    }

    /// The source has ended cleanly.
    func ended(to sink: any CallStream) {
        hasEnded = true
        if held.isEmpty { sink.finish() }
    }

    /// The sink has room again.
    func drain(from source: any CallStream, to sink: any CallStream) {
        guard !held.isEmpty else { return }
        while sink.isWritable, let bytes = held.popFirst() { pass(bytes, from: source, to: sink) }
        if held.isEmpty, hasEnded { sink.finish() }
    }

    private func pass(_ bytes: ByteBuffer, from source: any CallStream, to sink: any CallStream) {
        sink.write(bytes)
        source.consumed(bytes.readableBytes)
    }
}
