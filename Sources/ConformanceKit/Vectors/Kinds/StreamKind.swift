import Wire

extension VectorKind {
    /// One side of a link: what it receives and does in turn, and what its owner hears of it.
    static let stream = VectorKind("stream") { (input) throws(VectorFormatError) in
        let isInitiator = try input.choice("role", ["initiator": true, "responder": false])
        let own = try input.object("own", LinkParameters.init(vector:))
        let peer = try input.object("peer", LinkParameters.init(vector:))
        let steps = try input.objects("steps") { (step) throws(VectorFormatError) in try StreamStep(&step) }
        return {
            let configuration = LinkConfiguration(isInitiator: isInitiator, own: own, peer: peer, compress: false)
            var play = try StreamPlay.begin(configuration)
            for step in steps { try play.take(step) }
            return play.result
        }
    }
}

/// One thing that happens to a link.
enum StreamStep {
    /// A record with these frames arrives, so many times.
    case receive([UInt8], times: Int)
    case wait(UInt64)
    case open(Head, end: Bool)
    case answer(UInt32, Head, end: Bool)
    case send(UInt32, count: Int, end: Bool)
    case reset(UInt32, UInt16)
    case stop(UInt32, UInt16)
    case goAway

    init(_ input: inout VectorInput) throws(VectorFormatError) {
        switch try input.text("step") {
        case "receive":
            let times = try input.optional("times") { (i) throws(VectorFormatError) in try i.number("times", as: Int.self) } ?? 1
            self = .receive(try input.hex("frames"), times: times)
        case "wait": self = .wait(try input.number("milliseconds"))
        case "open": self = .open(try Self.head(&input), end: try input.flag("end"))
        case "answer": self = .answer(try input.number("stream"), try Self.head(&input), end: try input.flag("end"))
        case "send": self = .send(try input.number("stream"), count: try input.number("count"), end: try input.flag("end"))
        case "reset": self = .reset(try input.number("stream"), try input.number("code"))
        case "stop": self = .stop(try input.number("stream"), try input.number("code"))
        case "goaway": self = .goAway
        case let other: throw VectorFormatError(line: input.line, "unknown step \"\(other)\"")
        }
    }

    private static func head(_ input: inout VectorInput) throws(VectorFormatError) -> Head {
        let bytes = try input.hex("head")
        do { return try bytes.decode { (span) throws(WireError) in try Head(decoding: span) } } catch {
            throw VectorFormatError(line: input.line, "\"head\" must be the payload of a HEAD")
        }
    }
}

/// A link machine whose records are sealed and opened here, so that a vector shows frames only.
struct StreamPlay: ~Copyable {
    private var machine: LinkMachine
    private var sealer: RecordCipher
    private var opener: RecordCipher
    private var now = Instant(nanoseconds: 1_000_000_000)
    private var refs: [UInt32: StreamRef] = [:]
    private var events: [VectorValue] = []
    private var replies: [VectorValue] = []
    private var sent: [UInt32: Int] = [:]

    static func begin(_ configuration: LinkConfiguration) throws(WireError) -> StreamPlay {
        StreamPlay(configuration, try cipher(), try cipher(), try cipher(), try cipher())
    }

    private static func cipher() throws(WireError) -> RecordCipher {
        try RecordCipher(.chaChaPoly, key: SecretBytes([UInt8](repeating: 7, count: 32)))
    }

    private init(
        _ configuration: LinkConfiguration, _ sealer: consuming RecordCipher, _ opener: consuming RecordCipher,
        _ send: consuming RecordCipher,
        _ receive: consuming RecordCipher
    ) {
        self.sealer = sealer
        self.opener = opener
        machine = LinkMachine(configuration, send: send, receive: receive, now: now)
    }

    /// Equal entries in a row stand once, with how many there were.
    var result: VectorValue {
        let bodies = sent.sorted { $0.key < $1.key }.map {
            VectorValue.object([.init("stream", .number($0.key)), .init("bytes", .int($0.value))])
        }
        return ["events": .array(Self.folded(events)), "replies": .array(Self.folded(replies)), "sent": .array(bodies)]
    }

    private static func folded(_ entries: [VectorValue]) -> [VectorValue] {
        var runs: [(value: VectorValue, count: Int)] = []
        for entry in entries {
            if let last = runs.last, last.value == entry { runs[runs.count - 1].count += 1 } else { runs.append((entry, 1)) }
        }
        return runs.map { $0.count > 1 ? $0.value.setting("times", .int($0.count)) : $0.value }
    }

    mutating func take(_ step: StreamStep) throws {
        switch step {
        case .receive(let frames, let times): for _ in 0..<times { try receive(frames) }
        case .wait(let milliseconds): now = now + .milliseconds(Int64(clamping: milliseconds))
        case .open(let head, let end):
            if let ref = try machine.open(head, deadline: nil, end: end, compress: false, now: now) {
                refs[ref.id] = ref
                events.append(["event": "open", "stream": .number(ref.id)])
            } else {
                events.append(["event": "no-stream"])
            }
        case .answer(let id, let head, let end): try machine.respond(try ref(id), head, end: end, compress: false)
        case .send(let id, let count, let end): try machine.send(try ref(id), [UInt8](repeating: 0, count: count), end: end)
        case .reset(let id, let code): try machine.reset(try ref(id), ErrorCode(rawValue: code), reason: "")
        case .stop(let id, let code): try machine.stop(try ref(id), ErrorCode(rawValue: code))
        case .goAway: try machine.drain()
        }
        try flush()
    }

    private func ref(_ id: UInt32) throws(VectorMismatch) -> StreamRef {
        guard let ref = refs[id] else { throw VectorMismatch("a step about stream \(id), which there is not") }
        return ref
    }

    private mutating func receive(_ plaintext: [UInt8]) throws {
        let record = try sealer.sealed(plaintext)
        var frames = [UInt8](repeating: 0, count: plaintext.count)
        var elements = frames.mutableSpan
        var place = elements.mutableBytes
        _ = try machine.open(record.span.bytes, into: &place, now: now)
        while let event = try machine.nextEvent(in: frames.span.bytes, now: now) { note(event, frames) }
    }

    /// Opens what the machine sends: replies that a peer can rely on, and how much of each body went out.
    private mutating func flush() throws {
        while machine.hasOutput {
            var out: [UInt8] = []
            _ = try machine.flush(now: now) { out += $0.array }
            guard !out.isEmpty else { return }
            while out.count >= 2 {
                let length = Int(out[0]) << 8 | Int(out[1])
                let record = Array(out.dropFirst(2).prefix(length))
                out.removeFirst(2 + length)
                for frame in try VectorFrame.all(in: try opener.opened(record)) { note(frame) }
            }
        }
    }

    private mutating func note(_ frame: VectorFrame) {
        switch FrameType(rawValue: frame.type) {
        case .data where !frame.payload.isEmpty: sent[frame.stream, default: 0] += frame.payload.count
        case .pong: replies.append(["frame": "pong", "payload": .hex(frame.payload)])
        case .reset:
            let code = Int(frame.payload[0]) << 8 | Int(frame.payload[1])
            replies.append(["frame": "reset", "stream": .number(frame.stream), "code": .int(code)])
        default: break
        }
    }

    private mutating func note(_ event: LinkEvent, _ frames: [UInt8]) {
        func body(_ ref: StreamRef, _ bytes: [UInt8], _ end: Bool) -> VectorValue {
            ["event": "data", "stream": .number(ref.id), "bytes": .hex(bytes), "end": .bool(end)]
        }
        switch event {
        case .opened(let ref, let end):
            refs[ref.id] = ref
            events.append(["event": "opened", "stream": .number(ref.id), "head": machine.head.vector, "end": .bool(end)])
        case .answered(let ref, let end):
            events.append(["event": "answered", "stream": .number(ref.id), "head": machine.head.vector, "end": .bool(end)])
        case .data(let ref, let range, let end): events.append(body(ref, Array(frames[range]), end))
        case .inflated(let ref, let bytes, let end): events.append(body(ref, bytes, end))
        case .reset(let ref, let code, let retryAfter, _):
            events.append(
                [
                    "event": "reset", "stream": .number(ref.id), "code": .number(code.rawValue), "retry_after": .number(retryAfter),
                ])
        case .stopped(let ref, let code): events.append(["event": "stopped", "stream": .number(ref.id), "code": .number(code.rawValue)])
        case .writable: break
        case .mayOpen: events.append(["event": "may-open"])
        case .pong(let number): events.append(["event": "pong", "number": .u64(number)])
        case .goAway(let last, let code, let reason):
            events.append(
                ["event": "goaway", "last": .number(last), "code": .number(code.rawValue), "reason": .string(reason)])
        }
    }
}
