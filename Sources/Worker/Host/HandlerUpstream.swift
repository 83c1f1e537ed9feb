import NIOCore
import Transport
import Wire

/// A handler of this program as an upstream: always there, reached without a socket.
struct HandlerUpstream: Upstream {
    private let handler: ServiceHandler

    init(_ handler: ServiceHandler) { self.handler = handler }

    func probe(timeout: Duration) async -> UpstreamHealth { UpstreamHealth(isHealthy: true, latency: .zero) }

    func open(_ head: Head, on loop: any EventLoop, receiver: any CallReceiver) -> any CallStream {
        let (client, server) = InProcessStream.pair(on: loop)
        client.attach(receiver)
        let peer = PeerInfo(staticKey: StaticKey(), address: Endpoint(host: "127.0.0.1", port: 0), handshakeHash: Bytes32())
        client.later { server.attach(handler.accept(head, from: peer, stream: server)) }
        return client
    }
}

/// One end of a call inside the process: what is written here is heard at the other end, on the next turn of the loop and
/// within the window of a link's stream. Confined to its loop.
final class InProcessStream: ServerStream {
    let eventLoop: any EventLoop
    /// The other end; both keep each other alive until both directions have ended or one end is cancelled.
    private var other: InProcessStream?
    private var receiver: (any CallReceiver)?
    /// What the other end has sent, until it is delivered.
    private var inbox = CircularBuffer<Event>()
    private var isDelivering = false
    /// Bytes written here that the other end has not consumed.
    private var unconsumed = 0
    private var wasFull = false
    private var hasFinished = false
    private var heardEnd = false
    private var isOver = false

    private enum Event {
        case head(Head)
        case data(ByteBuffer)
        case end
        case failure(CallError)
        case room
        case run(() -> Void)
    }

    static func pair(on loop: any EventLoop) -> (client: InProcessStream, server: InProcessStream) {
        let ends = (client: InProcessStream(loop), server: InProcessStream(loop))
        ends.client.other = ends.server
        ends.server.other = ends.client
        return ends
    }

    private init(_ loop: any EventLoop) { eventLoop = loop }

    func attach(_ receiver: any CallReceiver) {
        if !isOver { self.receiver = receiver }
    }

    /// Runs `body` in its turn among what this end hears.
    func later(_ body: @escaping () -> Void) { hear(.run(body)) }

    // MARK: ServerStream

    var isWritable: Bool { !isOver && !hasFinished && unconsumed < Int(Limits.streamWindow) }

    func respond(_ head: Head) {
        if !isOver { other?.hear(.head(head)) }
    }

    func write(_ bytes: ByteBuffer) {
        guard !isOver, !hasFinished, bytes.readableBytes > 0 else { return }
        unconsumed += bytes.readableBytes
        wasFull = wasFull || unconsumed >= Int(Limits.streamWindow)
        other?.hear(.data(bytes))
    }

    func finish() {
        guard !isOver, !hasFinished else { return }
        hasFinished = true
        other?.hear(.end)
        if heardEnd { close() }
    }

    func consumed(_ count: Int) { other?.gotRoom(count) }

    func cancel(_ code: ErrorCode, reason: String) {
        guard !isOver else { return }
        let other = other
        close()
        other?.hear(.failure(CallError(code, reason)))
    }

    // MARK: The other end

    private func gotRoom(_ count: Int) {
        unconsumed = max(0, unconsumed - count)
        guard wasFull, isWritable else { return }
        wasFull = false
        hear(.room)
    }

    private func hear(_ event: Event) {
        guard !isOver else { return }
        inbox.append(event)
        guard !isDelivering else { return }
        isDelivering = true
        eventLoop.assumeIsolated().execute { self.deliver() }
    }

    private func deliver() {
        while !isOver, let event = inbox.popFirst() {
            switch event {
            case .head(let head): receiver?.callReceived(head: head)
            case .data(let bytes): receiver?.callReceived(data: bytes)
            case .end:
                heardEnd = true
                receiver?.callReceivedEnd()
                if hasFinished { close() }
            case .room: receiver?.callBecameWritable()
            case .run(let body): body()
            case .failure(let error):
                let receiver = receiver
                close()
                receiver?.callFailed(error)
            }
        }
        isDelivering = false
    }

    private func close() {
        isOver = true
        receiver = nil
        other = nil
        inbox.removeAll()
    }
}
