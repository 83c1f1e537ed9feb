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
            let (link, stream) = try await scene.heldLink()
            try link.send(.goAway(last: 0, .draining))
            try await link.expectAlive()
            try link.send(.reset(stream, .cancelled))
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
        ConformanceCase("goaway/closes-when-done", "closes a link that drains when its last stream is gone", ["FRAME-9.5"]) { scene in
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
        ConformanceCase("goaway/newer-link", "takes a newer link of the same node", ["HS-10.2"]) { scene in
            let old = try await scene.link()
            try await old.expectAlive()
            try await scene.link().expectService()
        },
    ]
}
