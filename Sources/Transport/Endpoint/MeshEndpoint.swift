public import Logging
public import NIOCore
import NIOPosix
import Synchronization
public import Wire

/// A node's place on the wire: the links it accepts and the links it dials, at most one per peer in use.
///
/// Thread-safe. Each link lives on one event loop; calls from that loop reach it without a hop.
public final class MeshEndpoint: Sendable {
    /// How an endpoint behaves; the defaults are a worker's.
    public struct Configuration: Sendable {
        /// From the boot counter of the data folder: tells a restart from a clone.
        public var bootEpoch: UInt64
        /// Silence after which a link is dead and its calls fail.
        public var silenceLimit: Duration
        /// Whether bodies are compressed on links that leave the machine.
        public var compress: Bool
        /// The same on loopback, where LZ4 is slower than the wire.
        public var compressLoopback: Bool
        /// What each member may have of this node as a relay; `nil` where it is none. Its certificate must allow it.
        public var relay: RelayQuota?
        /// Where the keys of every link are written, for people who debug with a packet analyser; `nil`, and it should be, otherwise.
        public var keyLog: KeyLog?
        /// The stream id from which a link is replaced by a new one.
        package var streamIDSoftEnd = Limits.streamIDSoftEnd

        public init(
            bootEpoch: UInt64, silenceLimit: Duration = Limits.suspectAfter, compress: Bool = true, compressLoopback: Bool = false
        ) {
            self.bootEpoch = bootEpoch
            self.silenceLimit = silenceLimit
            self.compress = compress
            self.compressLoopback = compressLoopback
        }
    }

    /// How it behaves.
    public let configuration: Configuration
    /// The loops that its links live on.
    public let group: any EventLoopGroup
    let admission: any LinkAdmission
    let acceptor: any StreamAcceptor
    let logger: Logger
    let directory: Mutex<LinkDirectory>
    let traffic = LinkTraffic()
    /// The circuits through this node, if it is a relay.
    let relaying: RelaySwitch?

    /// Nothing is opened yet. `acceptor` takes the calls that peers make, over links of either direction.
    public init(
        credentials: NodeCredentials, configuration: Configuration, acceptor: any StreamAcceptor, admission: any LinkAdmission,
        group: any EventLoopGroup, logger: Logger
    ) {
        self.configuration = configuration
        self.group = group
        self.admission = admission
        self.acceptor = acceptor
        self.logger = logger
        relaying = configuration.relay.map { RelaySwitch($0) }
        directory = Mutex(LinkDirectory(credentials: credentials))
    }

    /// The keys and the certificate in use.
    public var credentials: NodeCredentials { directory.withLock { $0.credentials } }

    /// Uses a renewed certificate for the links to come. Those that stand go on.
    public func replaceCredentials(_ credentials: NodeCredentials) { directory.withLock { $0.credentials = credentials } }

    // MARK: Listening

    /// Accepts links at `host`:`port`; port 0 picks one. Returns the address. Throws what the socket throws (`EADDRINUSE`).
    /// An endpoint that listens lives until `shutdown`, whoever else holds it.
    @discardableResult
    public func listen(host: String, port: Int) async throws -> SocketAddress {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in channel.eventLoop.makeCompletedFuture { try self.accept(channel) } }
        let channel = try await bootstrap.linkOptions().bind(host: host, port: port).get()
        let isShutDown = directory.withLock { directory in
            if !directory.isShutDown { directory.listeners.append(channel) }
            return directory.isShutDown
        }
        guard !isShutDown else {
            try await channel.close()
            throw CallError(.draining, "this node is shutting down")
        }
        guard let address = channel.localAddress else { throw ChannelError.unknownLocalAddress }
        return address
    }

    // MARK: Calling

    /// Calls `target` over one pooled link, dialled when first needed and again after it was lost.
    public func caller(to target: LinkTarget) -> any Caller { PeerCaller(endpoint: self, target: target) }

    /// Makes sure that a link to `target` is up and that the peer admits this node. Throws what the peer or the network said.
    public func connect(to target: LinkTarget) async throws(CallError) -> PeerInfo {
        let link = try await link(to: target)
        _ = try await link.ping()
        return link.peer
    }

    /// The round trip to `target` and back, through both machines, in the time of this host's clock.
    public func ping(_ target: LinkTarget) async throws(CallError) -> Duration { try await link(to: target).ping() }

    /// Dials `endpoint` and looks whether `node` answers there: the handshake up to message 2, and nothing more is said.
    public func probe(_ endpoint: Endpoint, expecting node: NodeID) async -> Bool {
        let loop = group.next()
        return await withCheckedContinuation { continuation in
            loop.execute {
                Dialer(endpoint: self, expectation: .node(node), features: [], loop: loop).probe(endpoint) {
                    continuation.resume(returning: $0)
                }
            }
        }
    }

    /// Opens an enrolment link for `token` and makes one call over it; the link is closed afterwards.
    public func enrol(_ token: JoinToken, body: @escaping @Sendable (PeerInfo) throws -> (Head, ByteBuffer)) async throws -> ByteBuffer {
        let link = try await dial(.enrolment(token), token.endpoints)
        defer { link.close() }
        let (head, bytes) = try body(link.peer)
        return try await link.unary(head, body: bytes, timeout: .seconds(15)).body
    }

    // MARK: Links

    /// The nodes that a link stands to, by link.
    public var peers: [(id: LinkID, peer: PeerInfo)] {
        directory.withLock { $0.links.map { (id: $0.key, peer: $0.value.peer) }.sorted { $0.id < $1.id } }
    }

    /// The links counted, for metrics.
    public var statistics: LinkStatistics { traffic.statistics(links: directory.withLock { $0.links.count }) }

    /// Connections that have not authenticated.
    package var strangers: Int { directory.withLock { $0.strangerCount } }

    /// Bytes that wait to be sent on all links: in their streams, in records and in their channels.
    package func heldOutbound() async -> Int {
        var sum = 0
        for entry in directory.withLock({ Array($0.links.values) }) {
            sum += (try? await entry.loop.submit { entry.bound.value.heldOutbound }.get()) ?? 0
        }
        return sum
    }

    /// Closes every link to `node`, telling it why.
    public func close(_ node: NodeID, _ code: ErrorCode, reason: String) {
        for entry in directory.withLock({ $0.links.values.filter { $0.peer.nodeID == node } }) {
            entry.with { $0.refuse(code, reason: reason) }
        }
    }

    /// Takes no new links or calls, and waits for those in progress, at most `grace`. Then closes everything.
    public func shutdown(grace: Duration = .zero) async {
        let (listeners, links) = directory.withLock { directory in
            directory.isShutDown = true
            defer { directory.listeners = [] }
            return (directory.listeners, Array(directory.links.values))
        }
        for listener in listeners { try? await listener.close() }
        for entry in links { entry.with { $0.drain(.draining, reason: "shutting down") } }
        let end = Instant.now() + grace
        while Instant.now() < end, !directory.withLock({ $0.links.isEmpty }) { try? await Task.sleep(for: .milliseconds(10)) }
        for entry in directory.withLock({ Array($0.links.values) }) {
            try? await entry.loop.submit { entry.bound.value.close(CallError(.draining, "shutting down")) }.get()
        }
    }
}

extension MeshEndpoint: LinkOwner {
    var silenceLimit: Duration { configuration.silenceLimit }

    func accept(_ head: Head, from peer: PeerInfo, stream: LinkStream) -> any CallReceiver {
        if !head.method.isEmpty, let receiver = acceptCircuit(head, from: peer, stream: stream) { return receiver }
        return acceptor.accept(head, from: peer, stream: stream)
    }

    func heard(_ link: Link, at instant: Instant) { admission.linkHeard(link.peer, link: link.id, at: instant) }

    func goneAway(_ link: Link, _ error: CallError) {
        if error.code != .none, error.code.base != ErrorCode.draining.base {
            logger.warning("peer refused the link", metadata: ["peer": "\(link.peer.name)", "reason": "\(error)"])
        }
        directory.withLock { $0.retire(link.id) }
    }

    func usedUp(_ link: Link) { directory.withLock { $0.retire(link.id) } }

    func closed(_ link: Link) {
        let wasUp = directory.withLock { $0.remove(link.id) }
        if wasUp { admission.linkDown(link.peer, link: link.id) }
    }
}
