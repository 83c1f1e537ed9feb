import NIOCore
import NIOPosix
import Wire

/// One attempt to reach a target: its endpoints one after the other, until one answers as the node that is meant.
/// Confined to `loop`, on which the link will live.
struct Dialer {
    let endpoint: MeshEndpoint
    let expectation: PeerExpectation
    let features: Features
    let loop: any EventLoop

    /// Tries `candidates`; `done` is called once, on the loop.
    func dial(_ candidates: [LinkCandidate], target: LinkTarget?, done: @escaping (Result<Link, CallError>) -> Void) {
        LinkRace(self, candidates, target: target, done: done).start()
    }

    /// Looks whether the expected node answers at `address`. `done` is called once, on the loop.
    func probe(_ address: Endpoint, done: @escaping (Bool) -> Void) {
        connect(to: address, isProbe: true) { _ in
        } done: { outcome, channel in
            channel?.close(promise: nil)
            done(outcome.keys != nil)
        }
    }

    /// Goes one way up to message 3. `opened` hears of the channel as soon as there is one, `done` is called once; both on the loop.
    func connect(
        _ candidate: LinkCandidate, opened: @escaping (any Channel) -> Void,
        done: @escaping (consuming HandshakeOutcome, (any Channel)?) -> Void
    ) {
        switch candidate {
        case .direct(let address): connect(to: address, opened: opened, done: done)
        case .relay(let relay): connect(through: relay, opened: opened, done: done)
        }
    }

    private func connect(
        through relay: RelayRecord, opened: (any Channel) -> Void,
        done: @escaping (consuming HandshakeOutcome, (any Channel)?) -> Void
    ) {
        guard case .node(let node) = expectation else {
            return done(HandshakeOutcome(keys: nil, error: CallError(.unreachable, "a relay is asked for one node")), nil)
        }
        let channel = endpoint.openCircuit(to: node, through: relay, on: loop)  // RELAY-3.1
        opened(channel)
        let handler = HandshakeHandler(initiator: endpoint.initiator(expectation, features), isProbe: false) { done($0, channel) }
        do {
            try channel.pipeline.syncOperations.addHandler(handler)
        } catch {
            channel.close(promise: nil)
            done(HandshakeOutcome(keys: nil, error: CallError(.unreachable, "\(error)")), nil)
        }
    }

    private func connect(
        to address: Endpoint, isProbe: Bool = false, opened: @escaping (any Channel) -> Void,
        done: @escaping (consuming HandshakeOutcome, (any Channel)?) -> Void
    ) {
        let isolated = loop.assumeIsolated()
        let done = NIOLoopBound(OnceOutcome(done), eventLoop: loop)
        let opened = NIOLoopBound(opened, eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(Limits.dialTimeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let initiator = endpoint.initiator(expectation, features)
                    let handler = HandshakeHandler(initiator: initiator, isProbe: isProbe) { done.value.call($0, channel) }
                    try channel.pipeline.syncOperations.addHandler(handler)
                    opened.value(channel)
                }
            }
        let connected = bootstrap.linkOptions().connect(host: address.host, port: Int(address.port))
        connected.assumeIsolated().whenFailure { error in
            _ = isolated
            done.value.call(HandshakeOutcome(keys: nil, error: CallError(.unreachable, reason(error))), nil)
        }
    }

    private func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { "\($0.error)" } ?? "cannot resolve \(error.host)"
        case let error as IOError: error.description
        case ChannelError.connectTimeout: "no answer within \(Limits.dialTimeout)"
        default: "\(error)"
        }
    }
}

/// A completion that is called at most once, whoever comes first: the handshake or the connection's failure.
private final class OnceOutcome {
    private var body: ((consuming HandshakeOutcome, (any Channel)?) -> Void)?

    init(_ body: @escaping (consuming HandshakeOutcome, (any Channel)?) -> Void) { self.body = body }

    func call(_ outcome: consuming HandshakeOutcome, _ channel: (any Channel)?) {
        guard let body else { return }
        self.body = nil
        body(outcome, channel)
    }
}

/// A target that is being dialled, and the calls that wait for it. Confined to its loop; others only hold it.
final class Dial: Sendable {
    let loop: any EventLoop
    private let waiters: NIOLoopBoundBox<[(Result<Link, CallError>) -> Void]>
    private let outcome: NIOLoopBoundBox<Result<Link, CallError>?>

    init(on loop: any EventLoop) {
        self.loop = loop
        waiters = .makeBoxSendingValue([], eventLoop: loop)
        outcome = .makeBoxSendingValue(nil, eventLoop: loop)
    }

    /// Calls `body` on the loop when the link is up, or cannot be had; at once if that is so already.
    func whenDone(_ body: @escaping (Result<Link, CallError>) -> Void) {
        if let outcome = outcome.value { return body(outcome) }
        waiters.value.append(body)
    }

    func finish(_ result: Result<Link, CallError>) {
        outcome.value = result
        let waiting = waiters.value
        waiters.value = []
        for waiter in waiting { waiter(result) }
    }
}

extension ServerBootstrap {
    func linkOptions() -> ServerBootstrap {
        childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(LinkSocket.unsentMark, value: LinkSocket.unsent)
            .childChannelOption(.writeBufferWaterMark, value: LinkSocket.watermark)
            .childChannelOption(.recvAllocator, value: LinkSocket.receiveAllocator)
    }
}

extension ClientBootstrap {
    func linkOptions() -> ClientBootstrap {
        channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelOption(LinkSocket.unsentMark, value: LinkSocket.unsent)
            .channelOption(.writeBufferWaterMark, value: LinkSocket.watermark)
            .channelOption(.recvAllocator, value: LinkSocket.receiveAllocator)
    }
}

/// How a link's socket is set up.
enum LinkSocket {
    static let watermark = ChannelOptions.Types.WriteBufferWaterMark(low: Limits.socketLow, high: Limits.socketHigh)
    /// tcp(7) of Linux.
    static let unsentMark = ChannelOptions.Types.SocketOption(level: .tcp, name: NIOBSDSocket.Option(rawValue: 25))
    static let unsent = SocketOptionValue(Limits.socketUnsent)
    /// Two whole records at once.
    static let receiveAllocator = AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 4_096, maximum: 128 << 10)
}
