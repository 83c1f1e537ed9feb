import DHT
public import NIOCore
public import Wire

/// One ping by datagram from a socket of its own, to which nobody has opened a way: what a firewall or a translation of addresses does with
/// a stranger's datagram is done with it. Confined to one event loop while it runs.
///
/// Its credentials are used for nothing else: the order of initiations (DGRAM-2.6) begins with it.
public final class UnaskedPing {
    private let datagrams: DatagramEndpoint
    private let loop: any EventLoop
    private var done: ((Result<Duration, DHTUnanswered>) -> Void)?
    private let start = Instant.now()

    private static let exchange: UInt32 = 1

    private init(_ credentials: NodeCredentials, loop: any EventLoop) {
        self.loop = loop
        datagrams = DatagramEndpoint(credentials: credentials, bootEpoch: 1, loop: loop)
        datagrams.owner = self
    }

    /// Asks `contact` at the first of its addresses that is one. Throws what the socket throws.
    public static func send(
        to contact: Contact, as credentials: NodeCredentials, timeout: Duration, on loop: any EventLoop
    ) async throws -> Result<Duration, DHTUnanswered> {
        guard let address = contact.endpoints.lazy.compactMap({ DatagramAddress($0) }).first else {
            return .failure(DHTUnanswered(cause: .noRoute))
        }
        let answer = loop.makePromise(of: Result<Duration, DHTUnanswered>.self)
        let host = address.v4 == nil ? "::" : "0.0.0.0"
        let ping = try await loop.submit { NIOLoopBound(UnaskedPing(credentials, loop: loop), eventLoop: loop) }.get()
        _ = try await loop.flatSubmit { ping.value.datagrams.bind(hosts: [host], port: 0) }.get()
        try await loop.submit {
            ping.value.done = { answer.succeed($0) }
            ping.value.ask(contact, address)
        }.get()
        let timer = loop.scheduleTask(in: TimeAmount(timeout)) { ping.value.end(.failure(DHTUnanswered(cause: .noAnswer))) }
        let result = try await answer.futureResult.get()
        timer.cancel()
        return result
    }

    private func ask(_ contact: Contact, _ address: DatagramAddress) {
        // As a client: the node that is asked keeps nothing of it.
        let request = DHTRequest(exchange: Self.exchange, isClient: true, .ping(nil))
        guard let bytes = try? request.encode() else { return end(.failure(DHTUnanswered(cause: .withheld))) }
        let target = DatagramTarget(staticKey: contact.staticKey, nodeID: contact.nodeID, address: address)
        datagrams.send(bytes, to: target, ticket: UInt64(Self.exchange))
        datagrams.flush()
    }

    private func end(_ result: Result<Duration, DHTUnanswered>) {
        guard let done else { return }
        self.done = nil
        datagrams.close()
        done(result)
    }
}

extension UnaskedPing: DatagramOwner {
    package func received(_ message: DatagramMessage, _ text: RawSpan) {
        guard let answer = try? DHTAnswer(decoding: text), answer.exchange == Self.exchange else { return }
        // Not while the endpoint reads: it closes its sockets.
        let took = Instant.now() - start
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.execute { bound.value.end(.success(took)) }
    }

    package func happened(_ event: DatagramEvent) {
        let failure: DatagramFailure
        switch event {
        case .failed(_, let cause), .unreachable(_, let cause): failure = cause
        case .proven: return
        }
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.execute { bound.value.end(.failure(DHTUnanswered(cause: DHTHealth.Cause(DHTFailure(failure))))) }
    }
}
