import Logging
import NIOCore
import Synchronization
import Wire

extension MeshEndpoint {
    /// The machine for a link that this node dials. The suite is the fastest that both sides are known to have.
    func initiator(_ expectation: PeerExpectation, _ features: Features) -> LinkInitiator {
        LinkInitiator(
            credentials: credentials, expecting: expectation, suite: .best(with: features), parameters: parameters, now: .wallClock(),
            ephemeral: SystemRandom.secret())  // HS-3.4
    }

    private var parameters: LinkParameters { LinkParameters(bootEpoch: configuration.bootEpoch) }

    /// Starts the handshake on a connection that somebody opened.
    func accept(_ channel: any Channel) throws {
        if try !accept(channel, source: channel.remoteAddress?.ipAddress ?? "") { channel.close(promise: nil) }
    }

    /// The same for a channel of any kind. False where there is no place for a stranger from `source`.
    func accept(_ channel: any Channel, source: String) throws -> Bool {
        guard let stranger = directory.withLock({ $0.admitStranger(channel, source: source) }) else { return false }
        stranger.displaced?.close(promise: nil)
        let responder = LinkResponder(
            credentials: credentials, parameters: parameters, now: .wallClock(), ephemeral: SystemRandom.secret(),  // HS-3.4
            tokenSecret: { self.admission.tokenSecret($0) })
        let handler = HandshakeHandler(responder: responder) { outcome in
            self.directory.withLock { $0.forgetStranger(stranger.number) }
            if let keys = outcome.keys {
                _ = self.establish(keys, on: channel, isInitiator: false, target: nil)
            } else if let error = outcome.error {
                self.logger.debug("handshake failed", metadata: ["source": "\(source)", "reason": "\(error)"])
            }
        }
        try channel.pipeline.syncOperations.addHandler(handler)
        return true
    }

    /// Puts the link in the place of the handshake, if the admission lets the peer in. On the channel's loop.
    func establish(
        _ keys: consuming LinkKeys, on channel: any Channel, isInitiator: Bool, target: LinkTarget?
    ) -> Result<Link, CallError> {
        let relay = (channel as? CircuitChannel).flatMap { circuit in directory.withLock { $0.direct(circuit.relay)?.peer } }
        let peer = peerInfo(keys, address: channel.remoteAddress, relay: relay)
        let isLoopback = channel.remoteAddress?.isLoopback ?? relay?.address.isLoopback ?? false
        var setup = LinkConfiguration(
            isInitiator: isInitiator, own: parameters, peer: keys.peerParameters,
            compress: isLoopback ? configuration.compressLoopback : configuration.compress)
        setup.streamIDSoftEnd = configuration.streamIDSoftEnd
        configuration.keyLog?.record(keys.secrets)
        let leftover = keys.leftover
        let machine = LinkMachine(setup, send: keys.send, receive: keys.receive, now: .now())
        let id = directory.withLock { $0.newLinkID() }
        let link = Link(peer, id: id, isInitiator: isInitiator, machine: machine, channel: channel, owner: self)
        do {
            let operations = channel.pipeline.syncOperations
            let handshake = try operations.handler(type: HandshakeHandler.self)
            try operations.addHandler(link, position: .after(handshake))
            operations.removeHandler(handshake, promise: nil)
        } catch {
            channel.close(promise: nil)
            return .failure(CallError(.unreachable, "\(error)"))
        }
        if let code = refusal(of: peer, isInitiator: isInitiator) {
            link.refuse(code, reason: code.name)
            return .failure(CallError(code, "this node refuses \(peer.name)"))
        }
        traffic.addLink()
        let bound = NIOLoopBound(link, eventLoop: channel.eventLoop)
        let entry = LinkEntry(peer: peer, isInitiator: isInitiator, loop: channel.eventLoop, bound: bound)
        let own = credentials.certificate?.nodeID
        if let old = directory.withLock({ $0.add(entry, id: id, own: own, target: target) }) { retire(old, for: entry) }
        admission.linkUp(peer, link: id)
        link.receiveLeftover(leftover)  // HS-7.5
        return .success(link)
    }

    /// A joiner dials whom its token names and is asked nothing; everybody else is for the admission to judge.
    private func refusal(of peer: PeerInfo, isInitiator: Bool) -> ErrorCode? {
        if directory.withLock({ $0.isShutDown }) { return .draining }
        return admission.admit(peer)
    }

    /// Ends a link that a newer one replaces. Calls may be on their way over a relay while the direct link already stands: such a link
    /// takes calls for a while, so that none is refused.
    private func retire(_ old: LinkEntry, for new: LinkEntry) {  // RELAY-5.3
        let drain: @Sendable (Link) -> Void = { $0.drain(.draining, reason: "replaced by a newer link") }
        guard old.peer.isRelayed, !new.peer.isRelayed else { return old.with(drain) }  // HS-10.2
        old.loop.scheduleTask(in: TimeAmount(Limits.relayLinger)) { [bound = old.bound] in drain(bound.value) }
    }

    private func peerInfo(_ keys: borrowing LinkKeys, address: SocketAddress?, relay: PeerInfo?) -> PeerInfo {
        let own = Endpoint(host: address?.ipAddress ?? "", port: UInt16(clamping: address?.port ?? 0))
        var peer = PeerInfo(staticKey: keys.peerStaticKey, address: relay?.address ?? own, handshakeHash: keys.handshakeHash)
        peer.relay = relay?.name
        peer.bootEpoch = keys.peerParameters.bootEpoch
        peer.features = keys.peerParameters.features
        peer.token = keys.tokenID
        peer.isExpired = keys.isExpired
        if let certificate = keys.certificate {
            peer.certificate = certificate
            peer.nodeID = certificate.nodeID
            peer.name = certificate.name
            peer.roles = certificate.roles
            peer.identityKey = certificate.identityKey
        }
        return peer
    }

    // MARK: Reaching a target

    /// Where a call to `target` goes.
    enum Place {
        case up(LinkEntry)
        /// Calls wait for it, on its loop.
        case dialling(Dial)
        case failed(CallError)
    }

    /// Finds the link to `target`, or begins to dial it on `loop`.
    func place(for target: LinkTarget, on loop: any EventLoop) -> Place {
        let (route, isNew) = directory.withLock { directory in
            let route = directory.route(target, now: .now())
            guard case .none = route, !directory.isShutDown else { return (route, false) }
            let dial = Dial(on: directory.loop(for: target) ?? loop)
            directory.begin(dial, to: target)
            return (.dialling(dial), true)
        }
        switch route {
        case .up(let entry):
            if entry.peer.isRelayed { lookForDirect(target, on: loop) }
            return .up(entry)
        case .backingOff(let wait):
            return .failed(CallError(.unreachable, "not reached a moment ago", retryAfterMilliseconds: wait.wholeMilliseconds))
        case .none: return .failed(CallError(.draining, "this node is shutting down"))
        case .dialling(let dial):
            if isNew { dial.loop.execute { self.run(dial, target) } }
            return .dialling(dial)
        }
    }

    private func run(_ dial: Dial, _ target: LinkTarget) {
        Dialer(endpoint: self, expectation: PeerExpectation(target.expectation), features: target.features, loop: dial.loop)
            .dial(candidates(target), target: target) { result in
                self.directory.withLock { directory in
                    switch result {
                    case .success: directory.succeeded(target)
                    case .failure: directory.failed(target, now: .now(), random: SystemRandom.word())
                    }
                }
                dial.finish(result)
            }
    }

    private func candidates(_ target: LinkTarget) -> [LinkCandidate] {
        directory.withLock { directory in LinkCandidate.order(target) { directory.roundTrip($0) } }
    }

    /// A connection and a handshake with `endpoint` took so long.
    func measured(_ endpoint: Endpoint, roundTrip: Duration) {
        directory.withLock { $0.measured(endpoint, roundTrip: roundTrip) }
    }

    /// Dials the direct addresses of a node that is reached by relay, now and then while it is called. The link that comes of it is
    /// used from then on.
    private func lookForDirect(_ target: LinkTarget, on loop: any EventLoop) {  // RELAY-5.1
        guard case .node(let node) = target.expectation, !target.endpoints.isEmpty,
            directory.withLock({ $0.beginUpgrade(node, now: .now()) })
        else { return }
        let direct = LinkTarget(target.expectation, endpoints: target.endpoints, features: target.features)
        loop.execute {
            Dialer(endpoint: self, expectation: .node(node), features: target.features, loop: loop)
                .dial(self.candidates(direct), target: direct) { result in
                    let succeeded = (try? result.get()) != nil
                    self.directory.withLock {
                        $0.endUpgrade(node, succeeded: succeeded, now: .now(), random: SystemRandom.word())
                    }
                }
        }
    }

    /// The link to `target`, for calls from anywhere.
    func link(to target: LinkTarget) async throws(CallError) -> LinkHandle {
        switch place(for: target, on: group.next()) {
        case .up(let entry): return LinkHandle(entry)
        case .failed(let error): throw error
        case .dialling(let dial):
            let result: Result<LinkHandle, CallError> = await withCheckedContinuation { continuation in
                dial.loop.run { dial.whenDone { continuation.resume(returning: $0.map { LinkHandle($0) }) } }
            }
            return try result.get()
        }
    }

    /// A link that is not pooled.
    func dial(_ expectation: PeerExpectation, _ endpoints: [Endpoint]) async throws(CallError) -> LinkHandle {
        let loop = group.next()
        let result: Result<LinkHandle, CallError> = await withCheckedContinuation { continuation in
            loop.execute {
                Dialer(endpoint: self, expectation: expectation, features: [], loop: loop)
                    .dial(endpoints.map { .direct($0) }, target: nil) { result in
                        continuation.resume(returning: result.map { LinkHandle($0) })
                    }
            }
        }
        return try result.get()
    }
}

/// A link as other threads hold it.
struct LinkHandle: Caller {
    let peer: PeerInfo
    private let loop: any EventLoop
    private let link: NIOLoopBound<Link>

    init(_ link: Link) {
        peer = link.peer
        loop = link.eventLoop
        self.link = NIOLoopBound(link, eventLoop: link.eventLoop)
    }

    init(_ entry: LinkEntry) {
        peer = entry.peer
        loop = entry.loop
        link = entry.bound
    }

    var preferredLoop: any EventLoop { loop }

    func open(_ head: Head, on loop: any EventLoop, receiver: any CallReceiver) -> any CallStream {
        HoppingStream.open(head, on: loop, receiver: receiver, linkLoop: self.loop) { [link] stream in link.value.call(stream) }
    }

    func ping() async throws(CallError) -> Duration {
        let result: Result<Duration, CallError> = await withCheckedContinuation { continuation in
            loop.run { link.value.ping { continuation.resume(returning: $0) } }
        }
        return try result.get()
    }

    func close() { loop.run { link.value.close(CallError(.none, "done")) } }
}

extension PeerExpectation {
    init(_ expectation: LinkTarget.Expectation) {
        switch expectation {
        case .node(let id): self = .node(id)
        case .roles(let roles): self = .role(roles)
        }
    }
}

extension EventLoop {
    /// Runs `body` now if this is the loop's thread, otherwise soon.
    package func run(_ body: @escaping @Sendable () -> Void) {
        if inEventLoop { body() } else { execute(body) }
    }
}

extension Endpoint {
    /// Whether it is on this machine; a name is not looked up.
    var isLoopback: Bool { (try? SocketAddress(ipAddress: host, port: Int(port)))?.isLoopback ?? false }
}

extension PeerInfo {
    /// Whether a relay passes the link on.
    public var isRelayed: Bool { relay != nil }
}

extension SocketAddress {
    /// Whether it is on this machine.
    package var isLoopback: Bool {
        guard let ip = ipAddress else { return pathname != nil }
        return ip.hasPrefix("127.") || ip == "::1" || ip.hasPrefix("::ffff:127.")
    }
}
