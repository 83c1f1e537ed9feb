import MeshTestKit
import Wire

/// Some machines and what goes between them, in virtual time. Nothing moves but by `run`.
final class DatagramNet {
    final class Node {
        var machine: DatagramMachine
        let credentials: NodeCredentials
        let address: DatagramAddress
        /// What the layer above has heard, and what happened besides.
        var heard: [(message: DatagramMessage, text: [UInt8])] = []
        var events: [DatagramEvent] = []
        var faults: [WireError] = []
        /// What the layer above answers to a request; `nil` for nothing.
        var answer: ([UInt8]) -> [UInt8]? = { [0xAA] + $0 }

        init(_ credentials: NodeCredentials, _ address: DatagramAddress, machine: consuming DatagramMachine) {
            self.credentials = credentials
            self.address = address
            self.machine = machine
        }

        var texts: [[UInt8]] { heard.map(\.text) }
        var sessionCount: Int { machine.sessionCount }
        var pendingCount: Int { machine.pendingCount }
        var statistics: DatagramStatistics { machine.statistics }
        func hasSession(with other: Node) -> Bool { machine.hasSession(with: other.credentials.staticKey.publicKey) }
    }

    typealias Flight = (bytes: [UInt8], from: DatagramAddress, to: DatagramAddress)

    var mesh: Mesh
    var clock = VirtualClock()
    var random: SeededRandom
    var nodes: [Node] = []
    var flights: [Flight] = []
    /// Everything that was sent.
    var log: [Flight] = []
    /// What the network makes of a datagram; `nil` loses it.
    var path: (Flight) -> Flight? = { $0 }

    init(seed: UInt64 = 1) throws {
        mesh = try Mesh(seed: seed)
        random = SeededRandom(seed: seed)
    }

    @discardableResult
    func add(_ name: String, burst: UInt32 = Limits.initiationBurst, host: UInt32? = nil) throws -> Node {
        let credentials = try mesh.member(name)
        let address = DatagramAddress(v4: host ?? 0x0A00_0001 + UInt32(nodes.count), port: 7_700)
        let node = Node(credentials, address, machine: machine(credentials, boot: 1, burst: burst))
        nodes.append(node)
        return node
    }

    func machine(_ credentials: NodeCredentials, boot: UInt64, burst: UInt32 = Limits.initiationBurst) -> DatagramMachine {
        DatagramMachine(
            credentials: credentials, bootEpoch: boot << 32, cookieSecret: SecretBytes(random.bytes(32)), now: clock.now, rate: 1,
            burst: burst)
    }

    /// A new run of a node: it has forgotten everything but its keys.
    func restart(_ node: Node, boot: UInt64) { node.machine = machine(node.credentials, boot: boot) }

    func target(_ node: Node, at address: DatagramAddress? = nil) -> DatagramTarget {
        DatagramTarget(
            staticKey: node.credentials.staticKey.publicKey, nodeID: node.credentials.certificate?.nodeID, address: address ?? node.address)
    }

    func ask(
        _ from: Node, _ to: Node, _ text: [UInt8], ticket: UInt64 = 1, way: DatagramMachine.Way = .any, isRepeated: Bool = false,
        at address: DatagramAddress? = nil
    ) {
        from.machine.send(
            text.span.bytes, to: target(to, at: address), ticket: ticket, way: way, isRepeated: isRepeated, now: clock.now, random: &random)
        collect(from)
    }

    /// Moves the clock and lets everybody do what is due.
    func advance(by duration: Duration) {
        clock.advance(by: duration)
        for node in nodes {
            node.machine.tick(now: clock.now, random: &random)
            collect(node)
        }
    }

    /// Delivers what is under way until nothing is.
    func run() {
        while !flights.isEmpty {
            let flight = flights.removeFirst()
            deliver(flight)
        }
    }

    func deliver(_ flight: Flight) {
        guard let flight = path(flight), let node = nodes.first(where: { $0.address == flight.to }) else { return }
        receive(node, flight.bytes, from: flight.from)
    }

    func receive(_ node: Node, _ datagram: [UInt8], from source: DatagramAddress) {
        var bytes = datagram
        var elements = bytes.mutableSpan
        var span = elements.mutableBytes
        let time = DatagramTime(now: clock.now, wall: mesh.now)
        let outcome = node.machine.receive(&span, from: source, at: time, random: &random)
        switch outcome {
        case .handled: break
        case .dropped(let fault): node.faults.append(fault)
        case .message(let message):
            let text: [UInt8] =
                switch message.body {
                case .inPlace(let range): Array(bytes[range])
                case .apart(let text): text
                }
            node.heard.append((message, text))
            if message.ticket == nil, text.first != 0xAA, let answer = node.answer(text) { respond(node, message.reply, answer) }
        }
        collect(node)
    }

    func respond(_ node: Node, _ reply: DatagramReply, _ answer: [UInt8]) {
        node.machine.respond(to: reply, with: answer.span.bytes, now: clock.now, random: &random)
        collect(node)
    }

    func collect(_ node: Node) {
        for (bytes, to) in node.machine.outbox.copies {
            flights.append((bytes, node.address, to))
            log.append((bytes, node.address, to))
        }
        node.machine.outbox.removeAll()
        node.events += node.machine.events
        node.machine.events = []
    }

    /// The types of everything that was sent.
    var types: [UInt8] { log.map { $0.bytes[0] } }
}
