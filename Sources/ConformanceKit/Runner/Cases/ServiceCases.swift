import Wire

/// A worker's services, by the one that echoes.
enum ServiceCases {
    static let all: [ConformanceCase] = sizes + streams + refusals + notices

    private static func one(
        _ name: String, _ title: String, _ clauses: [String], strength: ConformanceCase.Strength = .must,
        _ body: @escaping @Sendable (Scene) async throws -> Void
    ) -> ConformanceCase {
        ConformanceCase("service/\(name)", title, clauses, strength: strength, needs: [.worker, .echo], body)
    }

    private static let sizes: [ConformanceCase] =
        [0, 1, 511, 512, 513, 4_096, 4_097, 16_384, 61_440, 61_441, 262_144, 262_145, 1_048_576, 4 << 20].map { count in
            one(
                "echo-\(count)", "carries a body of \(count) bytes there and back",
                ["FRAME-2.3", "FRAME-2.5", "FLOW-1.1", "FLOW-1.6", "REC-1.2"]
            ) { scene in
                let link = try await scene.link()
                let stream = link.newStream()
                try link.send(try .head(stream, scene.echo, end: false))
                try await link.sendBody(stream, count: count, end: true)
                let answer = try await link.expectAnswer(stream, within: link.patience * 3)
                guard Body.isWhole(answer.body, count) else {
                    throw Mismatch(expected: "the same \(count) bytes", seen: "\(answer.body.count) bytes, or others")
                }
                try await link.expectAlive("nothing stands behind the end")
            }
        }

    private static let streams: [ConformanceCase] = [
        one("answers-while-asked", "begins an answer before the request has ended", ["FRAME-2.3"]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(try .head(stream, scene.echo), .data(stream, [1, 2, 3]))
            _ = try await link.expectHead(stream)
            guard try await link.expectData(stream).bytes == [1, 2, 3] else { throw Mismatch(expected: "the same bytes", seen: "others") }
            try link.send(.data(stream, [4], end: true))
            guard try await link.expectData(stream).bytes == [4] else { throw Mismatch(expected: "the same byte", seen: "another") }
        },
        one("interleaved", "keeps the bodies of interleaved streams apart", ["FRAME-2.3"]) { scene in
            let link = try await scene.link()
            let streams = (0..<12).map { _ in link.newStream() }
            try link.send(try streams.map { try .head($0, scene.echo) })
            for round in 0..<10 {
                try link.send(streams.map { .data($0, [UInt8](repeating: UInt8($0), count: 100 + round)) })
            }
            try link.send(streams.map { .data($0, [], end: true) })
            for stream in streams {
                let body = try await link.expectAnswer(stream).body
                guard body == [UInt8](repeating: UInt8(stream), count: 1_045) else {
                    throw Mismatch(expected: "1,045 bytes of stream \(stream)", seen: "\(body.count) bytes, or another's")
                }
            }
        },
        one("served-by", "says in the answer who served it, and how busy it is", ["CALL-1.5"], strength: .should) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(try .head(stream, scene.echo, end: true))
            let head = try await link.expectAnswer(stream).head
            guard !head.servedBy.isEmpty, head.load != nil else { throw Mismatch(expected: "servedBy and load", seen: "an answer without") }
        },
        one("small-beside-bulk", "does not let a small answer wait for all of a large one", ["FLOW-7.1"], strength: .should) { scene in
            let link = try await scene.link { $0.parameters.streamWindow = 16 }
            link.givesCredit = false
            let bulk = link.newStream()
            let count = Int(clamping: min(link.peer.streamWindow, 200_000))
            try link.send(try .head(bulk, scene.echo))
            try await link.sendBody(bulk, count: count, end: true)
            _ = try await link.expectHead(bulk)
            // What comes back waits at the target: for credit, which comes in one record with a call that has a small answer.
            try await link.expectNothing(on: bulk, for: .milliseconds(300), but: 16)
            let small = link.newStream()
            try link.grant(bulk, 1 << 30, and: try .head(small, Scene.ping, end: true))
            try await link.expect("an answer of mesh.ping") { $0.stream == small && $0.type == FrameType.head.rawValue }
            let before = link.receivedOn[bulk] ?? 0
            guard before < count else { throw Mismatch(expected: "the small answer before the end of the large one", seen: "it behind") }
        },
        one("slow-reader", "waits for a peer that reads slowly", ["FLOW-1.1", "FRAME-2.3"]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(try .head(stream, scene.echo))
            let connection = link.connection as? Connection
            connection?.setReading(false)
            try link.send(
                .data(stream, [UInt8](repeating: 1, count: 60_000)), .data(stream, [UInt8](repeating: 2, count: 60_000), end: true))
            try await Task.sleep(for: .milliseconds(800))
            connection?.setReading(true)
            guard try await link.expectAnswer(stream).body.count == 120_000 else {
                throw Mismatch(expected: "120,000 bytes", seen: "others")
            }
        },
        one("deadline", "resets a call of a service whose deadline has passed", ["CALL-2.2", "CALL-1.6"]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            var head = scene.echo
            head.deadline = 300
            try link.send(try .head(stream, head))
            try await link.expect("RESET of stream \(stream) (deadline exceeded)") {
                $0.stream == stream && $0.type == FrameType.reset.rawValue && $0.code?.base == .deadlineExceeded
            }
        },
        one("cancelled", "bears calls that are reset at every moment", ["CALL-3.2"]) { scene in
            let link = try await scene.link()
            for round in 0..<40 {
                let stream = link.newStream()
                try link.send(try .head(stream, scene.echo), .data(stream, [UInt8](repeating: 1, count: 2_000), end: round % 3 == 0))
                if round % 2 == 0 { try await Task.sleep(for: .milliseconds(round % 8)) }
                try link.send(.reset(stream, .cancelled))
            }
            let stream = link.newStream()
            try link.send(try .head(stream, scene.echo), .data(stream, [5], end: true))
            guard try await link.expectAnswer(stream).body == [5] else { throw Mismatch(expected: "the same byte", seen: "another") }
        },
    ]

    private static let refusals: [ConformanceCase] = [
        one("other-worker", "refuses a call that is meant for another worker", ["CALL-1.2"]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            var head = scene.echo
            head.worker = "conformance-nobody"
            try link.send(try .head(stream, head, end: true))
            try await link.expectRefused(stream, .notFound)
        },
        one("not-forwarded", "does not pass a call that came over a link on to a worker that offers its service", ["CALL-1.3"]) { scene in
            var registry = scene
            registry.target = scene.coordinator
            let offer = try await Offer.make(registry, try await registry.link())
            let link = try await scene.link()
            let stream = link.newStream()
            var head = Head()
            head.service = offer.service
            head.hops = 4
            try link.send(try .head(stream, head, end: true))
            try await offer.expectNobody(within: .milliseconds(500))
            try await link.expectRefused(stream, .notFound)
        },
        one("no-coordinator", "refuses the methods of coordinators", ["MSG-1.5"]) { scene in
            let link = try await scene.link()
            for method in [MeshMethod.list, MeshMethod.register, MeshMethod.discover, MeshMethod.watch, MeshMethod.enrol] {
                try await link.expectRefused(try link.call(method), .notFound)
            }
        },
        one("no-enrolment", "closes on an enrolment, before message 2", ["HS-8.1"]) { scene in
            let connection = try await scene.dial()
            connection.send(try RawInitiator(try scene.approach { $0.token = scene.token }).firstFlight())
            try await connection.expectSilentClose(within: scene.patience)
        },
    ]

    private static let notices: [ConformanceCase] = [
        one("notice-from-a-worker", "refuses a notice from a node that is no coordinator", ["MSG-8.1"]) { scene in
            let link = try await scene.link()
            try await link.expectRefused(try link.call(MeshMethod.notice, try Notice(.drain, text: "").encode()), .permissionDenied)
            try await link.expectService()
        }
    ]
}
