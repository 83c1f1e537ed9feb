import Wire

/// Frames that make no progress: what the budget allows, and more.
enum FloodCases {
    static let all: [ConformanceCase] =
        Kind.allCases.flatMap { [within($0), beyond($0)] } + [
            ConformanceCase("flood/afterwards", "serves others while it is flooded", ["MSG-1.6", "FRAME-5.4"]) { scene in
                let flooded = try await scene.link()
                try flooded.send((0..<8_000).map { RawFrame.ping($0) })
                let stranger = try await scene.halfway { approach in
                    if let other = scene.other { approach.identity = other }
                }
                stranger.connection.close()
                _ = try await flooded.floodEnds()
                try await scene.link().expectService()
            }
        ]

    private enum Kind: String, CaseIterable {
        case ping, pong, padding, unknown, goaway
        case window = "window-same"
        case maxStreams = "max-streams-same"
        case emptyData = "empty-data"
        case stop = "stop-gone"
        case reset = "reset-gone"
        case rapidReset = "rapid-reset"
        case badHead = "bad-head"

        /// How many of them go out with one HEAD: those that need a stream of their own.
        var opens: Bool { self == .rapidReset || self == .badHead }

        func frames(_ count: Int, _ link: RawLink) throws -> [RawFrame] {
            let stream = link.newStream()
            let open = try RawFrame.head(stream, Scene.ping)
            let many = 0..<count
            return switch self {
            case .ping: many.map { RawFrame.ping(UInt64($0)) }
            case .pong: many.map { RawFrame.pong(UInt64($0)) }
            case .padding: many.map { _ in RawFrame.padding(1) }
            case .unknown: many.map { _ in RawFrame(0x7b, stream: 0) }
            case .goaway: many.map { _ in RawFrame.goAway(last: 0, .none) }
            case .window: many.map { _ in RawFrame.window(0, link.own.linkWindow) }
            case .maxStreams: many.map { _ in RawFrame.maxStreams(link.own.maxStreams) }
            case .emptyData: [open] + many.map { _ in RawFrame.data(stream, []) }
            case .stop: [open, .reset(stream, .cancelled)] + many.map { _ in RawFrame.stop(stream, .cancelled) }
            case .reset: [open, .reset(stream, .cancelled)] + many.map { _ in RawFrame.reset(stream, .cancelled) }
            case .rapidReset:
                try many.flatMap { _ in
                    let stream = link.newStream()
                    return [try RawFrame.head(stream, Scene.ping), .reset(stream, .cancelled)]
                }
            case .badHead: many.map { _ in RawFrame.head(link.newStream(), [0, 26, 0, 1, 1], end: true) }
            }
        }
    }

    /// What the budget allows must be borne.
    private static func within(_ kind: Kind) -> ConformanceCase {
        ConformanceCase("flood/\(kind.rawValue)-within", "bears 900 frames without progress (\(kind.rawValue))", ["FLOW-6.2"]) { scene in
            let link = try await scene.link()
            let count = kind.opens ? min(900, Int(link.peer.maxStreams) - 8) : 900
            if kind == .goaway { link.kept = [] }
            // A link that has seen GOAWAY may be closed when its last stream is gone: one stays open.
            let held = link.newStream()
            try link.send(try .head(held, Scene.ping))
            try link.send(try kind.frames(max(1, count), link))
            try await link.expectAlive(within: link.patience * 3)
            try link.send(.data(held, [], end: true))
            _ = try await link.expectAnswer(held)
        }
    }

    private static func beyond(_ kind: Kind) -> ConformanceCase {
        ConformanceCase(
            "flood/\(kind.rawValue)-beyond", "ends the link with flood on 5,000 frames without progress (\(kind.rawValue)), or bears them",
            ["FRAME-5.4", "FRAME-8.1", "FLOW-6.1"]
        ) { scene in
            let link = try await scene.link()
            let held = link.newStream()
            try link.send(try .head(held, Scene.ping))
            let count = kind.opens ? min(3_000, Int(link.peer.maxStreams) - 8) : 5_000
            try link.send(try kind.frames(max(1, count), link))
            let hasEnded = try await link.floodEnds()
            guard hasEnded || count <= 2_000 else { throw Shortfall(expected: "GOAWAY (flood)", seen: "a PONG") }
        }
    }
}
