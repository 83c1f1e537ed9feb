import NIOCore
import Wire

/// One direction of a circuit through a relay: bytes come from a stream of one link and go to a stream of another one. Confined to
/// the loop of the latter.
///
/// The source is given credit for what was written here, and its window is `Limits.circuitWindow`: so what is held, here and in the
/// queue of the sink, is at most `Limits.circuitHeld`, and an end that takes nothing stops the other one.
final class CircuitLane {
    private let sink: LinkStream
    /// Gives the source its credit, on its own loop.
    private let consumed: (Int) -> Void
    private let ticket: CircuitTicket
    private var waiting = CircularBuffer<ByteBuffer>()
    private var waitingBytes = 0
    private var hasEnded = false
    private var isOver = false
    private var pause: Scheduled<Void>?

    init(to sink: LinkStream, ticket: CircuitTicket, consumed: @escaping (Int) -> Void) {
        self.sink = sink
        self.ticket = ticket
        self.consumed = consumed
    }

    /// Bytes that the relay holds of this direction.
    var held: Int { waitingBytes + sink.unsent }

    func received(_ bytes: ByteBuffer) {
        guard !isOver else { return consumed(bytes.readableBytes) }
        waiting.append(bytes)
        waitingBytes += bytes.readableBytes
        drain()
    }

    /// The source has ended in order.
    func ended() {
        hasEnded = true
        drain()
    }

    /// The circuit is over: what waits is dropped.
    func stop() {
        isOver = true
        pause?.cancel()
        waiting.removeAll()
        waitingBytes = 0
    }

    func drain() {
        guard !isOver, pause == nil else { return }
        while !waiting.isEmpty {
            guard sink.isWritable, var bytes = waiting.popFirst() else { return }
            let count = min(bytes.readableBytes, Limits.quantum)
            guard let piece = bytes.readSlice(length: count) else { continue }
            if bytes.readableBytes > 0 { waiting.prepend(bytes) }
            waitingBytes -= count
            sink.write(piece)
            consumed(count)  // RELAY-4.1
            let wait = ticket.charge(count)
            if wait > .zero { return rest(wait) }
        }
        guard hasEnded else { return }
        isOver = true
        sink.finish()
        ticket.laneEnded()
    }

    private func rest(_ wait: Duration) {
        pause = sink.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(wait)) { [weak self] in
            self?.pause = nil
            self?.drain()
        }
    }
}
