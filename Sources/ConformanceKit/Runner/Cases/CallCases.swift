import Wire

/// Calls: deadlines, cancelling, ends that cross.
enum CallCases {
    static let all: [ConformanceCase] = deadlines + cancels + ends

    private static let deadlines: [ConformanceCase] =
        [
            (50, "soon"), (300, "later"), (1_000, "second"),
        ].map { (milliseconds: UInt32, name: String) in
            ConformanceCase(
                "call/deadline-\(name)", "resets a call whose deadline of \(milliseconds) ms has passed, and not before", ["CALL-2.2"]
            ) { scene in
                let link = try await scene.link()
                let stream = link.newStream()
                var head = Scene.ping
                head.deadline = milliseconds
                let sent = ContinuousClock.now
                try link.send(try .head(stream, head))
                try await link.expectReset(stream, .deadlineExceeded, within: .milliseconds(milliseconds) + link.patience)
                let took = ContinuousClock.now - sent
                guard took >= .milliseconds(milliseconds) - .milliseconds(2) else {
                    throw Mismatch(expected: "\(milliseconds) ms", seen: "\(took.text)")
                }
                try await link.expectService()
            }
        } + [
            ConformanceCase("call/deadline-met", "answers a call before its deadline, and says no more about it", ["CALL-2.2"]) { scene in
                let link = try await scene.link()
                let stream = link.newStream()
                var head = Scene.ping
                head.deadline = 400
                try link.send(try .head(stream, head, end: true))
                _ = try await link.expectAnswer(stream)
                try await Task.sleep(for: .milliseconds(500))
                try await link.expectNothing(on: stream)
            },
            ConformanceCase("call/deadline-many", "keeps the deadlines of many calls apart", ["CALL-2.2"]) { scene in
                let link = try await scene.link()
                var streams: [UInt32] = []
                for index in 0..<50 {
                    let stream = link.newStream()
                    var head = Scene.ping
                    head.deadline = index % 2 == 0 ? 150 : 60_000
                    streams.append(stream)
                    try link.send(try .head(stream, head))
                }
                for index in stride(from: 0, to: 50, by: 2) { try await link.expectReset(streams[index], .deadlineExceeded) }
                for index in stride(from: 1, to: 50, by: 2) {
                    try link.send(.data(streams[index], [], end: true))
                    _ = try await link.expectAnswer(streams[index])
                }
            },
        ]

    private static let cancels: [ConformanceCase] = [
        ConformanceCase("call/reset-before-answer", "says nothing more on a call that was reset, also when its request ends", ["FRAME-5.3"])
        {
            scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(try .head(stream, Scene.ping), .data(stream, [1]))
            try await link.expectAlive()
            try link.send(.reset(stream, .cancelled))
            try await link.expectAlive()
            // To a side that has not taken the RESET for the end this is the end, and it answers.
            try link.send(.data(stream, [], end: true))
            try await link.expectNothing(on: stream)
        },
        ConformanceCase("call/reset-with-request", "says nothing on a call that was reset in the same record", ["FRAME-5.3"]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(try .head(stream, Scene.ping), .reset(stream, .cancelled), .data(stream, [], end: true))
            try await link.expectNothing(on: stream)
        },
        ConformanceCase("call/reset-during-answer", "ends an answer that is under way when its call is reset", ["CALL-3.2", "FRAME-5.3"]) {
            scene in
            let (link, stream) = try await scene.heldLink()
            try link.send(.reset(stream, .cancelled))
            try await link.expectAlive()
            link.kept.removeAll { $0.stream == stream }
            try link.send(.window(stream, 1 << 30))
            try await link.expectNothing(on: stream)
        },
        ConformanceCase("call/reset-crosses-answer", "bears a RESET that crosses the answer", ["FRAME-3.2"]) { scene in
            let link = try await scene.link()
            for _ in 0..<20 {
                let stream = link.newStream()
                try link.send(try .head(stream, Scene.ping, end: true))
                try link.send(.reset(stream, .cancelled))
            }
            try await link.expectAlive()
            try await link.expectService()
        },
        ConformanceCase("call/stop-before-answer", "answers STOP before its HEAD with RESET and the same code", ["FRAME-5.2"]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(try .head(stream, Scene.ping), .stop(stream, .busy))
            try await link.expectReset(stream, .busy)
        },
        ConformanceCase("call/stop-during-answer", "ends its half of a call when STOP comes", ["FRAME-5.1"]) { scene in
            let (link, stream) = try await scene.heldLink()
            try link.send(.stop(stream, .cancelled))
            try await StateCases.expectOver(link, stream)
            try await link.expectService()
        },
        ConformanceCase("call/stop-crosses-answer", "bears a STOP that crosses the answer", ["FRAME-3.2", "FRAME-5.2"]) { scene in
            let link = try await scene.link()
            for _ in 0..<20 {
                let stream = link.newStream()
                try link.send(try .head(stream, Scene.ping, end: true))
                try link.send(.stop(stream, .cancelled))
            }
            try await link.expectAlive()
            try await link.expectService()
        },
        ConformanceCase("call/others-go-on", "goes on with other calls when one is reset", ["CALL-3.2"]) { scene in
            let link = try await scene.link()
            let (first, second) = (link.newStream(), link.newStream())
            try link.send(try .head(first, Scene.ping), try .head(second, Scene.ping), .reset(first, .cancelled))
            try link.send(.data(second, [1], end: true))
            _ = try await link.expectAnswer(second)
        },
    ]

    private static let ends: [ConformanceCase] = [
        ConformanceCase("call/end-on-head", "takes a request that ends with its HEAD", ["FRAME-2.3"]) { scene in
            try await scene.link().expectService()
        },
        ConformanceCase("call/end-late", "waits for the end of a request", ["FRAME-2.4"]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(try .head(stream, Scene.ping), .data(stream, [1, 2, 3]))
            try await link.expectNothing(on: stream, for: .milliseconds(200))
            try link.send(.data(stream, [], end: true))
            _ = try await link.expectAnswer(stream)
        },
        ConformanceCase("call/pieces", "takes a body in any pieces", ["FRAME-2.3"]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(try .head(stream, Scene.ping))
            for count in [1, 2, 3, 100, 0, 5_000, 1] { try link.send(.data(stream, [UInt8](repeating: 1, count: count))) }
            try link.send(.data(stream, [9], end: true))
            _ = try await link.expectAnswer(stream)
        },
        ConformanceCase("call/connection-lost", "ends the calls of a link that is lost, and serves the next one", ["CALL-3.3"]) { scene in
            let link = try await scene.link()
            try link.send(try (0..<50).map { _ in try .head(link.newStream(), Scene.ping) })
            try await link.expectAlive()
            link.connection.close()
            try await scene.link().expectService()
        },
        ConformanceCase("call/connection-half-closed", "closes when the peer has ended its direction", ["CALL-3.3"]) { scene in
            let link = try await scene.link()
            try await link.expectAlive()
            link.connection.finish()
            try await link.expectClosed()
        },
        ConformanceCase("call/unknown-method", "refuses a method that it does not have", ["MSG-1.5", "FRAME-7.1"]) { scene in
            let link = try await scene.link()
            try await link.expectRefused(try link.call("mesh.none"), .notFound)
            try await link.expectRefused(try link.call("x"), .notFound)
        },
        ConformanceCase("call/unknown-service", "refuses a service that it does not offer, with NOT_PROCESSED", ["CALL-1.1"]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            var head = Head()
            head.service = "conformance-none"
            try link.send(try .head(stream, head, end: true))
            try await link.expectRefused(stream, .notFound)
        },
        ConformanceCase("call/ping-body", "answers mesh.ping with nothing or with the request's body", ["MSG-1.6"]) { scene in
            let link = try await scene.link()
            let body = SystemRandom.bytes(100)
            let answer = try await link.expectAnswer(try link.call(MeshMethod.ping, body))
            guard answer.body.isEmpty || answer.body == body else { throw Mismatch(expected: "no body, or the request's", seen: "another") }
        },
        ConformanceCase("call/pings-when-silent", "asks a silent peer for a sign of life", ["FRAME-10.1"], strength: .should) { scene in
            let link = try await scene.link()
            link.answersPings = false
            try await link.expect("a PING", within: .seconds(2) + link.patience) { $0.type == FrameType.ping.rawValue }
        },
        ConformanceCase("call/silent-peer", "closes the link of a peer that has fallen silent", ["FRAME-10.2"], needs: [.worker]) { scene in
            let link = try await scene.link()
            link.answersPings = false
            try await link.expectClosed(within: .seconds(4) + link.patience)
        },
    ]
}
