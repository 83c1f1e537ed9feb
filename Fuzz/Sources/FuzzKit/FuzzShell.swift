public import Wire

/// A shell around a link machine that does what the input says: hears frames, opens, answers and ends streams, lets time pass.
public struct FuzzShell: ~Copyable {
    private var machine: LinkMachine
    private var streams: [StreamRef] = []
    private var now = Instant(nanoseconds: 1_000_000_000)
    /// Bytes that the peer was allowed to send and did.
    private var unconsumed: [(StreamRef, Int)] = []

    public init(isInitiator: Bool) {
        guard let send = try? RecordCipher(.chaChaPoly, key: FuzzMesh.secret(1)),
            let receive = try? RecordCipher(.chaChaPoly, key: FuzzMesh.secret(2))
        else { fatalError("no ciphers") }
        let own = LinkParameters(bootEpoch: 1, streamWindow: 4_096, linkWindow: 16_384, maxStreams: 8)
        let peer = LinkParameters(bootEpoch: 2, streamWindow: 4_096, linkWindow: 16_384, maxStreams: 8)
        machine = LinkMachine(
            LinkConfiguration(isInitiator: isInitiator, own: own, peer: peer, compress: true), send: send, receive: receive, now: now)
    }

    /// One thing that happens to the link.
    public mutating func step(_ input: inout FuzzInput) throws(WireError) {
        switch input.byte() % 12 {
        case 0, 1, 2: try hear(input.take(input.word() % 2_048))
        case 3: try open(&input)
        case 4: if let ref = stream(&input) { try machine.respond(ref, Head(), end: input.byte() & 1 == 1, compress: true) }
        case 5: if let ref = stream(&input) { try machine.send(ref, chunk(&input), end: input.byte() & 1 == 1) }
        case 6: if let ref = stream(&input) { try machine.reset(ref, .cancelled, reason: "fuzz") }
        case 7: if let ref = stream(&input) { try machine.release(ref) }
        case 8: if let ref = stream(&input) { try machine.stop(ref, .cancelled) }
        case 9:
            now = now + .milliseconds(input.word())
            _ = try machine.tick(now: now)
        case 10: for (ref, count) in unconsumed.drained() { try machine.consumed(ref, count, now: now) }
        default: try flush()
        }
        precondition(machine.streamCount <= 8 + 8 + streams.count)
        precondition(unconsumed.reduce(0) { $0 + $1.1 } <= 1 << 26)
    }

    private mutating func open(_ input: inout FuzzInput) throws(WireError) {
        var head = Head()
        head.service = "s"
        let deadline: Duration? = input.byte() & 1 == 1 ? .milliseconds(input.word()) : nil
        if let ref = try machine.open(head, deadline: deadline, end: false, compress: true, now: now) { streams.append(ref) }
    }

    /// The frames of one record, and what any shell does about them.
    private mutating func hear(_ frames: [UInt8]) throws(WireError) {
        while let event = try machine.nextEvent(in: frames.span.bytes, now: now) {
            switch event {
            case .opened(let ref, _): streams.append(ref)
            case .data(let ref, let range, _):
                precondition(range.lowerBound >= 0 && range.upperBound <= frames.count)
                unconsumed.append((ref, range.count))
            case .inflated(let ref, let bytes, _):
                precondition(bytes.count <= Limits.data)
                unconsumed.append((ref, bytes.count))
            case .reset(let ref, _, _, let reason):
                precondition(reason.utf8.count <= Limits.reason * 3)
                try machine.release(ref)
            case .answered, .stopped, .writable, .mayOpen, .pong, .goAway: break
            }
        }
    }

    private mutating func flush() throws(WireError) {
        var isValid = true
        _ = try machine.flush(now: now) { bytes in
            var offset = 0
            while offset < bytes.byteCount {
                guard let length = try? bytes.integer(UInt16.self, at: offset) else { break }
                offset += 2 + Int(length)
            }
            isValid = offset == bytes.byteCount
        }
        precondition(isValid, "what is sent is whole records")
    }

    private func stream(_ input: inout FuzzInput) -> StreamRef? {
        let choice = Int(input.byte())
        return streams.isEmpty ? nil : streams[choice % streams.count]
    }

    private func chunk(_ input: inout FuzzInput) -> [UInt8] { [UInt8](repeating: input.byte(), count: input.word() % 20_000) }
}

extension Array {
    fileprivate mutating func drained() -> [Element] {
        defer { self = [] }
        return self
    }
}
