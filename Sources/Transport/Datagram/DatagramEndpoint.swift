import Glibc
package import NIOCore
import NIOPosix
package import Wire

/// The layer above an endpoint. Called on the endpoint's loop.
package protocol DatagramOwner: AnyObject {
    /// A node has said something. `text` is lent for the length of the call.
    func received(_ message: DatagramMessage, _ text: RawSpan)
    /// Something else has happened.
    func happened(_ event: DatagramEvent)
}

/// The shell of `DatagramMachine`: sockets, clock and randomness. Confined to one event loop.
///
/// What is sent in one turn of the loop leaves with one system call, when the turn's datagrams have been read or `flush` is called.
package final class DatagramEndpoint {
    package let loop: any EventLoop
    package weak var owner: (any DatagramOwner)?
    private var machine: DatagramMachine
    private var channels: [DatagramChannel] = []
    private var random = SecureRandom()
    private var probes = RefusalProbes()
    private var timer: (at: Instant, task: Scheduled<Void>)?
    private var isReading = false
    private var isClosed = false
    /// A datagram while it is opened in place.
    private var scratch = [UInt8](repeating: 0, count: Limits.datagram)

    /// On `loop`. Nothing is bound yet.
    package init(credentials: NodeCredentials, bootEpoch: UInt64, loop: any EventLoop) {
        self.loop = loop
        machine = DatagramMachine(
            credentials: credentials, bootEpoch: bootEpoch, cookieSecret: SystemRandom.secret(), now: .now())
    }

    // MARK: Sockets

    /// Binds UDP at each of `hosts` with one port; port 0 picks one, the same for all. Completes with the port. Fails where the first
    /// cannot be bound; the others are as good as there is that family.
    package func bind(hosts: [String], port: Int) -> EventLoopFuture<Int> {
        guard let first = hosts.first else { return loop.makeSucceededFuture(port) }
        let bound = NIOLoopBound(self, eventLoop: loop)
        return bindOne(host: first, port: port).flatMap { chosen in
            let rest = hosts.dropFirst().map { host in
                bound.value.bindOne(host: host, port: chosen).map { _ in }.recover { _ in }
            }
            return EventLoopFuture.andAllComplete(rest, on: bound.value.loop).map { chosen }
        }
    }

    private func bindOne(host: String, port: Int) -> EventLoopFuture<Int> {
        let bound = NIOLoopBound(self, eventLoop: loop)
        return DatagramChannel.bind(host: host, port: port, on: loop) { DatagramHandler(endpoint: bound) }
            .flatMapThrowing { channel in try bound.value.add(channel) }
    }

    private func add(_ channel: any Channel) throws -> Int {
        guard !isClosed else {
            channel.close(promise: nil)
            throw ChannelError.ioOnClosedChannel
        }
        channels.append(try DatagramChannel.over(channel))
        schedule()
        return channel.localAddress?.port ?? 0
    }

    /// The port that is bound; `nil` if none is.
    package var port: Int? { channels.first?.channel.localAddress?.port }

    package func close() {
        isClosed = true
        timer?.task.cancel()
        timer = nil
        for channel in channels { channel.channel.close(promise: nil) }
        channels = []
    }

    // MARK: Sending

    /// Sends a request: see `DatagramMachine.send`. It leaves with the next `flush`.
    package func send(
        _ request: [UInt8], to target: DatagramTarget, ticket: UInt64, way: DatagramMachine.Way = .any, isRepeated: Bool = false
    ) {
        machine.send(request.span.bytes, to: target, ticket: ticket, way: way, isRepeated: isRepeated, now: .now(), random: &random)
    }

    /// Answers a request: see `DatagramMachine.respond`.
    package func respond(to reply: DatagramReply, with answer: [UInt8]) {
        machine.respond(to: reply, with: answer.span.bytes, now: .now(), random: &random)
    }

    /// Sends a request at once, in the session with `target` and to its address, from a socket that is used for nothing else and read by
    /// nobody: whatever keeps strangers' datagrams from the target keeps this one. Nothing is sent where no session stands.
    package func knock(_ request: [UInt8], at target: DatagramTarget) {
        let isV6 = target.address.v4 == nil
        guard let host = channels.first(where: { $0.isV6 == isV6 })?.channel.localAddress?.ipAddress,
            let place = try? SocketAddress(ipAddress: target.address.endpoint.host, port: Int(target.address.endpoint.port)),
            let datagram = machine.apart(request.span.bytes, to: target, now: .now())
        else { return }
        DatagramChannel.bind(host: host, port: 0, on: loop) { UnreadHandler() }
            .whenSuccess { channel in
                channel.writeAndFlush(AddressedEnvelope(remoteAddress: place, data: ByteBuffer(bytes: datagram)), promise: nil)
                // Open for what comes back, so that the target is not told that nobody is here.
                channel.eventLoop.scheduleTask(in: Self.knocking) { channel.close(promise: nil) }
            }
    }

    private static let knocking = TimeAmount.seconds(2)

    /// Bytes that an answer to a stranger may have.
    package var answerRoom: Int { machine.answerRoom ?? 0 }
    package var statistics: DatagramStatistics { machine.statistics }
    package var sessionCount: Int { machine.sessionCount }

    /// The certified name of a node that has spoken with this one lately.
    package func name(of key: StaticKey) -> String? { machine.certificate(of: key)?.name }

    /// Uses a renewed certificate from now on.
    package func replaceCredentials(_ credentials: NodeCredentials) { machine.credentials = credentials }

    /// Ends the sessions of revoked nodes and takes nothing from them any more.
    package func revoke(_ nodes: [NodeID]) { machine.revoke(nodes) }

    /// Sends what waits, tells the owner what happened, and sets the timer. While datagrams are read that happens behind the last.
    package func flush() {
        guard !isReading else { return }
        repeat {
            transmit()
            let events = machine.events
            machine.events = []
            for event in events { owner?.happened(event) }
        } while !machine.outbox.isEmpty || !machine.events.isEmpty
        schedule()
    }

    private func transmit() {
        guard !machine.outbox.isEmpty else { return }
        let outbox = machine.outbox
        machine.outbox = DatagramOutbox()
        var failures: [(DatagramAddress, DatagramFailure)] = []
        for isV6 in [false, true] {
            guard let channel = channels.first(where: { $0.isV6 == isV6 }) else {
                for datagram in outbox.datagrams where (datagram.to.v4 == nil) == isV6 { failures.append((datagram.to, .noRoute)) }
                continue
            }
            channel.sender.send(outbox, isV6: isV6) { address, cause in
                if let failure = DatagramFailure(errno: cause) { failures.append((address, failure)) }
            }
        }
        for (address, failure) in failures { machine.unreachable(address, failure) }
        for address in outbox.unanswered { probes.ask(address, now: .now()) }
        lookAtProbes()
        machine.reuse(outbox)
    }

    private func lookAtProbes() {
        guard !probes.isEmpty else { return }
        var told: [(DatagramAddress, DatagramFailure)] = []
        probes.look(now: .now()) { told.append(($0, $1)) }
        for (address, failure) in told { machine.unreachable(address, failure) }
    }

    // MARK: Receiving

    fileprivate func received(_ datagram: ByteBuffer, from address: SocketAddress) {
        guard let source = DatagramAddress(address) else { return }
        isReading = true
        let count = datagram.readableBytes
        // One byte more than any datagram has stands for all that are longer.
        guard count <= scratch.count else { return }
        let time = DatagramTime(now: .now(), wall: .wallClock())
        scratch.withUnsafeMutableBytes { place in
            datagram.withUnsafeReadableBytes { place.copyMemory(from: $0) }
            var span = MutableRawSpan(_unsafeBytes: UnsafeMutableRawBufferPointer(rebasing: place[..<count]))
            guard case .message(let message) = machine.receive(&span, from: source, at: time, random: &random) else { return }
            switch message.body {
            case .inPlace(let range): owner?.received(message, span.bytes.extracting(range))
            case .apart(let text): owner?.received(message, text.span.bytes)
            }
        }
    }

    fileprivate func readCompleted() {
        isReading = false
        flush()
    }

    /// A channel that has closed by itself is gone; whoever bound it hears of it by its future.
    fileprivate func closed(_ channel: any Channel) { channels.removeAll { $0.channel === channel } }

    // MARK: Time

    private func schedule() {
        guard !isClosed else { return }
        let now = Instant.now()
        var due = machine.nextDeadline
        if !probes.isEmpty { due = min(due, now + RefusalProbes.interval) }
        if let timer {
            guard due < timer.at else { return }
            timer.task.cancel()
        }
        let bound = NIOLoopBound(self, eventLoop: loop)
        timer = (due, loop.scheduleTask(in: TimeAmount(due - now)) { bound.value.tick() })
    }

    private func tick() {
        timer = nil
        machine.tick(now: .now(), random: &random)
        lookAtProbes()
        flush()
    }
}

/// Takes no notice of what a socket reads.
private final class UnreadHandler: ChannelInboundHandler, Sendable {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}

/// Hands what a socket reads to the endpoint.
private final class DatagramHandler: ChannelInboundHandler, Sendable {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let endpoint: NIOLoopBound<DatagramEndpoint>

    init(endpoint: NIOLoopBound<DatagramEndpoint>) { self.endpoint = endpoint }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        endpoint.value.received(envelope.data, from: envelope.remoteAddress)
    }

    func channelReadComplete(context: ChannelHandlerContext) { endpoint.value.readCompleted() }

    /// A socket may bring an error of the network; the next read goes on.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { endpoint.value.readCompleted() }

    func channelInactive(context: ChannelHandlerContext) { endpoint.value.closed(context.channel) }
}
