import NIOCore
import NIOPosix
import Transport
import Wire

/// An endpoint with a socket, and a layer above that sends requests back with a 0xAA before them.
final class DatagramFixture: Sendable {
    let credentials: NodeCredentials
    let loop: any EventLoop
    let port: Int
    private let box: NIOLoopBound<Box>

    /// Lives on the loop.
    final class Box: DatagramOwner {
        let endpoint: DatagramEndpoint
        var waiting: [UInt64: EventLoopPromise<[UInt8]>] = [:]
        /// What is answered instead.
        var answer: ([UInt8]) -> [UInt8]? = { [0xAA] + $0 }
        var events: [DatagramEvent] = []
        var sessionRequests = 0

        init(_ endpoint: DatagramEndpoint) {
            self.endpoint = endpoint
            endpoint.owner = self
        }

        func received(_ message: DatagramMessage, _ text: RawSpan) {
            let bytes = text.array
            guard bytes.first != 0xAA else {
                // The ticket stands in the last byte.
                waiting.removeValue(forKey: UInt64(bytes.last ?? 0))?.succeed(bytes)
                return
            }
            if message.isInSession { sessionRequests += 1 }
            if let answer = answer(bytes) { endpoint.respond(to: message.reply, with: answer) }
        }

        func happened(_ event: DatagramEvent) {
            events.append(event)
            if case .failed(let ticket, let cause) = event { waiting.removeValue(forKey: ticket)?.fail(Failure(cause: cause)) }
        }
    }

    struct Failure: Error, Equatable {
        var cause: DatagramFailure
    }

    static func make(_ mesh: MeshFixture, _ name: String, host: String = "127.0.0.1") async throws -> DatagramFixture {
        try await make(try mesh.credentials(name), host: host, port: 0, bootEpoch: 1)
    }

    static func make(
        _ credentials: NodeCredentials, host: String = "127.0.0.1", port: Int, bootEpoch: UInt64
    ) async throws -> DatagramFixture {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let box = try await loop.submit {
            NIOLoopBound(Box(DatagramEndpoint(credentials: credentials, bootEpoch: bootEpoch, loop: loop)), eventLoop: loop)
        }.get()
        let bound = try await loop.flatSubmit { box.value.endpoint.bind(hosts: [host], port: port) }.get()
        return DatagramFixture(credentials, loop, box, bound)
    }

    private init(_ credentials: NodeCredentials, _ loop: any EventLoop, _ box: NIOLoopBound<Box>, _ port: Int) {
        self.credentials = credentials
        self.loop = loop
        self.box = box
        self.port = port
    }

    func target(host: String = "127.0.0.1", port: Int? = nil) throws -> DatagramTarget {
        guard let address = DatagramAddress(Endpoint(host: host, port: UInt16(port ?? self.port))),
            let node = credentials.certificate?.nodeID
        else { throw WireError.badValue(0) }
        return DatagramTarget(staticKey: credentials.staticKey.publicKey, nodeID: node, address: address)
    }

    /// Asks, and waits for the answer. `ticket` must be below 256.
    func ask(
        _ target: DatagramTarget, _ text: [UInt8], ticket: UInt8, way: DatagramMachine.Way = .any, repeats: Int = 0
    ) async throws -> [UInt8] {
        try await loop.flatSubmit { [box, loop] in
            let promise = loop.makePromise(of: [UInt8].self)
            box.value.waiting[UInt64(ticket)] = promise
            @Sendable func send(_ count: Int) {
                box.value.endpoint.send(text + [ticket], to: target, ticket: UInt64(ticket), way: way, isRepeated: count > 0)
                box.value.endpoint.flush()
                guard count < repeats else { return }
                loop.scheduleTask(in: .milliseconds(50)) { if box.value.waiting[UInt64(ticket)] != nil { send(count + 1) } }
            }
            send(0)
            return promise.futureResult
        }.get()
    }

    func with<Value: Sendable>(_ body: @escaping @Sendable (Box) -> Value) async throws -> Value {
        try await loop.submit { [box] in body(box.value) }.get()
    }

    func close() async throws { try await with { $0.endpoint.close() } }
}
