import Wire

/// One end of a circuit: a stream of a link, which carries another link. Used by one case, which reads one link at a time.
///
/// It obeys no credit when it sends: a stream's first window holds what handshakes and small calls say.
final class CircuitEnd: Carrier {
    let outer: RawLink
    let stream: UInt32
    /// What came and was not read.
    private var waiting: [UInt8]
    private var isOver = false
    private var hasFinished = false
    /// The RESET that has ended it.
    private(set) var reset: RawFrame?

    /// - Parameter behind: bytes of the inner link that came together with the request.
    init(_ outer: RawLink, _ stream: UInt32, behind: [UInt8] = [], isOver: Bool = false) {
        self.outer = outer
        self.stream = stream
        waiting = behind
        self.isOver = isOver
    }

    func send(_ bytes: [UInt8]) {
        guard !hasFinished, reset == nil else { return }
        for start in stride(from: 0, to: bytes.count, by: Limits.data) {
            let piece = Array(bytes[start..<min(start + Limits.data, bytes.count)])
            outer.sent += UInt64(piece.count)
            try? outer.send(.data(stream, piece))
        }
    }

    func finish() {
        guard !hasFinished, reset == nil else { return }
        hasFinished = true
        try? outer.send(.data(stream, [], end: true))
    }

    func close() { finish() }

    func read(until deadline: ContinuousClock.Instant) async -> Connection.Arrival {
        while true {
            if !waiting.isEmpty {
                defer { waiting = [] }
                return .bytes(waiting)
            }
            if isOver { return .closed }
            if let index = outer.kept.firstIndex(where: { $0.stream == stream }) {
                take(outer.kept.remove(at: index))
                continue
            }
            switch try? await outer.next(until: deadline) {
            case .frame(let frame): outer.kept.append(frame)
            case .silence: return .nothing
            // What is wrong with the outer link ends the inner one, as the loss of a connection does.
            case .closed, .wrong, nil: isOver = true
            }
        }
    }

    private func take(_ frame: RawFrame) {
        switch FrameType(rawValue: frame.type) {
        case .data:
            waiting += frame.payload
            isOver = isOver || frame.isEnd
        case .head: isOver = isOver || frame.isEnd
        case .reset:
            reset = frame
            isOver = true
        default: break
        }
    }

    // MARK: What is expected

    /// Exactly these bytes come next.
    func expect(_ bytes: [UInt8]) async throws {
        let expected = "\(bytes.count) bytes of the circuit"
        var seen: [UInt8] = []
        let deadline = ContinuousClock.now + outer.patience
        while seen.count < bytes.count {
            switch await read(until: deadline) {
            case .bytes(let more): seen += more
            case .closed: throw Mismatch(expected: expected, seen: "\(ending) behind \(seen.count)")
            case .nothing: throw Mismatch(expected: expected, seen: "\(seen.count) within \(outer.patience.text)")
            }
        }
        guard seen == bytes else { throw Mismatch(expected: expected, seen: seen.count > bytes.count ? "more" : "others") }
    }

    /// The other direction ends in order, and no byte more comes.
    func expectEnd() async throws {
        switch await read(until: .now + outer.patience) {
        case .closed where reset == nil: return
        case .closed: throw Mismatch(expected: "END on the circuit", seen: ending)
        case .bytes(let bytes): throw Mismatch(expected: "END on the circuit", seen: "\(bytes.count) bytes")
        case .nothing: throw Mismatch(expected: "END on the circuit", seen: "nothing within \(outer.patience.text)")
        }
    }

    /// The circuit is reset; bytes may come before. Returns the frame.
    @discardableResult
    func expectReset(_ codes: ErrorCode...) async throws -> RawFrame {
        let wanted = codes.isEmpty ? "" : " (\(codes.map(\.name).joined(separator: " or ")))"
        let expected = "RESET of the circuit" + wanted
        let deadline = ContinuousClock.now + outer.patience
        while true {
            switch await read(until: deadline) {
            case .bytes: continue
            case .nothing: throw Mismatch(expected: expected, seen: "none within \(outer.patience.text)")
            case .closed: break
            }
            guard let reset, codes.isEmpty || codes.contains(where: { $0.base == reset.code?.base }) else {
                throw Mismatch(expected: expected, seen: ending)
            }
            return reset
        }
    }

    private var ending: String { reset.map { "\($0)" } ?? "its end" }

    // MARK: Requests

    /// What a circuit begins with: `u32 length || CircuitRequest`.
    static func request(_ node: NodeID) throws -> [UInt8] { framed(try CircuitRequest(node: node).encode()) }

    /// A message behind its length.
    static func framed(_ message: [UInt8]) -> [UInt8] { bigEndian(UInt32(clamping: message.count)) + message }
}

extension RawLink {
    /// Asks for a circuit: of a relay with `mesh.relay`, of a node as its relay with `mesh.circuit`. `behind` follows the request at once.
    func circuit(_ method: String, _ node: NodeID, behind: [UInt8] = []) throws -> CircuitEnd {
        try circuit(method, saying: try CircuitEnd.request(node) + behind)
    }

    /// The same with any bytes in the place of the request.
    func circuit(_ method: String, saying bytes: [UInt8], end: Bool = false) throws -> CircuitEnd {
        let stream = newStream()
        sent += UInt64(bytes.count)
        try send(try .head(stream, Scene.method(method)), .data(stream, bytes, end: end))
        return CircuitEnd(self, stream)
    }

    /// The circuit that the target brings, and the node that it names. It has not been answered.
    func expectCircuit() async throws -> (end: CircuitEnd, caller: NodeID) {
        var call = try await expectCallHead("a call of mesh.circuit")
        while call.head.method != MeshMethod.circuit {
            try answer(call.stream, [])
            call = try await expectCallHead("a call of mesh.circuit")
        }
        var bytes: [UInt8] = []
        var isEnd = call.isEnd
        while true {
            var reader = MessageReader()
            reader.append(bytes)
            do {
                if let message = try reader.next() {
                    let behind = Array(bytes.dropFirst(4 + message.count))
                    return (CircuitEnd(self, call.stream, behind: behind, isOver: isEnd), try CircuitRequest(message).node)
                }
            } catch { throw Mismatch(expected: "a CircuitRequest", seen: "\(error)") }
            guard !isEnd else { throw Mismatch(expected: "a CircuitRequest", seen: "the end behind \(bytes.count) bytes") }
            let piece = try await expectData(call.stream)
            bytes += piece.bytes
            isEnd = piece.isEnd
        }
    }

    /// Takes a circuit that the target brings: an answer with status 200 begins.
    func accept(_ end: CircuitEnd) throws {
        var head = Head()
        head.status = 200
        try send(try .head(end.stream, head))
    }
}
