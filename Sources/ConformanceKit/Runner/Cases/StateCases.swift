import Wire

/// Each frame in each state of a stream: the tables of the specification, row by row.
enum StateCases {
    static let all: [ConformanceCase] = State.allCases.flatMap { state in Kind.allCases.map { one($0, state) } } + ids

    /// A stream of the runner's, or one that only the target could open, as the target sees it.
    private enum State: String, CaseIterable {
        case idlePeers = "idle"
        case idleOwn = "idle-own"
        case receiving, ended, finished, reset, refused
        case leftOut = "left-out"
    }

    private enum Kind: String, CaseIterable {
        case head, data, window, stop, reset

        func frame(_ stream: UInt32) throws -> RawFrame {
            switch self {
            case .head: try .head(stream, Scene.ping, end: true)
            case .data: .data(stream, [1, 2, 3])
            case .window: .window(stream, 10 << 20)
            case .stop: .stop(stream, .cancelled)
            case .reset: .reset(stream, .cancelled)
            }
        }
    }

    private enum Verdict {
        case ends, ignored, opens, reset, over
    }

    private static func verdict(_ kind: Kind, _ state: State) -> Verdict {
        switch (state, kind) {
        case (.idlePeers, .head): .opens
        case (.idlePeers, _), (.idleOwn, _): .ends
        case (.receiving, .head), (.ended, .head), (.ended, .data): .ends
        case (.receiving, .stop): .reset
        case (.ended, .stop): .over
        default: .ignored
        }
    }

    private static func one(_ kind: Kind, _ state: State) -> ConformanceCase {
        let verdict = verdict(kind, state)
        let name = kind.rawValue.uppercased()
        let (title, clauses): (String, [String]) =
            switch verdict {
            case .ends: ("ends the link on \(name) of a stream that is \(state.rawValue)", ["FRAME-3.1"])
            case .ignored where state == .receiving || state == .ended:
                ("takes \(name) of a stream that is \(state.rawValue)", ["FRAME-3.1"])
            case .ignored: ("ignores \(name) of a stream that is gone (\(state.rawValue))", [kind == .data ? "FRAME-3.3" : "FRAME-3.2"])
            case .opens: ("opens a stream with HEAD", ["FRAME-2.3"])
            case .reset: ("answers STOP before its HEAD with RESET", ["FRAME-5.2"])
            case .over: ("ends its half when STOP comes", ["FRAME-5.1"])
            }
        return ConformanceCase("state/\(state.rawValue)-\(kind.rawValue)", title, clauses) { scene in
            let (link, stream) = try await bring(scene, to: state)
            if kind == .window { try link.grant(stream, 10 << 20) } else { try link.send(try kind.frame(stream)) }
            switch verdict {
            case .ends: try await link.expectGoAway(.streamState)
            case .opens: _ = try await link.expectAnswer(stream)
            case .reset: try await link.expectReset(stream, .cancelled)
            case .over: try await expectOver(link, stream)
            case .ignored:
                try await link.expectAlive()
                try await link.expectService()
                if state != .receiving, state != .ended { try await link.expectNothing(on: stream, for: .milliseconds(20)) }
            }
        }
    }

    /// After a STOP the sending half ends: by END or by RESET. What was on its way may come before.
    static func expectOver(_ link: RawLink, _ stream: UInt32) async throws {
        var isOver = false
        while !isOver {
            let frame = try await link.expect("END or RESET of stream \(stream)") { $0.stream == stream }
            isOver = frame.type == FrameType.reset.rawValue || frame.isEnd
        }
    }

    private static func bring(_ scene: Scene, to state: State) async throws -> (RawLink, UInt32) {
        if state == .ended { return try await scene.heldLink() }
        let link = try await scene.link()
        switch state {
        case .idlePeers: return (link, link.newStream())
        case .idleOwn: return (link, 2)
        case .leftOut:
            _ = link.newStream(gap: 4)
            let stream = try link.call(MeshMethod.ping)
            _ = try await link.expectAnswer(stream)
            return (link, 3)
        case .receiving:
            let stream = link.newStream()
            try link.send(try .head(stream, Scene.ping))
            try await link.expectAlive()
            return (link, stream)
        case .finished:
            let stream = try link.call(MeshMethod.ping)
            _ = try await link.expectAnswer(stream)
            return (link, stream)
        case .reset:
            let stream = link.newStream()
            try link.send(try .head(stream, Scene.ping), .reset(stream, .cancelled))
            try await link.expectAlive()
            return (link, stream)
        case .refused, .ended:
            let stream = try link.call("mesh.none")
            try await link.expectReset(stream, .notFound)
            return (link, stream)
        }
    }

    // MARK: Ids

    private static let ids: [ConformanceCase] = [
        ConformanceCase("state/id-gap", "takes a stream whose id leaves others out", ["FRAME-2.2"]) { scene in
            let link = try await scene.link()
            for gap: UInt32 in [0, 2, 100, 65_536] {
                let stream = link.newStream(gap: gap)
                try link.send(try .head(stream, Scene.ping, end: true))
                _ = try await link.expectAnswer(stream)
            }
        },
        ConformanceCase("state/id-high", "takes a stream with an id just below 0x7fff0000", ["FRAME-2.2"]) { scene in
            let link = try await scene.link()
            try link.send(try .head(0x7ffe_ffff, Scene.ping, end: true))
            _ = try await link.expectAnswer(0x7ffe_ffff)
        },
        ConformanceCase("state/id-lower", "ignores a HEAD with an id that is lower than the last one", ["FRAME-2.2", "FRAME-3.2"]) {
            scene in
            let link = try await scene.link()
            try link.send(try .head(9, Scene.ping, end: true), try .head(7, Scene.ping, end: true))
            _ = try await link.expectAnswer(9)
            try await link.expectNothing(on: 7)
            try link.send(try .head(9, Scene.ping, end: true))
            try await link.expectNothing(on: 9, for: .milliseconds(20))
        },
        ConformanceCase("state/id-even", "ends the link on a HEAD with an id of the wrong parity", ["FRAME-2.1", "FRAME-3.1"]) { scene in
            let link = try await scene.link()
            try link.send(try .head(4, Scene.ping, end: true))
            try await link.expectGoAway(.streamState)
        },
        ConformanceCase("state/many-at-once", "serves many streams that are open at once", ["FRAME-2.3"]) { scene in
            let link = try await scene.link()
            let streams = (0..<200).map { _ in link.newStream() }
            try link.send(try streams.map { try .head($0, Scene.ping) })
            try link.send(streams.reversed().map { .data($0, [1, 2, 3]) })
            try link.send(streams.map { .data($0, [], end: true) })
            for stream in streams { _ = try await link.expectAnswer(stream) }
        },
        ConformanceCase("state/answer-status", "begins an answer with a HEAD that has a status", ["CALL-1.4", "MSG-1.1"]) { scene in
            let link = try await scene.link()
            let stream = try link.call(MeshMethod.ping)
            guard try await link.expectHead(stream).head.status == 200 else { throw Mismatch(expected: "status 200", seen: "another") }
        },
    ]
}
