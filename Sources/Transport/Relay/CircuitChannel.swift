import NIOCore
import Synchronization
import Wire

/// A circuit as a channel: what an inner link reads and writes is the body of a stream of an outer link. So the handshake and the
/// link run on it as they do on a socket, and nothing in them knows of relays.
///
/// Confined to the loop of its stream, apart from what `Channel` lets any thread ask. The inner link's own credit bounds what
/// waits here; bytes that nobody reads keep the outer stream's credit, which stops the relay.
// Sendable because NIO demands it of a channel: what other threads may ask is atomic or never changes, all else stays on the loop.
final class CircuitChannel: Channel, @unchecked Sendable {
    let eventLoop: any EventLoop
    let allocator = ByteBufferAllocator()
    /// The node that passes the bytes on.
    let relay: NodeID
    fileprivate let closed: EventLoopPromise<Void>
    fileprivate let isOpenNow = Atomic(true)
    fileprivate let isActiveNow = Atomic(false)
    fileprivate let isWritableNow = Atomic(false)
    // Made once, in the initializer: it needs the channel itself.
    private lazy var ownPipeline = ChannelPipeline(channel: self)

    fileprivate var stream: (any CallStream)?
    /// Written and not flushed.
    fileprivate var unflushed: [ByteBuffer] = []
    /// Received while nobody wanted to read.
    fileprivate var unread = CircularBuffer<ByteBuffer>()
    fileprivate var mayRead = true
    fileprivate var hasFinished = false
    fileprivate var linger: Scheduled<Void>?

    /// A circuit that gets its stream by `attach`.
    init(through relay: NodeID, on loop: any EventLoop) {
        self.relay = relay
        eventLoop = loop
        closed = loop.makePromise()
        _ = ownPipeline
    }

    /// Uses `stream`, whose receiver this channel is, and tells the handlers that the channel is there. Once.
    func attach(_ stream: any CallStream) {
        guard isOpenNow.load(ordering: .relaxed) else { return stream.cancel() }
        self.stream = stream
        stream.forbidCompression()  // RELAY-3.2
        isWritableNow.store(stream.isWritable, ordering: .relaxed)
        isActiveNow.store(true, ordering: .relaxed)
        pipeline.syncOperations.fireChannelRegistered()
        pipeline.syncOperations.fireChannelActive()
    }

    // MARK: Channel

    var pipeline: ChannelPipeline { ownPipeline }
    var closeFuture: EventLoopFuture<Void> { closed.futureResult }
    var localAddress: SocketAddress? { nil }
    var remoteAddress: SocketAddress? { nil }
    var parent: (any Channel)? { nil }
    var isWritable: Bool { isWritableNow.load(ordering: .relaxed) }
    var isActive: Bool { isActiveNow.load(ordering: .relaxed) }
    var _channelCore: any ChannelCore { self }

    /// Only `autoRead` can be set.
    func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> EventLoopFuture<Void> {
        guard option is ChannelOptions.Types.AutoReadOption, let reads = value as? Bool else {
            return eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        return eventLoop.submit { self.read(reads) }
    }

    func getOption<Option: ChannelOption>(_ option: Option) -> EventLoopFuture<Option.Value> {
        eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }

    private func read(_ reads: Bool) {
        mayRead = reads
        while mayRead, let bytes = unread.popFirst() { deliver(bytes) }
    }

    // MARK: Reading

    fileprivate func deliver(_ bytes: ByteBuffer) {
        pipeline.syncOperations.fireChannelRead(NIOAny(bytes))
        pipeline.syncOperations.fireChannelReadComplete()
        stream?.consumed(bytes.readableBytes)
    }

    // MARK: Closing

    /// Ends this direction: what was written goes out before.
    fileprivate func finish() {
        guard !hasFinished else { return }
        hasFinished = true
        stream?.finish()
    }

    /// Ends the channel. The stream ends in order; one whose other side does not end it within a second is reset.
    fileprivate func shut() {
        guard isOpenNow.exchange(false, ordering: .relaxed) else { return }
        let wasActive = isActiveNow.exchange(false, ordering: .relaxed)
        isWritableNow.store(false, ordering: .relaxed)
        finish()
        if let stream {
            for bytes in unread { stream.consumed(bytes.readableBytes) }
            linger = eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { self.letGo() }
        }
        unread.removeAll()
        if wasActive {
            pipeline.syncOperations.fireChannelInactive()
            pipeline.syncOperations.fireChannelUnregistered()
        }
        // Later: a handler may be in the middle of something.
        eventLoop.assumeIsolated().execute {
            self.removeHandlers(pipeline: self.pipeline)
            self.closed.succeed(())
        }
    }

    private func letGo() {
        stream?.cancel()
        stream = nil
    }
}

// MARK: - What the outer stream says

extension CircuitChannel: CallReceiver {
    func callReceived(head: Head) {}

    func callReceived(data: ByteBuffer) {
        guard isOpenNow.load(ordering: .relaxed) else { return stream?.consumed(data.readableBytes) ?? () }
        if mayRead, unread.isEmpty { deliver(data) } else { unread.append(data) }
    }

    func callReceivedEnd() {
        shut()
        forget()
    }

    /// The outer link is gone, or the relay or the far end refuses: the handlers hear why.
    func callFailed(_ error: CallError) {
        if isOpenNow.load(ordering: .relaxed) { pipeline.syncOperations.fireErrorCaught(error) }
        hasFinished = true
        shut()
        forget()
    }

    func callBecameWritable() {
        guard isOpenNow.load(ordering: .relaxed) else { return }
        isWritableNow.store(true, ordering: .relaxed)
        pipeline.syncOperations.fireChannelWritabilityChanged()
    }

    /// The stream is over.
    private func forget() {
        linger?.cancel()
        linger = nil
        stream = nil
    }
}

// MARK: - What the handlers do

extension CircuitChannel: ChannelCore {
    func localAddress0() throws -> SocketAddress { throw ChannelError.operationUnsupported }
    func remoteAddress0() throws -> SocketAddress { throw ChannelError.operationUnsupported }
    func register0(promise: EventLoopPromise<Void>?) { promise?.fail(ChannelError.operationUnsupported) }
    func registerAlreadyConfigured0(promise: EventLoopPromise<Void>?) { promise?.fail(ChannelError.operationUnsupported) }
    func bind0(to: SocketAddress, promise: EventLoopPromise<Void>?) { promise?.fail(ChannelError.operationUnsupported) }
    func connect0(to: SocketAddress, promise: EventLoopPromise<Void>?) { promise?.fail(ChannelError.operationUnsupported) }

    func write0(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard isOpenNow.load(ordering: .relaxed), !hasFinished, let bytes = tryUnwrapData(data, as: ByteBuffer.self) else {
            return promise?.fail(ChannelError.ioOnClosedChannel) ?? ()
        }
        unflushed.append(bytes)
        promise?.succeed(())
    }

    func flush0() {
        guard let stream, !unflushed.isEmpty else { return }
        let bytes = unflushed
        unflushed.removeAll(keepingCapacity: true)
        for bytes in bytes { stream.write(bytes) }
        // Asked each time: a stream that has said that it has no room says when it has some again.
        let hasRoom = stream.isWritable
        guard isWritableNow.exchange(hasRoom, ordering: .relaxed) != hasRoom else { return }
        pipeline.syncOperations.fireChannelWritabilityChanged()
    }

    func read0() {}

    func close0(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .all: shut()
        case .output: finish()
        case .input: return promise?.fail(ChannelError.operationUnsupported) ?? ()
        }
        promise?.succeed(())
    }

    func triggerUserOutboundEvent0(_ event: Any, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }

    func channelRead0(_ data: NIOAny) {}
    func errorCaught0(error: any Error) {}
}
