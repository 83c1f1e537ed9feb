import NIOCore
import Wire

/// A call whose caller lives on another loop than its link: every method and callback hops once.
///
/// Confined to the caller's loop; `far` belongs to the link's.
final class HoppingStream: CallStream {
    let eventLoop: any EventLoop
    private let linkLoop: any EventLoop
    private var receiver: (any CallReceiver)?
    private let far: NIOLoopBoundBox<LinkStream?>
    /// Bytes written here that the link has not said to have taken yet.
    private var inHop = 0
    private var hasRoom = false
    private(set) var isRelayed = false

    /// Opens a call on a link of `linkLoop`: without a hop if that is `loop`, otherwise through a hopping stream.
    /// `start` is called on the link's loop.
    static func open(
        _ head: Head, on loop: any EventLoop, receiver: any CallReceiver, linkLoop: any EventLoop,
        start: @escaping @Sendable (LinkStream) -> Void
    ) -> any CallStream {
        guard loop !== linkLoop else {
            let stream = LinkStream(calling: head, receiver: receiver, on: loop)
            start(stream)
            return stream
        }
        let stream = HoppingStream(on: loop, linkLoop: linkLoop, receiver: receiver)
        let near = NIOLoopBound(stream, eventLoop: loop)
        let far = stream.far
        linkLoop.execute {
            let inner = LinkStream(calling: head, receiver: HopReceiver(near: near, loop: loop, far: far), on: linkLoop)
            far.value = inner
            start(inner)
        }
        return stream
    }

    private init(on loop: any EventLoop, linkLoop: any EventLoop, receiver: any CallReceiver) {
        eventLoop = loop
        self.linkLoop = linkLoop
        self.receiver = receiver
        far = .makeEmptyBox(eventLoop: linkLoop)
    }

    var isWritable: Bool { hasRoom && inHop < Limits.unsentPerLink }

    func write(_ bytes: ByteBuffer) {
        inHop += bytes.readableBytes
        let near = NIOLoopBound(self, eventLoop: eventLoop)
        let loop = eventLoop
        onLink { stream in
            stream.write(bytes)
            let hasRoom = stream.isWritable
            loop.execute { near.value.taken(bytes.readableBytes, hasRoom: hasRoom) }
        }
    }

    private func taken(_ count: Int, hasRoom: Bool) {
        let was = isWritable
        inHop -= count
        self.hasRoom = hasRoom
        if !was, isWritable { receiver?.callBecameWritable() }
    }

    func finish() { onLink { $0.finish() } }

    func forbidCompression() { onLink { $0.forbidCompression() } }

    func consumed(_ count: Int) { onLink { $0.consumed(count) } }

    func cancel(_ code: ErrorCode, reason: String) {
        receiver = nil
        onLink { $0.cancel(code, reason: reason) }
    }

    private func onLink(_ body: @escaping @Sendable (LinkStream) -> Void) {
        let far = far
        linkLoop.execute { if let stream = far.value { body(stream) } }
    }

    // MARK: What the link says

    fileprivate func hear(_ body: (any CallReceiver) -> Void, isLast: Bool = false) {
        guard let receiver else { return }
        if isLast { self.receiver = nil }
        body(receiver)
    }

    fileprivate func received(_ head: Head, isRelayed: Bool) {
        self.isRelayed = isRelayed
        hear { $0.callReceived(head: head) }
    }

    fileprivate func becameWritable() {
        hasRoom = true
        receiver?.callBecameWritable()
    }
}

/// Brings what a link says to the caller's loop. Confined to the link's loop.
private final class HopReceiver: CallReceiver {
    private let near: NIOLoopBound<HoppingStream>
    private let loop: any EventLoop
    private let far: NIOLoopBoundBox<LinkStream?>

    init(near: NIOLoopBound<HoppingStream>, loop: any EventLoop, far: NIOLoopBoundBox<LinkStream?>) {
        self.near = near
        self.loop = loop
        self.far = far
    }

    func callReceived(head: Head) {
        let isRelayed = far.value?.isRelayed ?? false
        loop.execute { [near] in near.value.received(head, isRelayed: isRelayed) }
    }

    func callReceived(data: ByteBuffer) { loop.execute { [near] in near.value.hear { $0.callReceived(data: data) } } }
    func callReceivedEnd() { loop.execute { [near] in near.value.hear { $0.callReceivedEnd() } } }
    func callFailed(_ error: CallError) { loop.execute { [near] in near.value.hear({ $0.callFailed(error) }, isLast: true) } }
    func callBecameWritable() { loop.execute { [near] in near.value.becameWritable() } }
}
