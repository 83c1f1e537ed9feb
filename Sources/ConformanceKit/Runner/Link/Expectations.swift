import Wire

/// An answer that came whole.
struct RawAnswer: Sendable {
    var head: Head
    var body: [UInt8]
}

extension RawLink {
    // MARK: One frame

    /// The first frame that `matches`, among those that came already and those to come. Frames of other kinds are kept; a
    /// GOAWAY or the end of the connection that was not awaited is a mismatch.
    @discardableResult
    func expect(_ expected: String, within limit: Duration? = nil, _ matches: (RawFrame) -> Bool) async throws -> RawFrame {
        if let index = kept.firstIndex(where: matches) { return kept.remove(at: index) }
        let limit = limit ?? patience
        let deadline = ContinuousClock.now + limit
        while true {
            switch try await next(until: deadline) {
            case .frame(let frame) where matches(frame): return frame
            case .frame(let frame):
                if frame.type == FrameType.goAway.rawValue { throw Mismatch(expected: expected, seen: "\(frame)") }
                kept.append(frame)
            case .closed: throw Mismatch(expected: expected, seen: "the connection closed" + keptText)
            case .silence: throw Mismatch(expected: expected, seen: "nothing of it within \(limit.text)" + keptText)
            case .wrong(let what): throw Mismatch(expected: expected, seen: what)
            }
        }
    }

    private var keptText: String { kept.isEmpty ? "" : "; before that " + kept.suffix(3).map(\.description).joined(separator: ", ") }

    /// The target is there and reads what was sent: it answers a PING with the same bytes. Everything sent before has been
    /// read by then.
    func expectAlive(_ why: String = "the link goes on", within limit: Duration? = nil) async throws {
        let number = UInt64.random(in: 1 ... .max)
        try send(.ping(number))
        try await expect("\(why): a PONG", within: limit) {
            $0.type == FrameType.pong.rawValue && $0.payload == bigEndian(number)
        }
    }

    // MARK: Ends of the link

    /// The target ends the link: a GOAWAY with one of `codes` (any code but none, where there are none), then it closes.
    func expectGoAway(_ codes: ErrorCode...) async throws {
        let wanted = codes.isEmpty ? "an error" : codes.map(\.name).joined(separator: " or ")
        let frame = try await expect("GOAWAY (\(wanted))") { $0.type == FrameType.goAway.rawValue }
        let isRight = codes.isEmpty ? frame.code?.base != ErrorCode.none : codes.contains { $0.base == frame.code?.base }
        guard isRight else { throw Mismatch(expected: "GOAWAY (\(wanted))", seen: "\(frame)") }
        try await expectClosed("the connection closed after GOAWAY")
    }

    /// The target closes, whatever it says before.
    func expectClosed(_ expected: String = "the connection closed", within limit: Duration? = nil) async throws {
        let limit = limit ?? patience
        let deadline = ContinuousClock.now + limit
        while true {
            switch try await next(until: deadline) {
            case .closed: return
            case .frame: continue
            case .silence: throw Mismatch(expected: expected, seen: "it was still open after \(limit.text)")
            case .wrong(let what): throw Mismatch(expected: expected, seen: what)
            }
        }
    }

    /// The target closes without another frame: what it read was not authentic.
    func expectSilentClose() async throws {
        let expected = "the connection closed, without a word"
        switch try await next(until: .now + patience) {
        case .closed: return
        case .frame(let frame): throw Mismatch(expected: expected, seen: "\(frame)")
        case .silence: throw Mismatch(expected: expected, seen: "it was still open after \(patience.text)")
        case .wrong(let what): throw Mismatch(expected: expected, seen: what)
        }
    }

    /// The target ends the link, with GOAWAY or without.
    func expectEnd() async throws {
        let deadline = ContinuousClock.now + patience
        while true {
            switch try await next(until: deadline) {
            case .closed: return
            case .frame(let frame) where frame.type == FrameType.goAway.rawValue && frame.code?.base == ErrorCode.none:
                throw Mismatch(expected: "the link ended by an error", seen: "\(frame)")
            case .frame(let frame) where frame.type == FrameType.pong.rawValue:
                throw Mismatch(expected: "the link ended", seen: "it goes on")
            case .frame: continue
            case .silence: throw Mismatch(expected: "the link ended", seen: "it was still open after \(patience.text)")
            case .wrong(let what): throw Mismatch(expected: "the link ended", seen: what)
            }
        }
    }

    /// Whether a flood is stopped, with GOAWAY, or borne: a target may do either. It does not hang, and says the right code.
    func floodEnds() async throws -> Bool {
        let number = UInt64.random(in: 1 ... .max)
        try send(.ping(number))
        let expected = "a PONG, or GOAWAY (flood)"
        let deadline = ContinuousClock.now + patience * 3
        while true {
            switch try await next(until: deadline) {
            case .frame(let frame) where frame.type == FrameType.goAway.rawValue:
                guard frame.code?.base == .flood else { throw Mismatch(expected: expected, seen: "\(frame)") }
                try await expectClosed("the connection closed after GOAWAY")
                return true
            case .frame(let frame) where frame.type == FrameType.pong.rawValue && frame.payload == bigEndian(number): return false
            case .frame: continue
            // A target that closes while this side still writes may lose its GOAWAY to a reset of TCP.
            case .closed: return true
            case .silence: throw Mismatch(expected: expected, seen: "neither within \((patience * 3).text)")
            case .wrong(let what): throw Mismatch(expected: expected, seen: what)
            }
        }
    }

    // MARK: Streams

    /// The target resets a stream with one of `codes`; any, where there are none. Returns the frame.
    @discardableResult
    func expectReset(_ stream: UInt32, _ codes: ErrorCode..., within limit: Duration? = nil) async throws -> RawFrame {
        let wanted = codes.isEmpty ? "" : " (\(codes.map(\.name).joined(separator: " or ")))"
        let expected = "RESET of stream \(stream)\(wanted)"
        let frame = try await expect(expected, within: limit) {
            $0.stream == stream && ($0.type == FrameType.reset.rawValue || $0.type == FrameType.head.rawValue)
        }
        guard frame.type == FrameType.reset.rawValue, frame.payload.count >= 6,
            codes.isEmpty || codes.contains(where: { $0.base == frame.code?.base })
        else { throw Mismatch(expected: expected, seen: "\(frame)") }
        return frame
    }

    /// The target refuses a stream with one of `codes` and says that nothing was done.
    func expectRefused(_ stream: UInt32, _ codes: ErrorCode...) async throws {
        let frame = try await expectReset(stream)
        guard let code = frame.code, codes.isEmpty || codes.contains(where: { $0.base == code.base }) else {
            throw Mismatch(expected: "RESET of stream \(stream) (\(codes.map(\.name).joined(separator: " or ")))", seen: "\(frame)")
        }
        guard code.isNotProcessed else {
            throw Mismatch(expected: "RESET of stream \(stream) with the NOT_PROCESSED bit", seen: "\(frame) without it")
        }
    }

    /// The head of the target's answer.
    func expectHead(_ stream: UInt32, within limit: Duration? = nil) async throws -> (head: Head, isEnd: Bool) {
        let frame = try await expect("an answer on stream \(stream)", within: limit) {
            $0.stream == stream && ($0.type == FrameType.reset.rawValue || $0.type == FrameType.head.rawValue)
        }
        guard frame.type == FrameType.head.rawValue else { throw Mismatch(expected: "an answer on stream \(stream)", seen: "\(frame)") }
        do { return (try frame.payload.decode(Head.init(decoding:)), frame.isEnd) } catch {
            throw Mismatch(expected: "a canonical HEAD on stream \(stream)", seen: "\(error)")
        }
    }

    /// The next piece of a body on `stream`.
    func expectData(_ stream: UInt32, within limit: Duration? = nil) async throws -> (bytes: [UInt8], isEnd: Bool) {
        let expected = "DATA of stream \(stream)"
        let frame = try await expect(expected, within: limit) {
            $0.stream == stream && ($0.type == FrameType.reset.rawValue || $0.type == FrameType.data.rawValue)
        }
        guard frame.type == FrameType.data.rawValue else { throw Mismatch(expected: expected, seen: "\(frame)") }
        return (try raw(frame), frame.isEnd)
    }

    /// A whole answer: head, body, end.
    func expectAnswer(_ stream: UInt32, status: UInt16? = 200, within limit: Duration? = nil) async throws -> RawAnswer {
        var (head, isEnd) = try await expectHead(stream, within: limit)
        if let status, head.status != status {
            throw Mismatch(expected: "status \(status) on stream \(stream)", seen: "status \(head.status)")
        }
        var body: [UInt8] = []
        while !isEnd {
            let piece = try await expectData(stream, within: limit)
            body += piece.bytes
            isEnd = piece.isEnd
        }
        return RawAnswer(head: head, body: body)
    }

    /// The bytes of DATA, as they are or out of their block.
    private func raw(_ frame: RawFrame) throws -> [UInt8] {
        guard frame.flags & RawFrame.lz4 != 0 else { return frame.payload }
        var bytes: [UInt8] = []
        do {
            let size = Int(frame.integer(UInt16.self) ?? 0)
            try Array(frame.payload.dropFirst(2)).decode { block throws(WireError) in
                try LZ4.decompress(block, rawSize: size, into: &bytes)
            }
        } catch { throw Mismatch(expected: "a block that decodes to its raw size", seen: "one that does not") }
        return bytes
    }

    /// No frame of `stream` comes for a while; everything that was on its way is here by the PONG. DATA may, up to `count` bytes in all.
    func expectNothing(on stream: UInt32, for time: Duration = .milliseconds(150), but count: UInt64 = 0) async throws {
        try await expectAlive()
        let deadline = ContinuousClock.now + time
        let expected = "nothing" + (count > 0 ? " but \(count) bytes" : "") + " on stream \(stream)"
        while true {
            while let index = kept.firstIndex(where: { $0.stream == stream }) {
                let frame = kept.remove(at: index)
                guard frame.type == FrameType.data.rawValue, count > 0, receivedOn[stream] ?? 0 <= count else {
                    throw Mismatch(expected: expected, seen: "\(frame)")
                }
            }
            switch try await next(until: deadline) {
            case .silence: return
            case .frame(let frame): kept.append(frame)
            case .closed: throw Mismatch(expected: expected, seen: "the connection closed")
            case .wrong(let what): throw Mismatch(expected: expected, seen: what)
            }
        }
    }
}
