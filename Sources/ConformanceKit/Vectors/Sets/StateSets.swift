import Wire

/// Every frame in every state of a stream: the table of the specification, row by row.
enum StateSets {
    static func all() -> VectorSet {
        let cases = states.flatMap { state in
            frames.map { frame in
                let error = expected(frame.kind, state)
                let steps = state.script.receive(frame.make(state.stream), .ping(7))
                return VectorCase(
                    "\(state.id)-\(frame.id)", clauses(frame.kind, state, error), "\(frame.text) \(state.text)", steps.input, error: error)
            }
        }
        return VectorSet(
            name: "states", kind: .stream, description: "Each frame of a stream in each state of it, and a PING behind it.", cases: cases)
    }

    private enum Kind { case head, data, control }

    /// The receiving half of a stream, or what there is instead of one.
    private enum Half { case idlePeers, idleOwn, awaiting, receiving, stopped, ended, gone }

    private struct State {
        var id: String
        var text: String
        var stream: UInt32
        var half: Half
        var script: StreamScript
    }

    /// The table of the specification: the fault, or none.
    private static func expected(_ kind: Kind, _ state: State) -> String? {
        switch (state.half, kind) {
        case (.idlePeers, .head), (.awaiting, .head), (.receiving, .data), (.stopped, .data), (.gone, _): nil
        case (.idlePeers, _), (.idleOwn, _), (_, .head), (_, .data): "stream-state"
        case (_, .control): nil
        }
    }

    private static func clauses(_ kind: Kind, _ state: State, _ error: String?) -> [String] {
        switch (state.half, kind) {
        case _ where error != nil: Clauses.states
        case (.gone, .data): Clauses.goneData
        case (.gone, _): Clauses.gone
        case (.stopped, .data): Clauses.stoppedData
        default: Clauses.streams
        }
    }

    private static let block: [UInt8] = [0x30, 0x61, 0x62, 0x63]

    private static let frames: [(id: String, text: String, kind: Kind, make: @Sendable (UInt32) -> VectorFrame)] = [
        ("head", "HEAD", .head, { .head($0, answer: $0 % 2 == 0) }),
        ("head-end", "HEAD with END", .head, { .head($0, end: true, answer: $0 % 2 == 0) }),
        ("data", "DATA", .data, { .data($0, 3) }), ("data-end", "DATA with END", .data, { .data($0, 3, end: true) }),
        ("end", "an empty DATA with END", .data, { .data($0, 0, end: true) }),
        ("lz4", "compressed DATA", .data, { .lz4($0, rawSize: 3, block) }), ("window", "WINDOW", .control, { .window($0, 1 << 20) }),
        ("stop", "STOP", .control, { .stop($0, 0x10) }), ("reset", "RESET", .control, { .reset($0) }),
    ]

    /// Streams that the peer opens have the id 1, own ones 2.
    private static let states: [State] = {
        let none = StreamScript()
        let opened = none.receive(.head(1))
        let whole = none.receive(.head(1, end: true))
        let own = none.open()
        let ended = none.open(end: true)
        func peers(_ id: String, _ text: String, _ half: Half, _ script: StreamScript) -> State {
            State(id: "peer-\(id)", text: "on a stream of the peer \(text)", stream: 1, half: half, script: script)
        }
        func mine(_ id: String, _ text: String, _ half: Half, _ script: StreamScript) -> State {
            State(id: "own-\(id)", text: "on an own stream \(text)", stream: 2, half: half, script: script)
        }
        return [
            peers("idle", "that is idle", .idlePeers, none),
            peers("left-out", "that was left out", .gone, none.receive(.head(3))),
            peers("open", "that is not answered yet", .receiving, opened),
            peers("answered", "that is answered", .receiving, opened.answer(1)),
            peers("answered-end", "whose answer is whole", .receiving, opened.answer(1, end: true)),
            peers("ended", "whose request is whole", .ended, whole),
            peers("ended-answered", "whose request is whole and whose answer has begun", .ended, whole.answer(1)),
            peers("stopped", "that was stopped here", .stopped, opened.stop(1)),
            peers("stopped-answered", "that was answered and stopped here", .stopped, opened.answer(1).stop(1)),
            peers("done", "that is done", .gone, whole.answer(1, end: true)),
            peers("reset-here", "that was reset here", .gone, opened.reset(1)),
            peers("reset-there", "that the peer has reset", .gone, opened.receive(.reset(1))),
            peers("refused", "that was refused", .gone, none.receive(VectorFrame(.head, [], 1, TLVBytes.field(100, [1])))),
            mine("idle", "that is idle", .idleOwn, none),
            mine("open", "whose request goes on", .awaiting, own),
            mine("ended", "whose request is whole", .awaiting, ended),
            mine("answered", "that is answered while the request goes on", .receiving, own.receive(.head(2, answer: true))),
            mine("ended-answered", "whose request is whole and whose answer has begun", .receiving, ended.receive(.head(2, answer: true))),
            mine("answer-whole", "whose answer is whole while the request goes on", .ended, own.receive(.head(2, end: true, answer: true))),
            mine("stopped", "that was stopped here before its answer", .awaiting, own.stop(2)),
            mine("stopped-answered", "that was answered and stopped here", .stopped, own.receive(.head(2, answer: true)).stop(2)),
            mine("done", "that is done", .gone, ended.receive(.head(2, end: true, answer: true))),
            mine("reset-here", "that was reset here", .gone, own.reset(2)),
            mine("reset-there", "that the peer has reset", .gone, own.receive(.reset(2))),
        ]
    }()
}
