import Wire

/// GOAWAY and draining.
enum GoAwayCases {
    static let all: [ConformanceCase] = [
        ConformanceCase("goaway/open-call-goes-on", "finishes a call that was open when GOAWAY came", ["FRAME-9.4"]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(try .head(stream, Scene.ping), .goAway(last: 0, .draining))
            try link.send(.data(stream, [1, 2, 3]), .data(stream, [], end: true))
            _ = try await link.expectAnswer(stream)
        },
        ConformanceCase("goaway/answer-goes-on", "goes on with an answer when GOAWAY comes", ["FRAME-9.4"]) { scene in
            if scene.isCoordinator { return try await watchGoesOn(scene) }
            let (link, stream) = try await scene.heldLink()
            try link.send(.goAway(last: 0, .draining))
            try await link.expectAlive()
            try link.grant(stream, 1 << 20)
            var count = 0
            while true {
                let piece = try await link.expectData(stream)
                count += piece.bytes.count
                if piece.isEnd { break }
            }
            guard count == Scene.heldBody else { throw Mismatch(expected: "\(Scene.heldBody) bytes", seen: "\(count)") }
        },
        ConformanceCase("goaway/new-streams-of-the-sender", "serves streams of the side that has said GOAWAY", ["FRAME-9.4"]) { scene in
            let link = try await scene.link()
            let open = link.newStream()
            try link.send(try .head(open, Scene.ping), .goAway(last: 0, .draining))
            try await link.expectService()
            try link.send(.data(open, [], end: true))
            _ = try await link.expectAnswer(open)
        },
        ConformanceCase("goaway/opens-none", "opens no stream on a link whose other side has said GOAWAY", ["FRAME-9.2"]) { scene in
            let link = try await scene.link()
            let open = link.newStream()
            try link.send(try .head(open, Scene.ping), .goAway(last: 0, .draining))
            try await link.expectAlive()
            try link.send(.data(open, [], end: true))
            _ = try await link.expectAnswer(open)
            guard link.lastStreamOfTarget == 0 else { throw Mismatch(expected: "no call", seen: "stream \(link.lastStreamOfTarget)") }
        },
        ConformanceCase("goaway/twice", "takes a second GOAWAY", ["FRAME-9.4"]) { scene in
            let link = try await scene.link()
            let open = link.newStream()
            try link.send(try .head(open, Scene.ping), .goAway(last: 0, .draining), .goAway(last: 0, .revoked, reason: Array("why".utf8)))
            try link.send(.data(open, [], end: true))
            _ = try await link.expectAnswer(open)
        },
        ConformanceCase(
            "goaway/closes-when-done", "closes a link that drains when its last stream is gone", ["FRAME-9.5"], strength: .should
        ) {
            scene in
            let link = try await scene.link()
            let open = link.newStream()
            try link.send(try .head(open, Scene.ping), .goAway(last: 0, .draining))
            try link.send(.data(open, [], end: true))
            _ = try await link.expectAnswer(open)
            try await link.expectClosed()
        },
        ConformanceCase("goaway/fault-behind-it", "ends a link that drains when it has a fault", ["FRAME-8.1"]) { scene in
            let link = try await scene.link()
            let open = link.newStream()
            try link.send(try .head(open, Scene.ping), .goAway(last: 0, .draining), RawFrame(0x12, stream: 0))
            try await link.expectGoAway(.protocolViolation)
        },
        ConformanceCase("goaway/code-before-close", "says why before it closes", ["FRAME-8.1", "HS-9.2"]) { scene in
            let link = try await scene.link()
            try link.send((0..<40).map { _ in RawFrame.padding(60_000) } + [RawFrame(0x12, stream: 0)])
            try await link.expectGoAway(.protocolViolation)
        },
        ConformanceCase("goaway/nothing-behind-a-fault", "does nothing about what stands behind a fault", ["FRAME-8.1"]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(RawFrame(0x12, stream: 0), try .head(stream, Scene.ping, end: true))
            try await link.expectGoAway(.protocolViolation)
            guard !link.kept.contains(where: { $0.stream == stream }) else { throw Mismatch(expected: "no answer", seen: "one") }
        },
        ConformanceCase("goaway/newer-link", "takes a newer link of the same node in the place of the older", ["MSG-1.6", "HS-10.2"]) {
            scene in
            let old = try await scene.link()
            try await old.expectAlive()
            let new = try await scene.link()
            try await new.expectService()
            do {
                try await old.expect("GOAWAY (draining) on the older link") {
                    $0.type == FrameType.goAway.rawValue && $0.code?.base == ErrorCode.draining.base
                }
            } catch let mismatch as Mismatch { throw Shortfall(expected: mismatch.expected, seen: mismatch.seen) }
        },
    ]

    /// The answer of a watch, whose snapshot has come: the news that follow it are what goes on.
    private static func watchGoesOn(_ scene: Scene) async throws {
        guard !scene.lacks.contains(.watch) else { throw Lacking(what: Feature.watch.rawValue) }
        let link = try await scene.link()
        let service = MessageCases.unique("watched")
        var watch = try await Watch.open(link, [service])
        _ = try await watch.whole()
        try link.send(.goAway(last: 0, .draining))
        try await MessageCases.register(link, MessageCases.registration(scene, service))
        try await watch.expectChanged(scene.member.name)
    }
}
