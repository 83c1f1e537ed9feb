import Wire

/// Credit: what a sender may send, and what a receiver does about more.
enum FlowCases {
    static let all: [ConformanceCase] = upward + windows + downward

    // MARK: Bodies to the target

    private static let upward: [ConformanceCase] =
        [1, 1_000, 65_536, 262_144, 262_145, 700_000, 1_048_576].map { count in
            ConformanceCase("flow/upload-\(count)", "grants credit for a body of \(count) bytes as it reads it", ["FLOW-1.5", "FLOW-1.6"]) {
                scene in
                let link = try await scene.link()
                let stream = link.newStream()
                try link.send(try .head(stream, Scene.ping))
                try await link.sendBody(stream, count: count, end: true)
                _ = try await link.expectAnswer(stream)
            }
        } + [
            ConformanceCase("flow/upload-too-large", "refuses a request of more than 1,048,576 bytes with too large", ["MSG-1.4"]) {
                scene in
                let link = try await scene.link()
                let stream = link.newStream()
                try link.send(try .head(stream, Scene.ping))
                do { try await link.sendBody(stream, count: 1_048_576 + 70_000, end: true) } catch is Mismatch {}
                try await link.expectReset(stream, .tooLarge)
                try await link.expectService()
            },
            ConformanceCase("flow/upload-many", "grants the link's credit again: 24 MiB in all", ["FLOW-1.5", "FLOW-1.6"]) { scene in
                let link = try await scene.link()
                for _ in 0..<24 {
                    let stream = link.newStream()
                    try link.send(try .head(stream, Scene.ping))
                    try await link.sendBody(stream, count: 1 << 20, end: true)
                    _ = try await link.expectAnswer(stream)
                }
            },
            ConformanceCase("flow/whole-window", "takes a whole window at once", ["FLOW-1.1"]) { scene in
                let link = try await scene.link()
                let stream = link.newStream()
                let count = Int(clamping: min(link.peer.streamWindow, 1 << 20))
                var frames = [try RawFrame.head(stream, Scene.ping)]
                for start in stride(from: 0, to: count, by: Limits.data) {
                    frames.append(.data(stream, [UInt8](repeating: 3, count: min(Limits.data, count - start))))
                }
                try link.send(frames + [.data(stream, [], end: true)])
                _ = try await link.expectAnswer(stream)
            },
            ConformanceCase("flow/gone-is-credited", "grants the bytes of streams that are gone again", ["FRAME-3.3", "FLOW-3.1"]) {
                scene in
                let link = try await scene.link()
                let total = link.peer.linkWindow + (1 << 20)
                guard total < 80 << 20 else { throw Lacking(what: "a link window of less than 80 MiB") }
                let stream = link.newStream()
                try link.send(try .head(stream, Scene.ping), .reset(stream, .cancelled))
                try await drown(link, stream, total)
                try await link.expectService()
            },
            ConformanceCase("flow/held-is-credited", "gives the bytes that a stream held back to the link", ["FLOW-3.1"]) { scene in
                let link = try await scene.link()
                let total = link.peer.linkWindow + (1 << 20)
                guard total < 80 << 20 else { throw Lacking(what: "a link window of less than 80 MiB") }
                var done: UInt64 = 0
                while done < total {
                    let stream = link.newStream()
                    let count = min(200_000, Int(clamping: link.peer.streamWindow))
                    try link.send(try .head(stream, Scene.ping))
                    try await link.sendBody(stream, count: count, end: false)
                    try link.send(.reset(stream, .cancelled))
                    done += UInt64(count)
                }
                try await link.expectService()
            },
            ConformanceCase("flow/stream-overrun", "ends the link on DATA beyond a stream's credit", ["FLOW-1.2"], needs: [.worker, .echo])
            { scene in
                let (link, stream) = try await stalled(scene)
                try link.send(.data(stream, [UInt8](repeating: 1, count: left + 1)))
                try await link.expectGoAway(.flowControl)
            },
            ConformanceCase(
                "flow/stream-overrun-compressed", "counts the raw size of compressed DATA as credit", ["FLOW-1.3", "FLOW-1.2", "LZ4-2.2"],
                needs: [.worker, .echo]
            ) { scene in
                let (link, stream) = try await stalled(scene)
                try link.send(CompressionCases.block(stream, [UInt8](repeating: 0, count: 4 * left)))
                try await link.expectGoAway(.flowControl)
            },
            ConformanceCase(
                "flow/stalled-others-go-on", "serves other streams while one is stalled", ["FLOW-1.5"], needs: [.worker, .echo]
            ) { scene in
                let (link, _) = try await stalled(scene)
                try await link.expectService()
            },
        ]

    /// Sends DATA for a stream that is gone, as far as the link's credit goes, which must come back.
    private static func drown(_ link: RawLink, _ stream: UInt32, _ total: UInt64) async throws {
        let piece = [UInt8](repeating: 0, count: Limits.data)
        link.seesCredit = true
        defer { link.seesCredit = false }
        var done: UInt64 = 0
        while done < total {
            if link.linkCredit - link.sent >= UInt64(piece.count) {
                try link.send(.data(stream, piece))
                link.sent += UInt64(piece.count)
                done += UInt64(piece.count)
                continue
            }
            guard case .frame = try await link.next(until: .now + link.patience) else {
                throw Mismatch(expected: "credit of the link for bytes of a stream that is gone", seen: "none behind \(done) bytes")
            }
        }
    }

    /// Bytes of credit that a stalled stream is left with.
    private static let left = 1_000

    /// A call of the echo whose answer nobody takes, filled until the target grants no more and `left` bytes of credit are left. A
    /// target may reset such a stream as *busy* when it holds too much for too long (FLOW-4.1): then once more.
    private static func stalled(_ scene: Scene) async throws -> (RawLink, UInt32) {
        for _ in 0..<3 {
            let link = try await scene.link { $0.parameters.streamWindow = 16 }
            if let stream = try await fill(link, scene) { return (link, stream) }
        }
        throw Lacking(what: "a target that keeps a stalled stream for a few seconds")
    }

    /// `nil` where the target has reset the stream as *busy*.
    private static func fill(_ link: RawLink, _ scene: Scene) async throws -> UInt32? {
        link.givesCredit = false
        link.seesCredit = true
        defer { link.seesCredit = false }
        let expected = "a stream that is held back by credit"
        let stream = link.newStream()
        try link.send(try .head(stream, scene.echo))
        let piece = [UInt8](repeating: 0, count: Limits.data)
        var done: UInt64 = 0
        while done < 64 << 20 {
            let credit = min(link.credit(of: stream), link.linkCredit)
            let room = Int(clamping: min(credit - min(credit, done + UInt64(left)), UInt64(piece.count)))
            if room > 0 {
                try link.send(.data(stream, Array(piece.prefix(room))))
                done += UInt64(room)
                continue
            }
            switch try await link.next(until: .now + .milliseconds(400)) {
            case .frame(let frame) where frame.type == FrameType.reset.rawValue:
                guard frame.code?.base == ErrorCode.busy.base else { throw Mismatch(expected: expected, seen: "\(frame)") }
                return nil
            case .frame: continue
            case .silence: return stream
            case .closed: throw Mismatch(expected: expected, seen: "the connection closed")
            case .wrong(let what): throw Mismatch(expected: expected, seen: what)
            }
        }
        throw Mismatch(expected: "credit that ends while nobody takes the answer", seen: "credit for 64 MiB")
    }

    // MARK: WINDOW

    private static let windows: [ConformanceCase] = [
        FrameCases.ends("flow/window-link-shrinks", "a WINDOW that takes credit of the link back", ["FLOW-1.4"], .flowControl) { link in
            [.window(0, link.own.linkWindow - 1)]
        },
        FrameCases.ends("flow/window-link-zero", "a WINDOW of 0", ["FLOW-1.4"], .flowControl) { _ in [.window(0, 0)] },
        FrameCases.ends("flow/window-link-too-far", "a WINDOW above 2^63-1", ["FLOW-1.4"], .flowControl) { _ in [.window(0, 1 << 63)] },
        FrameCases.ends("flow/window-link-greatest", "a WINDOW of 2^64-1", ["FLOW-1.4"], .flowControl) { _ in [.window(0, .max)] },
        FrameCases.ends("flow/window-stream-shrinks", "a WINDOW that takes credit of a stream back", ["FLOW-1.4"], .flowControl) { link in
            let stream = link.newStream()
            return [try .head(stream, Scene.ping), .window(stream, link.own.streamWindow - 1)]
        },
        FrameCases.ends("flow/window-stream-shrinks-later", "a WINDOW below the one before", ["FLOW-1.4"], .flowControl) { link in
            let stream = link.newStream()
            return [try .head(stream, Scene.ping), .window(stream, 1 << 30), .window(stream, (1 << 30) - 1)]
        },
        FrameCases.ends("flow/window-stream-too-far", "a WINDOW of a stream above 2^63-1", ["FLOW-1.4"], .flowControl) { link in
            let stream = link.newStream()
            return [try .head(stream, Scene.ping), .window(stream, 1 << 63)]
        },
        FrameCases.bears("flow/window-largest", "takes a WINDOW of 2^63-1", ["FLOW-1.4"]) { link in
            let stream = link.newStream()
            return [try .head(stream, Scene.ping), .window(stream, (1 << 63) - 1), .window(0, (1 << 63) - 1)]
        },
        FrameCases.bears("flow/window-same", "takes a WINDOW that grants nothing new", ["FLOW-1.4"]) { link in
            let stream = link.newStream()
            return [try .head(stream, Scene.ping), .window(stream, link.own.streamWindow), .window(0, link.own.linkWindow)]
        },
    ]

    // MARK: Bodies from the target

    /// A body of the target's whose size is known: the echo's, or a list of the registry.
    private static func answered(_ scene: Scene, _ link: RawLink) throws -> UInt32 {
        let stream = link.newStream()
        if scene.isCoordinator {
            try link.send(
                .head(stream, Scene.method(MeshMethod.register)),
                .data(stream, try Registration(bootEpoch: link.own.bootEpoch).encode(), end: true))
        } else {
            try link.send(.head(stream, scene.echo), .data(stream, [UInt8](repeating: 6, count: 5_000), end: true))
        }
        return stream
    }

    private static let downward: [ConformanceCase] =
        [0, 1, 2, 15, 40].map { (window: UInt64) in
            ConformanceCase("flow/stream-window-\(window)", "stays within a stream's credit of \(window)", ["FLOW-1.1"]) { scene in
                let link = try await scene.link { $0.parameters.streamWindow = window }
                link.givesCredit = false
                let stream = try answered(scene, link)
                _ = try await link.expectHead(stream)
                try await expectExactly(link, window, stream) { try link.grant(stream, $0) }
            }
        }
        + [0, 1, 30].map { (window: UInt64) in
            ConformanceCase("flow/link-window-\(window)", "stays within the link's credit of \(window)", ["FLOW-1.1"]) { scene in
                let link = try await scene.link { $0.parameters.linkWindow = window }
                link.givesCredit = false
                let stream = try answered(scene, link)
                _ = try await link.expectHead(stream)
                try await expectExactly(link, window, stream) { try link.grantLink($0) }
            }
        } + [
            ConformanceCase("flow/head-costs-nothing", "sends HEAD, PONG and RESET without credit", ["FLOW-1.5"]) { scene in
                let link = try await scene.link {
                    $0.parameters.linkWindow = 0
                    $0.parameters.streamWindow = 0
                }
                link.givesCredit = false
                let stream = try answered(scene, link)
                _ = try await link.expectHead(stream)
                try await link.expectAlive()
                let refused = try link.call("mesh.none")
                try await link.expectReset(refused, .notFound)
            }
        ]

    /// So many bytes come and no more; then, byte by byte and at last all at once, what is granted.
    private static func expectExactly(
        _ link: RawLink, _ window: UInt64, _ stream: UInt32, grant: (UInt64) throws -> Void
    ) async throws {
        try await expectReceived(link, stream, window)
        for more in [1, 3] as [UInt64] {
            try grant(window + more)
            try await expectReceived(link, stream, window + more)
        }
        try grant(1 << 30)
        while true {
            let piece = try await link.expectData(stream)
            if piece.isEnd { return }
        }
    }

    private static func expectReceived(_ link: RawLink, _ stream: UInt32, _ count: UInt64) async throws {
        while (link.receivedOn[stream] ?? 0) < count { _ = try await link.expectData(stream) }
        try await link.expectNothing(on: stream, for: .milliseconds(60))
        let seen = link.receivedOn[stream] ?? 0
        guard seen == count else { throw Mismatch(expected: "\(count) bytes of DATA", seen: "\(seen)") }
    }
}
