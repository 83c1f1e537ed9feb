import Wire

/// What a relay holds, and how much of it a member may have.
enum RelayCreditCases {
    static let all: [ConformanceCase] = [
        RelayCases.one(
            "holds-little-up", "holds at most 262,144 bytes for a far end that takes nothing, and loses none", ["RELAY-4.1", "RELAY-2.6"]
        ) { scene in
            let request = try CircuitEnd.request(NodeID()).count
            let members = try await Members.link(scene, far: { $0.streamWindow = UInt64(request) })
            members.far.givesCredit = false
            let (near, far) = try await members.circuit()
            try await hold(from: near, behind: request, to: far, granted: request)
        },
        RelayCases.one(
            "holds-little-down", "holds at most 262,144 bytes for a node that asked and takes nothing, and loses none",
            ["RELAY-4.1", "RELAY-2.6"]
        ) { scene in
            let members = try await Members.link(scene, near: { $0.streamWindow = 0 })
            members.near.givesCredit = false
            let (near, far) = try await members.circuit()
            try await hold(from: far, behind: 0, to: near, granted: 0)
        },
        RelayCases.two("stalled-others-go-on", "passes other circuits on while one is stalled", ["RELAY-2.6"]) { members in
            let (stalled, healthy) = (try await members.circuit(), try await members.circuit())
            members.far.givesCredit = false
            _ = try await fill(stalled.near, behind: try CircuitEnd.request(members.farID).count, from: 0)
            healthy.near.send([1, 2, 3])
            try await healthy.far.expect([1, 2, 3])
        },
        RelayCases.two(
            "quota", "refuses circuits beyond what a member may have with overloaded and a retry-after; another member has its own",
            ["RELAY-4.2"], quota),
    ]

    /// The most that a relay holds of one direction.
    private static let most = 262_144

    /// `source` sends as the target grants credit, while `sink` takes nothing, then some, then everything.
    /// - Parameters:
    ///   - request: bytes that `source` has sent on its stream before.
    ///   - granted: bytes that `sink` has taken.
    private static func hold(from source: CircuitEnd, behind request: Int, to sink: CircuitEnd, granted: Int) async throws {
        let first = try await fill(source, behind: request, from: 0)
        guard first <= most else {
            throw Mismatch(expected: "credit for at most \(most) bytes that nobody has taken", seen: "for \(first)")
        }
        guard first > 0 else { throw Mismatch(expected: "credit for a first byte", seen: "none") }
        let some = first / 2
        try sink.outer.grant(sink.stream, UInt64(granted + some))
        var seen = try await sink.take(some)
        let second = try await fill(source, behind: request, from: first)
        guard second - some <= most else {
            throw Mismatch(expected: "credit for at most \(most) bytes that nobody has taken", seen: "for \(second - some)")
        }
        try sink.outer.grant(sink.stream, 1 << 30)
        seen += try await sink.take(second - some)
        let third = try await fill(source, behind: request, from: second)
        guard third > second else { throw Mismatch(expected: "credit again when all bytes were passed on", seen: "none") }
        source.finish()
        seen += try await sink.take(third - second)
        try await sink.expectEnd()
        guard Body.isWhole(seen, third) else { throw Mismatch(expected: "the \(third) bytes that were sent", seen: "others") }
    }

    /// Sends what the target gives credit for, until it gives none for a while or far too much. Returns how many bytes that is in all.
    private static func fill(_ end: CircuitEnd, behind request: Int, from start: Int) async throws -> Int {
        let link = end.outer
        link.seesCredit = true
        defer { link.seesCredit = false }
        var done = start
        while done - start < 4 * most {
            let onStream = Int(clamping: link.credit(of: end.stream)) - request - done
            let size = min(onStream, Int(clamping: link.linkCredit) - Int(clamping: link.sent), Limits.data)
            if size > 0 {
                end.send(Body.piece(at: done, size))
                done += size
                continue
            }
            switch try await link.next(until: .now + .milliseconds(400)) {
            case .frame(let frame):
                if frame.type == FrameType.reset.rawValue, frame.stream == end.stream {
                    throw Mismatch(expected: "a circuit that waits", seen: "\(frame)")
                }
                if frame.type != FrameType.window.rawValue { link.kept.append(frame) }
            case .silence: return done
            case .closed: throw Mismatch(expected: "a circuit that waits", seen: "the connection closed")
            case .wrong(let what): throw Mismatch(expected: "a circuit that waits", seen: what)
            }
        }
        return done
    }

    /// More circuits than a relay that bounds them at all gives to one member.
    private static let many = 1_000

    @Sendable private static func quota(_ members: Members) async throws {
        var asked: [CircuitEnd] = []
        var refusal: RawFrame?
        while refusal == nil, asked.count < many, members.near.mayOpen {
            asked.append(try members.near.circuit(MeshMethod.relay, members.farID))
            guard asked.count % 25 == 0 else { continue }
            try await members.near.expectAlive()
            try await members.far.expectAlive()
            refusal = members.near.kept.first { $0.type == FrameType.reset.rawValue }
        }
        guard let refusal else { throw Lacking(what: "a bound on circuits of at most \(asked.count) for a member") }
        guard refusal.code?.base == ErrorCode.overloaded.base, refusal.integer(UInt32.self, at: 2) ?? 0 > 0 else {
            throw Mismatch(expected: "RESET (overloaded) with a retry-after", seen: "\(refusal)")
        }
        members.far.kept = []
        _ = try await members.turned.circuit()
        for end in asked where end.stream < refusal.stream { try members.near.send(.reset(end.stream, .cancelled)) }
        try await members.near.expectAlive()
        try await members.far.expectAlive()
        members.far.kept = []
        _ = try await members.circuit()
    }
}

extension CircuitEnd {
    /// The next `count` bytes.
    func take(_ count: Int) async throws -> [UInt8] {
        var seen: [UInt8] = []
        let deadline = ContinuousClock.now + outer.patience
        while seen.count < count {
            guard case .bytes(let more) = await read(until: deadline) else {
                throw Mismatch(expected: "\(count) bytes of the circuit", seen: "\(seen.count)")
            }
            seen += more
        }
        guard seen.count == count else { throw Mismatch(expected: "\(count) bytes of the circuit", seen: "\(seen.count)") }
        return seen
    }

    /// The next `count` bytes, whatever they are.
    func expectCount(_ count: Int) async throws {
        var seen = 0
        let deadline = ContinuousClock.now + outer.patience
        while seen < count {
            guard case .bytes(let more) = await read(until: deadline) else {
                throw Mismatch(expected: "\(count) bytes of the circuit", seen: "\(seen)")
            }
            seen += more.count
        }
    }
}
