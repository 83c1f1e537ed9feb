import Wire

/// What a worker does on the link that it has made to its coordinator.
enum MemberCases {
    static let all: [ConformanceCase] = registering + frames + states + credit + ending + calls + peers

    private static func one(
        _ name: String, _ title: String, _ clauses: [String], strength: ConformanceCase.Strength = .must,
        _ body: @escaping @Sendable (Stage) async throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(dialling: "member/\(name)", title, clauses, strength: strength, body)
    }

    // MARK: Registration

    private static let registering: [ConformanceCase] = [
        one("registers", "registers on its link, as the run that it has shaken hands as", ["MSG-2.1", "FRAME-2.1"]) { stage in
            let (link, registration, _) = try await stage.registered()
            guard registration.bootEpoch == link.peer.bootEpoch else {
                throw Mismatch(expected: "the boot epoch of the parameters", seen: "\(registration.bootEpoch)")
            }
        },
        one("registers-again", "registers again after each new link", ["MSG-2.1"]) { stage in
            let (link, _, certificate) = try await stage.registered()
            link.connection.close()
            let next = try await stage.relinked()
            _ = try await stage.register(next, certificate)
        },
        one("same-epoch", "keeps its boot epoch over its links", ["ID-8.3"]) { stage in
            let (link, _, _) = try await stage.registered()
            link.connection.close()
            guard try await stage.relinked().peer.bootEpoch == link.peer.bootEpoch else {
                throw Mismatch(expected: "the same boot epoch", seen: "another")
            }
        },
        one("bad-answer", "goes on where the answer of its registration cannot be read", ["CONV-3.6"]) { stage in
            let link = try await stage.linked()
            let call = try await link.expectCall(MeshMethod.register)
            try link.answer(call.stream, [1, 2, 3])
            link.answersCalls = true
            try await link.expectAlive()
        },
        one("refused", "goes on where its registration is refused", ["FRAME-3.1"]) { stage in
            let link = try await stage.linked()
            let call = try await link.expectCall(MeshMethod.register)
            try link.send(.reset(call.stream, .overloaded))
            link.answersCalls = true
            try await link.expectAlive()
        },
        one("odd-fields", "skips unknown odd fields of an answer", ["CONV-3.3"]) { stage in
            let certificate = try await stage.enrol()
            let link = try await stage.relinked()
            let call = try await link.expectCall(MeshMethod.register)
            let accepted = RegistrationAccepted(
                name: certificate.name, observed: Endpoint(host: "127.0.0.1", port: 1), reachable: nil, revision: 3)
            var fields = RawTLV(splitting: try accepted.encode())
            for type: UInt16 in [1, 5, 0xffff] { fields[type] = [9] }
            try link.answer(call.stream, fields.encoded)
            link.answersCalls = true
            try await link.expectAlive()
        },
    ]

    // MARK: Frames and records

    private static func bears(_ name: String, _ title: String, _ clauses: [String], _ frames: RawFrame...) -> ConformanceCase {
        one(name, title, clauses) { stage in
            let (link, _, _) = try await stage.registered()
            try link.send(frames)
            try await link.expectAlive()
        }
    }

    private static func ends(_ name: String, _ title: String, _ clauses: [String], _ code: ErrorCode, _ frames: RawFrame...)
        -> ConformanceCase
    {
        one(name, "ends the link on \(title)", clauses) { stage in
            let (link, _, _) = try await stage.registered()
            try link.send(frames)
            try await link.expectGoAway(code)
        }
    }

    private static let frames: [ConformanceCase] = [
        bears(
            "grease", "skips frames of unknown odd types", ["FRAME-1.1"], RawFrame(0x21, stream: 0, [1]),
            RawFrame(0x7f, flags: 0xff, stream: 9)),
        bears("pong-unasked", "takes a PONG that it has not asked for", ["FRAME-5.4"], .pong(5)),
        bears("padding", "ignores PADDING", ["FRAME-5.5"], .padding(1_000)),
        ends("critical", "an unknown even type", ["FRAME-1.2"], .protocolViolation, RawFrame(0x22, stream: 0)),
        ends(
            "flag", "a flag that PING does not define", ["FRAME-1.3"], .protocolViolation,
            RawFrame(.ping, flags: 1, stream: 0, bigEndian(UInt64(1)))),
        ends("length", "a PING of 7 bytes", ["FRAME-1.4"], .protocolViolation, RawFrame(.ping, stream: 0, [1, 2, 3, 4, 5, 6, 7])),
        ends("stream-zero", "DATA with stream 0", ["FRAME-1.6"], .streamState, .data(0, [1])),
        ends("window-shrinks", "a WINDOW that takes credit back", ["FLOW-1.4"], .flowControl, .window(0, 1)),
        one("record-altered", "closes, without a word, on a record that was altered", ["REC-4.1"]) { stage in
            let (link, _, _) = try await stage.registered()
            try await link.expectAlive()
            link.connection.send(flipped(try link.seal(RawFrame.ping(1).encoded), at: 12))
            try await link.expectSilentEnd()
        },
        one("record-empty", "closes, without a word, on a record without a frame", ["REC-4.2"]) { stage in
            let (link, _, _) = try await stage.registered()
            try await link.expectAlive()
            link.connection.send(try link.seal([]))
            try await link.expectSilentEnd()
        },
        one("record-cut", "ends the link on a record that ends within a frame", ["REC-1.3"]) { stage in
            let (link, _, _) = try await stage.registered()
            link.connection.send(try link.seal(Array(RawFrame.padding(9).encoded.dropLast())))
            try await link.expectEnd()
        },
        one("pings", "asks a silent coordinator for a sign of life", ["FRAME-10.1"], strength: .should) { stage in
            let (link, _, _) = try await stage.registered()
            link.answersPings = false
            try await link.expect("a PING", within: .seconds(2) + stage.patience) { $0.type == FrameType.ping.rawValue }
        },
        one("silent-coordinator", "closes the link of a coordinator that has been silent for 3 s", ["FRAME-10.2"]) { stage in
            let (link, _, _) = try await stage.registered()
            link.answersPings = false
            link.answersCalls = false
            try await link.expectClosed(within: .seconds(4) + stage.patience)
        },
    ]

    // MARK: States of a stream that the target has opened

    /// The target's call of mesh.register, unanswered.
    private static func asked(_ stage: Stage) async throws -> (RawLink, UInt32) {
        let link = try await stage.linked()
        return (link, try await link.expectCall(MeshMethod.register).stream)
    }

    private static func answersBadly(
        _ name: String, _ title: String, _ clauses: [String], _ code: ErrorCode, _ frames: @escaping @Sendable (UInt32) throws -> [RawFrame]
    ) -> ConformanceCase {
        one(name, "ends the link on \(title)", clauses) { stage in
            let (link, stream) = try await asked(stage)
            try link.send(try frames(stream))
            try await link.expectGoAway(code)
        }
    }

    private static let ok: Head = {
        var head = Head()
        head.status = 200
        return head
    }()

    private static let states: [ConformanceCase] = [
        answersBadly("data-before-head", "DATA before the answer's HEAD", ["FRAME-3.1", "FRAME-2.3"], .streamState) { [.data($0, [1])] },
        answersBadly("head-twice", "a second HEAD of an answer", ["FRAME-3.1", "FRAME-2.3"], .streamState) { stream in
            [try .head(stream, ok), try .head(stream, ok)]
        },
        answersBadly("answer-idle", "an answer on a stream that it has not opened", ["FRAME-3.1"], .streamState) {
            [try .head($0 + 200, ok)]
        },
        answersBadly("data-idle", "DATA of a stream that it has not opened", ["FRAME-3.1"], .streamState) { [.data($0 + 200, [1])] },
        answersBadly("reset-idle", "RESET of a stream that it has not opened", ["FRAME-3.1"], .streamState) {
            [.reset($0 + 200, .cancelled)]
        },
        answersBadly("window-idle", "WINDOW of a stream that it has not opened", ["FRAME-3.1"], .streamState) {
            [.window($0 + 200, 1 << 20)]
        },
        answersBadly("idle-even", "DATA of a stream that the coordinator has not opened", ["FRAME-3.1"], .streamState) { _ in
            [.data(8, [1])]
        },
        one("bad-head", "fails a call whose answer cannot be read, and goes on", ["FRAME-6.3"]) { stage in
            let (link, stream) = try await asked(stage)
            try link.send(.head(stream, [0, 26, 0, 1, 1]))
            try await link.expectReset(stream, .protocolViolation)
            link.answersCalls = true
            try await link.expectAlive()
        },
        one("stop", "ends a request that is stopped, with END or the code of the STOP", ["FRAME-5.1"]) { stage in
            let link = try await stage.linked { $0.streamWindow = 5 }
            link.givesCredit = false
            let call = try await link.expectCallHead("a call of mesh.register")
            try await link.expectNothing(on: call.stream, but: 5)
            try link.send(.stop(call.stream, .cancelled))
            let frame = try await link.expect("END or RESET of stream \(call.stream)") { $0.stream == call.stream }
            guard frame.isEnd && frame.payload.isEmpty || frame.code?.base == ErrorCode.cancelled.base else {
                throw Mismatch(expected: "an empty DATA with END, or RESET (cancelled)", seen: "\(frame)")
            }
            link.answersCalls = true
            try await link.expectAlive()
        },
        one("gone", "ignores frames of a stream that is gone", ["FRAME-3.2", "FRAME-3.3"]) { stage in
            let (link, stream) = try await asked(stage)
            try link.send(
                .reset(stream, .overloaded), .window(stream, 1 << 30), .data(stream, [1]), .reset(stream, .busy), try .head(stream, ok))
            link.answersCalls = true
            try await link.expectAlive()
        },
    ]

    // MARK: Credit

    private static let credit: [ConformanceCase] = [
        one("no-streams", "opens no stream where the coordinator allows none", ["FLOW-5.1"]) { stage in
            let link = try await stage.linked { $0.maxStreams = 0 }
            link.answersCalls = false
            try await link.expectNoCall(for: .milliseconds(700))
            try link.send(.maxStreams(1))
            _ = try await link.expectCall(MeshMethod.register, within: stage.dialPatience)
            try await link.expectNoCall(for: .milliseconds(300))
        },
        one("no-stream-credit", "sends no body without credit of the stream", ["FLOW-1.1", "FLOW-1.5"]) { stage in
            let link = try await stage.linked { $0.streamWindow = 0 }
            link.givesCredit = false
            let call = try await link.expectCallHead("a call of mesh.register")
            try await link.expectNothing(on: call.stream, for: .milliseconds(200))
            try link.grant(call.stream, 1 << 20)
            guard try await link.expectData(call.stream).bytes.count > 0 else { throw Mismatch(expected: "the body", seen: "nothing") }
        },
        one("no-link-credit", "sends no body without credit of the link", ["FLOW-1.1", "FLOW-1.5"]) { stage in
            let link = try await stage.linked { $0.linkWindow = 0 }
            link.givesCredit = false
            let call = try await link.expectCallHead("a call of mesh.register")
            try await link.expectNothing(on: call.stream, for: .milliseconds(200))
            try link.grantLink(1 << 20)
            guard try await link.expectData(call.stream).bytes.count > 0 else { throw Mismatch(expected: "the body", seen: "nothing") }
        },
        one("little-credit", "sends exactly as much as it has credit for", ["FLOW-1.1"]) { stage in
            let link = try await stage.linked { $0.streamWindow = 5 }
            link.givesCredit = false
            let call = try await link.expectCallHead("a call of mesh.register")
            var count = 0
            while count < 5 { count += try await link.expectData(call.stream).bytes.count }
            try await link.expectNothing(on: call.stream, for: .milliseconds(150))
            guard count == 5 else { throw Mismatch(expected: "5 bytes", seen: "\(count)") }
        },
    ]

    // MARK: Ends

    private static let ending: [ConformanceCase] = [
        one("goaway", "opens no stream on a link that drains, and makes a new one", ["FRAME-9.2", "MSG-2.1"]) { stage in
            let (link, _, certificate) = try await stage.registered()
            try link.send(.goAway(last: link.lastStreamOfTarget, .draining))
            let next = try await stage.relinked()
            _ = try await stage.register(next, certificate)
        },
        one("goaway-refuses", "takes its streams above last as refused", ["FRAME-9.3"]) { stage in
            let (link, stream) = try await asked(stage)
            // DATA before its HEAD is a fault on a stream that is open, and ignored on one that is gone.
            try link.send(.goAway(last: 0, .draining), .data(stream, [1]))
            try await link.expectNoFault()
            let next = try await stage.relinked()
            _ = try await next.expectCall(MeshMethod.register, within: stage.dialPatience)
        },
        one("lost", "dials again when its link is lost", ["MSG-2.1", "CALL-3.3"]) { stage in
            let (link, _, _) = try await stage.registered()
            link.connection.close()
            _ = try await stage.relinked()
        },
    ]

    // MARK: Calls of the coordinator

    private static let calls: [ConformanceCase] = [
        one("ping", "answers mesh.ping over the link that it has made", ["MSG-1.6", "FRAME-2.1"]) { stage in
            let (link, _, _) = try await stage.registered()
            try await link.expectService()
        },
        one("unknown-method", "refuses a method that it does not have", ["MSG-1.5"]) { stage in
            let (link, _, _) = try await stage.registered()
            try await link.expectRefused(try link.call("mesh.none"), .notFound)
        },
        one("notice-unknown", "takes a notice of a kind that it does not know", ["MSG-8.3"]) { stage in
            let (link, _, _) = try await stage.registered()
            _ = try await link.expectAnswer(try link.call(MeshMethod.notice, RawTLV([(2, [200]), (4, [])]).encoded))
        },
        one("notice-text", "takes a notice for its log", ["MSG-1.1"]) { stage in
            let (link, _, _) = try await stage.registered()
            _ = try await link.expectAnswer(
                try link.call(MeshMethod.notice, RawTLV([(2, [1]), (4, Array("somebody asked".utf8))]).encoded))
        },
        one("notice-bad", "refuses a notice that it cannot read", ["MSG-1.4"]) { stage in
            let (link, _, _) = try await stage.registered()
            try await link.expectReset(try link.call(MeshMethod.notice, RawTLV([(2, [1])]).encoded), .badRequest)
            try await link.expectReset(try link.call(MeshMethod.notice, RawTLV([(2, [3]), (4, []), (6, [1, 2, 3])]).encoded), .badRequest)
        },
        one("notice-drain", "drains when the coordinator asks for it", ["MSG-8.2", "CALL-5.6"]) { stage in
            let (link, registration, _) = try await stage.registered()
            _ = try await link.expectAnswer(try link.call(MeshMethod.notice, RawTLV([(2, [4]), (4, [])]).encoded))
            let scene = try stage.scene(registration, as: try stage.member("caller"))
            let caller = try await scene.link()
            let stream = caller.newStream()
            try caller.send(try .head(stream, scene.echo, end: true))
            try await caller.expectRefused(stream, .draining)
        },
    ]

    // MARK: Other members

    private static let peers: [ConformanceCase] = [
        one("expired-peer", "refuses a member whose certificate has expired", ["HS-9.3", "HS-9.1"]) { stage in
            let (_, registration, _) = try await stage.registered()
            let scene = try stage.scene(registration, as: try stage.member("old", life: 3_600, ago: 100_000))
            let link = try await scene.link()
            try await link.expectGoAway(.expired)
        },
        one("serves-members", "takes links of other members", ["HS-7.1"]) { stage in
            let (_, registration, _) = try await stage.registered()
            try await stage.scene(registration, as: try stage.member("caller")).link().expectService()
        },
        one("revoked-peer", "ends the links of a member that is revoked, and takes no new ones", ["ID-8.9"]) { stage in
            let (link, registration, _) = try await stage.registered()
            let scene = try stage.scene(registration, as: try stage.member("caller"))
            let caller = try await scene.link()
            try await caller.expectAlive()
            guard let id = scene.member.certified?.nodeID else { return }
            _ = try await link.expectAnswer(try link.call(MeshMethod.notice, RawTLV([(2, [3]), (4, []), (6, id.bytes)]).encoded))
            try await caller.expectGoAway(.revoked)
            try await scene.link().expectGoAway(.revoked)
        },
    ]
}

extension RawLink {
    /// No call of the target's comes for a while.
    func expectNoCall(for time: Duration) async throws {
        let deadline = ContinuousClock.now + time
        while true {
            switch try await next(until: deadline) {
            case .silence: return
            case .frame(let frame) where frame.type == FrameType.head.rawValue: throw Mismatch(expected: "no call", seen: "\(frame)")
            case .frame(let frame): kept.append(frame)
            case .closed: throw Mismatch(expected: "no call", seen: "the connection closed")
            case .wrong(let what): throw Mismatch(expected: "no call", seen: what)
            }
        }
    }

    /// The target neither ends the link for a fault nor says anything on it that tells of one, for as long as a PONG takes.
    func expectNoFault() async throws {
        let number = UInt64.random(in: 1 ... .max)
        try send(.ping(number))
        let deadline = ContinuousClock.now + patience
        while true {
            switch try await next(until: deadline) {
            // It may close a link that drains and has no streams.
            case .closed: return
            case .frame(let frame) where frame.type == FrameType.pong.rawValue && frame.payload == bigEndian(number): return
            case .frame(let frame) where frame.type == FrameType.goAway.rawValue && frame.code?.base != ErrorCode.none.base:
                guard frame.code?.base == ErrorCode.draining.base else {
                    throw Mismatch(expected: "frames of a refused stream ignored", seen: "\(frame)")
                }
            case .frame(let frame): kept.append(frame)
            case .silence: throw Mismatch(expected: "a PONG, or the end of the link", seen: "neither within \(patience.text)")
            case .wrong(let what): throw Mismatch(expected: "frames of a refused stream ignored", seen: what)
            }
        }
    }

    /// The connection closes; frames that were on their way may come, but no GOAWAY.
    func expectSilentEnd() async throws {
        let expected = "the connection closed, without a word"
        let deadline = ContinuousClock.now + patience
        while true {
            switch try await next(until: deadline) {
            case .closed: return
            case .frame(let frame) where frame.type == FrameType.goAway.rawValue: throw Mismatch(expected: expected, seen: "\(frame)")
            case .frame: continue
            case .silence: throw Mismatch(expected: expected, seen: "it was still open after \(patience.text)")
            case .wrong(let what): throw Mismatch(expected: expected, seen: what)
            }
        }
    }
}
