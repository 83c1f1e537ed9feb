import Wire

/// MAX_STREAMS: how many streams there may be.
enum StreamCountCases {
    static let all: [ConformanceCase] = [
        ConformanceCase("streams/grows", "allows more streams when streams are done", ["FLOW-5.2"]) { scene in
            let link = try await scene.link()
            let first = link.peer.maxStreams
            try limit(first)
            for _ in 0..<first {
                let stream = link.newStream()
                try link.send(try .head(stream, Scene.ping, end: true))
                if stream % 128 == 1 { _ = try await link.expectAnswer(stream) }
            }
            try await awaitLimit(link, above: first)
            try await link.expectService()
        },
        ConformanceCase("streams/reset-frees", "allows more streams when streams were reset", ["FLOW-5.2"]) { scene in
            let link = try await scene.link()
            let first = link.peer.maxStreams
            try limit(first)
            for index in 0..<first {
                let stream = link.newStream()
                // Only each fourth, so that the budget for resets is not used up.
                if index % 4 == 0 {
                    try link.send(try .head(stream, Scene.ping), .reset(stream, .cancelled))
                } else {
                    try link.send(try .head(stream, Scene.ping, end: true))
                }
                if index % 128 == 0 { try await link.expectAlive() }
            }
            try await awaitLimit(link, above: first)
            try await link.expectService()
        },
        ConformanceCase("streams/one-too-many", "ends the link on one stream more than it has allowed", ["FRAME-3.5"], alone: true) {
            scene in
            let link = try await scene.link()
            let first = link.peer.maxStreams
            try limit(first)
            try link.send(try (0..<first).map { _ in try .head(link.newStream(), Scene.ping) })
            try await link.expectAlive("\(first) streams are open", within: link.patience * 3)
            try link.send(try .head(link.newStream(), Scene.ping))
            try await link.expectGoAway(.streamState)
        },
        ConformanceCase("streams/lower-is-ignored", "ignores a MAX_STREAMS that is lower than the one before", ["FLOW-5.3"]) { scene in
            let link = try await scene.link()
            try link.send(.maxStreams(0), .maxStreams(1), .maxStreams(100_000), .maxStreams(5))
            try await link.expectService()
        },
        ConformanceCase("streams/largest", "takes the greatest MAX_STREAMS", ["FLOW-5.3"]) { scene in
            let link = try await scene.link()
            try link.send(.maxStreams(.max))
            try await link.expectService()
        },
    ]

    /// A target that allows very many streams at first is not put to this test.
    private static func limit(_ count: UInt32) throws {
        guard 1...20_000 ~= count else { throw Lacking(what: "a first limit of at most 20,000 streams") }
    }

    private static func awaitLimit(_ link: RawLink, above first: UInt32) async throws {
        link.seesCredit = true
        defer { link.seesCredit = false }
        try await link.expectAlive(within: link.patience * 3)
        let deadline = ContinuousClock.now + link.patience
        while link.streamLimit <= first {
            guard case .frame = try await link.next(until: deadline) else {
                throw Mismatch(expected: "MAX_STREAMS above \(first) when \(first) streams are done", seen: "\(link.streamLimit)")
            }
        }
    }
}
