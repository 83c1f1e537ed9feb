import Wire

/// What came over a link until a deadline.
enum Observation: Sendable {
    case frame(RawFrame)
    /// The connection has ended.
    case closed
    case silence
    /// Something that must not be: a record that does not open, a frame that is cut, more bytes than the credit allows.
    case wrong(String)
}

/// A link that can misbehave: frames and records go out as a case makes them, and come in one by one. Used by one case.
///
/// It answers the target's PING, takes note of the credit that the target grants and gives back what the target sends, all of
/// which a case can switch off.
final class RawLink {
    let connection: any Carrier
    let isInitiator: Bool
    /// What this side granted, and what the target did.
    let own: LinkParameters
    let peer: LinkParameters
    /// The target's, where it has shown one.
    let certificate: Certificate?
    let handshakeHash: Bytes32
    let patience: Duration
    private var inbox: RawInbox
    private var sealer: RecordCipher
    private var opener: RecordCipher
    /// Records of the target's that were opened.
    private(set) var opened = 0
    private var arrived: [RawFrame] = []
    /// Records that came behind the deadline `late.deadline`.
    private var late = (deadline: ContinuousClock.now, records: 0)
    /// Frames that came while another one was awaited.
    var kept: [RawFrame] = []

    var answersPings = true
    var answersCalls = true
    var givesCredit = true
    /// Whether `next` returns WINDOW and MAX_STREAMS as well.
    var seesCredit = false
    /// Streams that this side opened last.
    private(set) var lastStream: UInt32
    /// Streams on which the target has sent its HEAD, and those on which it may send no more.
    private var headed: Set<UInt32> = []
    private var ended: Set<UInt32> = []
    /// The highest stream that the target has opened.
    private(set) var lastStreamOfTarget: UInt32 = 0
    /// Streams on which the target has sent compressed DATA.
    private(set) var compressed: Set<UInt32> = []

    /// What the target grants: in all, per stream, and how many streams.
    private(set) var linkCredit: UInt64
    private(set) var streamCredit: [UInt32: UInt64] = [:]
    private(set) var streamLimit: UInt32
    /// DATA that came from the target, uncompressed, and what it may send.
    private(set) var received: UInt64 = 0
    private(set) var receivedOn: [UInt32: UInt64] = [:]
    private var granted: UInt64
    private var grantedOn: [UInt32: UInt64] = [:]
    /// DATA that was sent, uncompressed.
    var sent: UInt64 = 0

    init(
        _ connection: any Carrier, _ inbox: RawInbox, ciphers: consuming TransportCiphers, isInitiator: Bool, own: LinkParameters,
        peer: LinkParameters, certificate: Certificate?, handshakeHash: Bytes32, patience: Duration
    ) {
        self.connection = connection
        self.inbox = inbox
        self.isInitiator = isInitiator
        self.own = own
        self.peer = peer
        self.certificate = certificate
        self.handshakeHash = handshakeHash
        self.patience = patience
        sealer = RecordCipher(ciphers.send)
        opener = RecordCipher(ciphers.receive)
        lastStream = isInitiator ? UInt32.max : 0
        linkCredit = peer.linkWindow
        streamLimit = peer.maxStreams
        granted = own.linkWindow
    }

    deinit { connection.close() }

    // MARK: Sending

    /// The id of the next stream of this side.
    func newStream(gap: UInt32 = 0) -> UInt32 {
        lastStream &+= 2 + gap
        return lastStream
    }

    /// Whether the target has allowed one more stream of this side.
    var mayOpen: Bool { (isInitiator ? (lastStream &+ 1) / 2 : lastStream / 2) < streamLimit }

    /// A record with this plaintext: length, ciphertext, tag.
    func seal(_ plaintext: [UInt8]) throws -> [UInt8] {
        var text = plaintext + [UInt8](repeating: 0, count: Limits.tag)
        var elements = text.mutableSpan
        var span = elements.mutableBytes
        try sealer.seal(&span)
        return be16(text.count) + text
    }

    /// A record sealed with the key of the other direction.
    func sealBackwards(_ plaintext: [UInt8]) throws -> [UInt8] {
        var text = plaintext + [UInt8](repeating: 0, count: Limits.tag)
        var elements = text.mutableSpan
        var span = elements.mutableBytes
        try opener.seal(&span)
        return be16(text.count) + text
    }

    /// Sends frames in one record.
    func send(_ frames: RawFrame...) throws { try send(frames) }

    /// Sends frames in as few records as hold them.
    func send(_ frames: [RawFrame]) throws {
        var bytes: [UInt8] = []
        var plaintext: [UInt8] = []
        for frame in frames {
            let encoded = frame.encoded
            if plaintext.count + encoded.count > Limits.recordPlaintext {
                bytes += try seal(plaintext)
                plaintext = []
            }
            plaintext += encoded
        }
        if !plaintext.isEmpty { bytes += try seal(plaintext) }
        connection.send(bytes)
    }

    // MARK: Receiving

    /// The next frame that a case may want to see, or what else happened until `deadline`.
    func next(until deadline: ContinuousClock.Instant) async throws -> Observation {
        while true {
            while !arrived.isEmpty {
                let frame = arrived.removeFirst()
                if let wrong = try takeNote(of: frame) { return .wrong(wrong) }
                if !isBackground(frame) { return .frame(frame) }
            }
            guard let record = await inbox.framed(until: deadline) else {
                guard inbox.isClosed else { return .silence }
                return inbox.bytes.isEmpty ? .closed : .wrong("the connection ended within a record")
            }
            guard !isEndless(deadline) else { return .wrong("records without an end") }
            if let wrong = openRecord(record) { return .wrong(wrong) }
        }
    }

    /// Whether a target goes on and on. What came in time is read behind the deadline too, because this side may be slow; not for ever.
    private func isEndless(_ deadline: ContinuousClock.Instant) -> Bool {
        if late.deadline != deadline { late = (deadline, 0) }
        if ContinuousClock.now > deadline { late.records += 1 }
        return late.records > Self.lateRecords
    }

    private static let lateRecords = 1_000

    private func openRecord(_ record: [UInt8]) -> String? {
        guard record.count > Limits.tag else { return "a record of \(record.count) bytes" }
        var text = record
        do {
            var elements = text.mutableSpan
            var span = elements.mutableBytes
            try opener.open(&span)
        } catch {
            return "a record that does not open"
        }
        opened += 1
        text.removeLast(Limits.tag)
        var offset = 0
        while offset < text.count {
            guard let header = try? text.decode({ bytes throws(WireError) in try FrameHeader(in: bytes, at: offset) }) else {
                return "a record that ends within a frame"
            }
            let start = offset + Limits.frameHeader
            offset = start + Int(header.length)
            arrived.append(
                RawFrame(header.type, flags: header.flags.rawValue, stream: header.stream, Array(text[start..<offset])))
        }
        return nil
    }

    /// Books credit and answers what wants an answer. Returns what is wrong with the frame.
    private func takeNote(of frame: RawFrame) throws -> String? {
        if let wrong = order(of: frame) { return wrong }
        switch FrameType(rawValue: frame.type) {
        case .ping:
            guard frame.payload.count == 8 else { return "a PING of \(frame.payload.count) bytes" }
            if answersPings { try send(RawFrame(.pong, stream: 0, frame.payload)) }
        case .window:
            guard let limit = frame.integer(UInt64.self), frame.payload.count == 8 else { return "a WINDOW without a limit" }
            if frame.stream == 0 {
                guard limit >= linkCredit else { return "a WINDOW that takes credit of the link back" }
                linkCredit = limit
            } else {
                guard limit >= credit(of: frame.stream) else { return "a WINDOW that takes credit of a stream back" }
                streamCredit[frame.stream] = limit
            }
        case .maxStreams:
            guard let limit = frame.integer(UInt32.self), frame.payload.count == 4 else { return "a MAX_STREAMS without a number" }
            streamLimit = max(streamLimit, limit)
        case .data: return try takeNote(ofData: frame)
        case .head where isTargets(frame.stream):
            lastStreamOfTarget = max(lastStreamOfTarget, frame.stream)
            if answersCalls { try answer(frame) }
        default: break
        }
        return nil
    }

    /// What is wrong with a frame where it stands: HEAD once, DATA behind it, nothing behind END or RESET.
    private func order(of frame: RawFrame) -> String? {
        guard let type = FrameType(rawValue: frame.type) else {
            return frame.type & 1 == 0 ? "a frame of the unassigned even type \(hex(frame.type))" : nil
        }
        guard frame.flags & ~FrameFlags.defined(for: type).rawValue == 0 else { return "\(frame) with a flag that it does not define" }
        guard type == .head || type == .data || type == .reset else { return nil }
        if ended.contains(frame.stream), type != .reset { return "\(frame) behind the stream's end" }
        if type == .head, !headed.insert(frame.stream).inserted { return "a second HEAD of stream \(frame.stream)" }
        if type == .data, !headed.contains(frame.stream) { return "\(frame) before its HEAD" }
        if frame.isEnd || type == .reset { ended.insert(frame.stream) }
        return nil
    }

    private func takeNote(ofData frame: RawFrame) throws -> String? {
        let isCompressed = frame.flags & RawFrame.lz4 != 0
        guard frame.payload.count <= Limits.data else { return "DATA of \(frame.payload.count) bytes" }
        if isCompressed { compressed.insert(frame.stream) }
        let count = UInt64(isCompressed ? Int(frame.integer(UInt16.self) ?? 0) : frame.payload.count)
        received += count
        receivedOn[frame.stream, default: 0] += count
        let limit = grantedOn[frame.stream] ?? own.streamWindow
        guard received <= granted else { return "\(received) bytes of DATA where the link's credit is \(granted)" }
        guard receivedOn[frame.stream, default: 0] <= limit else {
            return "\(receivedOn[frame.stream, default: 0]) bytes of DATA where the credit of stream \(frame.stream) is \(limit)"
        }
        guard givesCredit, count > 0 else { return nil }
        if granted - received <= own.linkWindow / 2 { try grantLink(received + own.linkWindow) }
        if limit - receivedOn[frame.stream, default: 0] <= own.streamWindow / 2, !frame.isEnd {
            try grant(frame.stream, receivedOn[frame.stream, default: 0] + own.streamWindow)
        }
        return nil
    }

    /// A call that the target makes of its own accord is answered with nothing but a status.
    private func answer(_ frame: RawFrame) throws {
        guard (try? frame.payload.decode(Head.init(decoding:)))?.method.isEmpty == false else { return }
        var head = Head()
        head.status = 200
        try send(.head(frame.stream, head, end: true))
    }

    private func isBackground(_ frame: RawFrame) -> Bool {
        switch FrameType(rawValue: frame.type) {
        case .ping: answersPings
        case .window, .maxStreams: !seesCredit
        case .padding: true
        case .head, .data: isTargets(frame.stream) && answersCalls
        case nil: frame.type & 1 == 1
        default: false
        }
    }

    private func isTargets(_ stream: UInt32) -> Bool { (stream & 1 == 1) != isInitiator }

    // MARK: Credit

    /// Sends `count` bytes of a body (`Body`) as the target grants credit for them. Frames that come meanwhile are kept.
    func sendBody(_ stream: UInt32, count: Int, end: Bool) async throws {
        seesCredit = true
        defer { seesCredit = false }
        var done = 0
        while done < count {
            let onStream = Int(clamping: credit(of: stream) - min(credit(of: stream), UInt64(done)))
            let onLink = Int(clamping: linkCredit - min(linkCredit, sent))
            let size = min(count - done, onStream, onLink, Limits.data)
            if size > 0 {
                let piece = Body.piece(at: done, size)
                done += size
                sent += UInt64(size)
                try send(.data(stream, piece, end: end && done == count))
                continue
            }
            switch try await next(until: .now + patience) {
            case .frame(let frame):
                if frame.type != FrameType.window.rawValue { kept.append(frame) }
                if frame.type == FrameType.reset.rawValue, frame.stream == stream {
                    throw Mismatch(expected: "credit for stream \(stream)", seen: "\(frame)")
                }
            case .silence:
                throw Mismatch(expected: "credit for \(count) bytes, in time", seen: "none behind \(done) bytes within \(patience.text)")
            case .closed: throw Mismatch(expected: "credit for \(count) bytes", seen: "the connection closed behind \(done)")
            case .wrong(let what): throw Mismatch(expected: "credit for \(count) bytes", seen: what)
            }
        }
        if count == 0, end { try send(.data(stream, [], end: true)) }
    }

    /// What the target lets this side send on a stream in all.
    func credit(of stream: UInt32) -> UInt64 { streamCredit[stream] ?? peer.streamWindow }

    /// Lets the target send so many bytes on a stream in all; `frames` stand behind that in the same record.
    func grant(_ stream: UInt32, _ limit: UInt64, and frames: RawFrame...) throws {
        grantedOn[stream] = limit
        try send([.window(stream, limit)] + frames)
    }

    /// Lets the target send so many bytes on the link in all.
    func grantLink(_ limit: UInt64) throws {
        granted = limit
        try send(.window(0, limit))
    }
}

/// What large bodies are made of: a row of bytes that does not repeat with any size of frame.
enum Body {
    private static let period = 251
    private static let row = (0..<Limits.data + period).map { UInt8(truncatingIfNeeded: $0 % period) }

    /// `count` bytes from `offset` on, at most one frame of them.
    static func piece(at offset: Int, _ count: Int) -> [UInt8] {
        let start = offset % period
        return Array(row[start..<start + count])
    }

    /// Whether `bytes` is a whole body of `count` bytes.
    static func isWhole(_ bytes: [UInt8], _ count: Int) -> Bool {
        bytes.count == count
            && stride(from: 0, to: count, by: Limits.data).allSatisfy { start in
                let size = min(Limits.data, count - start)
                return bytes[start..<start + size].elementsEqual(piece(at: start, size))
            }
    }
}
