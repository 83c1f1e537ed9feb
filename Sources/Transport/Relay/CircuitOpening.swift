import NIOCore
import Wire

/// Reads the message at the beginning of a circuit and hands the bytes behind it to whoever goes on. Confined to the stream's loop.
final class CircuitOpening: CallReceiver {
    private let stream: LinkStream
    private var buffer = ByteBuffer()
    private var open: ((CircuitRequest) -> (any CallReceiver)?)?
    private var next: (any CallReceiver)?

    /// - Parameter open: called once with the request; returns who hears the rest, `nil` where it has refused the circuit.
    init(_ stream: LinkStream, open: @escaping (CircuitRequest) -> (any CallReceiver)?) {
        self.stream = stream
        self.open = open
    }

    /// The bytes with which a circuit begins.
    static func prefix(_ node: NodeID) -> ByteBuffer {
        // A node id is always sayable.
        let message = (try? MessageSequence.framed(try CircuitRequest(node: node).encode())) ?? []
        return ByteBuffer(bytes: message)
    }

    func callReceived(head: Head) {}

    func callReceived(data: ByteBuffer) {
        if let next { return next.callReceived(data: data) }
        guard let open else { return }
        buffer.writeImmutableBuffer(data)
        do {
            guard let request = try request() else { return }
            self.open = nil
            guard let next = open(request) else { return }
            self.next = next
            let rest = buffer
            buffer = ByteBuffer()
            if rest.readableBytes > 0 { next.callReceived(data: rest) }
        } catch {
            self.open = nil
            stream.cancel(CallError(.badRequest, "the circuit's request cannot be read: \(error)"))  // RELAY-2.2
        }
    }

    /// The message once it is whole; its bytes are given back as credit.
    private func request() throws(WireError) -> CircuitRequest? {
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self).map({ Int($0) }) else { return nil }
        guard length <= Limits.circuitRequest else { throw .oversized }
        guard let bytes = buffer.getBytes(at: buffer.readerIndex + MessageSequence.header, length: length) else { return nil }
        buffer.moveReaderIndex(forwardBy: MessageSequence.header + length)
        stream.consumed(MessageSequence.header + length)
        return try CircuitRequest(bytes, limit: Limits.circuitRequest)
    }

    func callReceivedEnd() {
        guard open == nil else {
            open = nil
            return stream.cancel(CallError(.badRequest, "the circuit ended before it began"))
        }
        next?.callReceivedEnd()
    }

    func callFailed(_ error: CallError) {
        open = nil
        next?.callFailed(error)
        next = nil
    }

    func callBecameWritable() { next?.callBecameWritable() }
}
