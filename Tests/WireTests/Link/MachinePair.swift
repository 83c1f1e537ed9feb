import Wire

/// One end of a link in a test: the machine, and the frames and events it has seen.
final class End {
    var machine: LinkMachine
    var events: [LinkEvent] = []
    var bodies: [UInt32: [UInt8]] = [:]
    /// Records that wait to be delivered to the other end.
    var outbox: [[UInt8]] = []

    init(_ machine: consuming LinkMachine) { self.machine = machine }

    var streamCount: Int { machine.streamCount }
    var mayOpen: Bool { machine.mayOpen }
    var isRetiring: Bool { machine.isRetiring }
    var needsTick: Bool { machine.needsTick }
    func unsent(_ ref: StreamRef) -> Int { machine.unsent(ref) }
    func tick(_ now: Instant) throws -> [LinkEvent] { try machine.tick(now: now) }
}

/// Two link machines back to back, in virtual time, over ciphers made of a real handshake.
struct MachinePair {
    let client: End
    let server: End
    var now = Instant(nanoseconds: 1_000_000_000)

    init(
        own: LinkParameters = LinkParameters(bootEpoch: 1), compress: Bool = false, streamIDSoftEnd: UInt32 = Limits.streamIDSoftEnd
    ) throws {
        let ends = try LinkCiphers.pair()
        let now = Instant(nanoseconds: 1_000_000_000)
        let peers = LinkParameters(bootEpoch: 1)
        var mine = LinkConfiguration(isInitiator: true, own: peers, peer: own, compress: compress)
        var theirs = LinkConfiguration(isInitiator: false, own: own, peer: peers, compress: compress)
        mine.streamIDSoftEnd = streamIDSoftEnd
        theirs.streamIDSoftEnd = streamIDSoftEnd
        client = End(LinkMachine(mine, send: ends.clientSend, receive: ends.clientReceive, now: now))
        server = End(LinkMachine(theirs, send: ends.serverSend, receive: ends.serverReceive, now: now))
    }

    /// Delivers what both have to say until there is nothing left.
    func run() throws(WireError) {
        while true {
            let moved = try deliver(from: client, to: server)
            guard try deliver(from: server, to: client) || moved else { return }
        }
    }

    /// Flushes `source` once and gives its records to `target`. Whether there were any.
    @discardableResult
    func deliver(from source: End, to target: End) throws(WireError) -> Bool {
        var bytes: [UInt8] = []
        source.events += try source.machine.flush(now: now) { bytes += $0.array }
        for record in records(in: bytes) { try receive(record, at: target) }
        return !bytes.isEmpty
    }

    func records(in bytes: [UInt8]) -> [[UInt8]] {
        var records: [[UInt8]] = []
        var rest = bytes[...]
        while rest.count >= 2 {
            let length = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
            records.append(Array(rest.dropFirst(2).prefix(length)))
            rest = rest.dropFirst(2 + length)
        }
        return records
    }

    /// Opens one record at `target` and takes its events.
    func receive(_ record: [UInt8], at target: End) throws(WireError) {
        let record = try open(record, target)
        while let event = try target.machine.nextEvent(in: record.span.bytes, now: now) {
            switch event {
            case .data(let ref, let range, _): target.bodies[ref.id, default: []] += record[range]
            case .inflated(let ref, let bytes, _): target.bodies[ref.id, default: []] += bytes
            default: break
            }
            target.events.append(event)
        }
    }

    private func open(_ record: [UInt8], _ target: End) throws(WireError) -> [UInt8] {
        var frames = [UInt8](repeating: 0, count: record.count)
        var span = frames.mutableSpan
        var bytes = span.mutableBytes
        let count = try target.machine.open(record.span.bytes, into: &bytes, now: now)
        return Array(frames.prefix(count))
    }

    /// Opens a call from the client and lets the server see it.
    func open(_ service: String = "s", end: Bool = false, deadline: Duration? = nil) throws -> (client: StreamRef, server: StreamRef)? {
        var head = Head()
        head.service = service
        if let deadline { head.deadline = deadline.wholeMilliseconds }
        guard let ref = try client.machine.open(head, deadline: deadline, end: end, compress: true, now: now) else { return nil }
        try run()
        for case .opened(let opened, _) in server.events where opened.id == ref.id { return (ref, opened) }
        return nil
    }
}

/// A peer that speaks the record layer but sends whatever frames it likes.
struct RogueLink: ~Copyable {
    private var cipher: RecordCipher
    private var opener: RecordCipher
    let victim: End
    private var pair: MachinePair
    /// The victim's clock.
    var now: Instant {
        get { pair.now }
        set { pair.now = newValue }
    }

    /// A rogue client of an honest server.
    init(own: LinkParameters = LinkParameters(bootEpoch: 1), compress: Bool = false) throws {
        let ends = try LinkCiphers.pair()
        let honest = try MachinePair()
        let machine = LinkMachine(
            LinkConfiguration(isInitiator: false, own: own, peer: LinkParameters(bootEpoch: 1), compress: compress),
            send: ends.serverSend, receive: ends.serverReceive, now: honest.now)
        victim = End(machine)
        pair = honest
        cipher = ends.clientSend
        opener = ends.clientReceive
    }

    /// The stream that the victim has seen opened last.
    func opened() throws(WireError) -> StreamRef {
        for case .opened(let ref, _) in victim.events.reversed() { return ref }
        throw .missing(0)
    }

    /// What the victim has to say.
    mutating func frames() throws -> [Frame] {
        var bytes: [UInt8] = []
        while victim.machine.hasOutput { victim.events += try victim.machine.flush(now: now) { bytes += $0.array } }
        var frames: [Frame] = []
        for record in pair.records(in: bytes) {
            var rest = try opener.opened(record)[...]
            while !rest.isEmpty {
                let header = try Array(rest).decode { (span) throws(WireError) in try FrameHeader(in: span, at: 0) }
                let payload = Array(rest.dropFirst(8).prefix(Int(header.length)))
                frames.append(Frame(type: header.type, flags: header.flags.rawValue, stream: header.stream, payload: payload))
                rest = rest.dropFirst(8 + Int(header.length))
            }
        }
        return frames
    }

    /// A frame as it was read.
    struct Frame {
        var type: UInt8
        var flags: UInt8
        var stream: UInt32
        var payload: [UInt8]
    }

    /// Sends `frames` as one record.
    mutating func send(_ frames: [UInt8]) throws(WireError) {
        var record = frames + [UInt8](repeating: 0, count: Limits.tag)
        try seal(&record)
        try pair.receive(record, at: victim)
    }

    private mutating func seal(_ record: inout [UInt8]) throws(WireError) {
        var span = record.mutableSpan
        var bytes = span.mutableBytes
        try cipher.seal(&bytes)
    }

    static func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt32, _ payload: [UInt8] = []) -> [UInt8] {
        let length = payload.count
        return [
            UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length), type, flags,
            UInt8(truncatingIfNeeded: stream >> 24), UInt8(truncatingIfNeeded: stream >> 16), UInt8(truncatingIfNeeded: stream >> 8),
            UInt8(truncatingIfNeeded: stream),
        ] + payload
    }
}
