import Wire

/// Writes the input of a vector of kind stream, step by step.
struct StreamScript {
    private var steps: [VectorValue] = []
    private var isInitiator = false
    private var own = LinkParameters(bootEpoch: 1, features: [])
    private var peer = LinkParameters(bootEpoch: 2, features: [])

    /// A responder whose peer opens odd streams, unless said otherwise.
    init(initiator: Bool = false, own: LinkParameters? = nil, peer: LinkParameters? = nil) {
        isInitiator = initiator
        self.own = own ?? self.own
        self.peer = peer ?? self.peer
    }

    var input: VectorValue {
        ["role": isInitiator ? "initiator" : "responder", "own": own.vector, "peer": peer.vector, "steps": .array(steps)]
    }

    private func adding(_ step: VectorValue) -> StreamScript {
        var copy = self
        copy.steps.append(step)
        return copy
    }

    func receive(_ frames: VectorFrame..., times: Int = 1) -> StreamScript { receive(bytes: frames.flatMap(\.encoded), times: times) }

    func receive(bytes: [UInt8], times: Int = 1) -> StreamScript {
        let step: VectorValue = ["step": "receive", "frames": .hex(bytes)]
        return adding(times > 1 ? step.setting("times", .int(times)) : step)
    }

    func wait(_ milliseconds: Int) -> StreamScript { adding(["step": "wait", "milliseconds": .int(milliseconds)]) }
    func open(end: Bool = false) -> StreamScript { adding(["step": "open", "head": .hex(Self.request), "end": .bool(end)]) }

    func answer(_ stream: Int, end: Bool = false) -> StreamScript {
        adding(["step": "answer", "stream": .int(stream), "head": .hex(Self.ok), "end": .bool(end)])
    }

    func send(_ stream: Int, _ count: Int, end: Bool = false) -> StreamScript {
        adding(["step": "send", "stream": .int(stream), "count": .int(count), "end": .bool(end)])
    }

    func reset(_ stream: Int, _ code: Int = 0x10) -> StreamScript {
        adding(["step": "reset", "stream": .int(stream), "code": .int(code)])
    }

    func stop(_ stream: Int, _ code: Int = 0) -> StreamScript { adding(["step": "stop", "stream": .int(stream), "code": .int(code)]) }
    func goAway() -> StreamScript { adding(["step": "goaway"]) }

    /// HEAD of a request for "echo", and of an answer.
    static let request = TLVBytes.text(4, "echo")
    static let ok = TLVBytes.integer(12, UInt16(200))
}

extension VectorFrame {
    init(_ type: FrameType, _ flags: FrameFlags = [], _ stream: UInt32 = 0, _ payload: [UInt8]) {
        self.init(type: type.rawValue, flags: flags.rawValue, stream: stream, payload: payload)
    }

    static func head(_ stream: UInt32, end: Bool = false, answer: Bool = false) -> VectorFrame {
        VectorFrame(.head, end ? .end : [], stream, answer ? StreamScript.ok : StreamScript.request)
    }

    static func data(_ stream: UInt32, _ count: Int, end: Bool = false) -> VectorFrame {
        VectorFrame(.data, end ? .end : [], stream, (0..<count).map { UInt8(truncatingIfNeeded: $0) })
    }

    static func lz4(_ stream: UInt32, rawSize: Int, _ block: [UInt8], end: Bool = false) -> VectorFrame {
        VectorFrame(
            .data, end ? [.lz4, .end] : .lz4, stream, [UInt8(truncatingIfNeeded: rawSize >> 8), UInt8(truncatingIfNeeded: rawSize)] + block)
    }

    static func window(_ stream: UInt32, _ credit: UInt64) -> VectorFrame { VectorFrame(.window, [], stream, bytes(credit)) }
    static func maxStreams(_ count: UInt32) -> VectorFrame { VectorFrame(.maxStreams, [], 0, bytes(count)) }
    static func stop(_ stream: UInt32, _ code: UInt16 = 0) -> VectorFrame { VectorFrame(.stop, [], stream, bytes(code)) }

    static func reset(_ stream: UInt32, _ code: UInt16 = 0x10, retryAfter: UInt32 = 0, reason: [UInt8] = []) -> VectorFrame {
        VectorFrame(.reset, [], stream, bytes(code) + bytes(retryAfter) + reason)
    }

    static func ping(_ number: UInt64) -> VectorFrame { VectorFrame(.ping, [], 0, bytes(number)) }
    static func pong(_ number: UInt64) -> VectorFrame { VectorFrame(.pong, [], 0, bytes(number)) }

    static func goAway(_ last: UInt32, _ code: UInt16 = 0, reason: [UInt8] = []) -> VectorFrame {
        VectorFrame(.goAway, [], 0, bytes(last) + bytes(code) + reason)
    }

    static func bytes(_ value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
        var out: [UInt8] = []
        out.appendInteger(value)
        return out
    }
}
