import NIOCore
import Transport
import Wire

/// Sends a body back piece by piece, while the rest still comes: what a handler for bodies of any size does. What the caller has
/// no room for is not read.
final class StreamingEcho: CallReceiver {
    private let stream: any ServerStream
    /// What came while there was no room.
    private var held = CircularBuffer<ByteBuffer>()
    private var hasEnded = false

    init(_ stream: any ServerStream) {
        self.stream = stream
        var head = Head()
        head.status = 200
        stream.respond(head)
    }

    func callReceived(head: Head) {}

    func callReceived(data: ByteBuffer) {
        held.append(data)
        callBecameWritable()
    }

    func callReceivedEnd() {
        hasEnded = true
        if held.isEmpty { stream.finish() }
    }

    func callFailed(_ error: CallError) {}

    func callBecameWritable() {
        while stream.isWritable, let data = held.popFirst() {
            stream.write(data)
            stream.consumed(data.readableBytes)
        }
        if hasEnded, held.isEmpty { stream.finish() }
    }
}
