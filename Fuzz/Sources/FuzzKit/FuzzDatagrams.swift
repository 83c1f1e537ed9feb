@testable import Wire

/// Two machines that carry datagrams, and a network between them that the input controls: it loses, repeats, delays, alters, moves
/// and forges. No address gets more bytes than have come from it unless its node has asked, or has proven itself there.
public struct FuzzDatagrams: ~Copyable {
    private var left: DatagramMachine
    private var right: DatagramMachine
    private var now = Instant(nanoseconds: 1_000_000_000_000)
    private var random = FuzzRandom()
    /// Everything that was sent, for replays.
    private var seen: [(bytes: [UInt8], toLeft: Bool)] = []
    private var replies: [(reply: DatagramReply, ofLeft: Bool)] = []
    private var tickets: UInt64 = 0
    /// Bytes from and to an address that is nobody's, at each machine.
    private var received: [Place: Int] = [:]
    private var sent: [Place: Int] = [:]

    private struct Place: Hashable {
        var isLeft: Bool
        var address: DatagramAddress
    }

    private static let leftAddress = DatagramAddress(v4: 0x0A00_0001, port: 7_700)
    private static let rightAddress = DatagramAddress(v4: 0x0A00_0002, port: 7_700)

    public init() {
        let start = Instant(nanoseconds: 1_000_000_000_000)
        left = DatagramMachine(
            credentials: FuzzMesh.worker, bootEpoch: 1, cookieSecret: FuzzMesh.secret(21), now: start, rate: 5, burst: 3)
        right = DatagramMachine(
            credentials: FuzzMesh.coordinator, bootEpoch: 2, cookieSecret: FuzzMesh.secret(22), now: start, rate: 5, burst: 3)
    }

    /// One event of the input.
    public mutating func step(_ input: inout FuzzInput) {
        let isLeft = input.flag()
        switch input.choice(7) {
        case 0: deliver(input.take(input.choice(6) * 250), toLeft: isLeft, from: stranger(&input))
        case 1: repeatSeen(&input, isAltered: false, from: isLeft ? Self.rightAddress : Self.leftAddress)
        case 2: repeatSeen(&input, isAltered: true, from: stranger(&input))
        case 3: repeatSeen(&input, isAltered: false, from: stranger(&input))
        case 4: ask(&input, isLeft)
        case 5: answer(&input)
        default:
            now = now + input.wait()
            left.tick(now: now, random: &random)
            right.tick(now: now, random: &random)
        }
        collect()
    }

    private func stranger(_ input: inout FuzzInput) -> DatagramAddress {
        DatagramAddress(v4: 0xC633_6400 + UInt32(input.choice(4)), port: 53)
    }

    private mutating func repeatSeen(_ input: inout FuzzInput, isAltered: Bool, from source: DatagramAddress) {
        guard var flight = input.choice(of: seen) else { return }
        if isAltered, !flight.bytes.isEmpty {
            flight.bytes[input.word() % flight.bytes.count] ^= input.byte()
            if input.flag() { flight.bytes.removeLast(input.word() % flight.bytes.count) }
        }
        deliver(flight.bytes, toLeft: flight.toLeft, from: source)
    }

    private mutating func ask(_ input: inout FuzzInput, _ isLeft: Bool) {
        let other = isLeft ? FuzzMesh.coordinator : FuzzMesh.worker
        let address = input.flag() ? stranger(&input) : isLeft ? Self.rightAddress : Self.leftAddress
        let target = DatagramTarget(
            staticKey: other.staticKey.publicKey, nodeID: input.flag() ? other.certificate?.nodeID : nil, address: address)
        let way: DatagramMachine.Way = [.any, .inSession, .handshake][input.choice(3)]
        if !input.flag() { tickets += 1 }
        let request = input.take(input.choice(5) * 300)
        // Who asks may send to the address what its budgets allow.
        sent[Place(isLeft: isLeft, address: address)] = .min / 2
        if isLeft {
            left.send(request.span.bytes, to: target, ticket: tickets, way: way, isRepeated: input.flag(), now: now, random: &random)
        } else {
            right.send(request.span.bytes, to: target, ticket: tickets, way: way, isRepeated: input.flag(), now: now, random: &random)
        }
    }

    private mutating func answer(_ input: inout FuzzInput) {
        guard let (reply, ofLeft) = input.choice(of: replies) else { return }
        let answer = input.take(input.choice(5) * 300)
        if ofLeft {
            left.respond(to: reply, with: answer.span.bytes, now: now, random: &random)
        } else {
            right.respond(to: reply, with: answer.span.bytes, now: now, random: &random)
        }
    }

    private mutating func deliver(_ datagram: [UInt8], toLeft: Bool, from source: DatagramAddress) {
        received[Place(isLeft: toLeft, address: source), default: 0] += datagram.count
        var bytes = datagram
        var elements = bytes.mutableSpan
        var span = elements.mutableBytes
        let time = DatagramTime(now: now, wall: FuzzMesh.now)
        let outcome =
            toLeft
            ? left.receive(&span, from: source, at: time, random: &random) : right.receive(&span, from: source, at: time, random: &random)
        guard case .message(let message) = outcome else { return }
        if replies.count > 64 { replies.removeFirst() }
        replies.append((message.reply, toLeft))
    }

    private mutating func collect() {
        let (mine, others) = (left.outbox.copies, right.outbox.copies)
        note(left.events, isLeft: true)
        note(right.events, isLeft: false)
        left.outbox.removeAll()
        right.outbox.removeAll()
        left.events = []
        right.events = []
        for datagram in mine { count(datagram, isLeft: true) }
        for datagram in others { count(datagram, isLeft: false) }
    }

    private mutating func note(_ events: [DatagramEvent], isLeft: Bool) {
        for case .proven(_, let address) in events { sent[Place(isLeft: isLeft, address: address)] = .min / 2 }
    }

    private mutating func count(_ datagram: (bytes: [UInt8], to: DatagramAddress), isLeft: Bool) {
        let place = Place(isLeft: isLeft, address: datagram.to)
        sent[place, default: 0] += datagram.bytes.count
        let isFair = sent[place, default: 0] <= received[place, default: 0] && datagram.bytes.count <= Limits.datagram
        if !isFair { fatalError("an address gets more than it has sent") }
        if seen.count < 256 { seen.append((datagram.bytes, !isLeft)) }
    }
}

/// The same words in each run.
private struct FuzzRandom: RandomNumberGenerator {
    private var state: UInt64 = 7

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}
