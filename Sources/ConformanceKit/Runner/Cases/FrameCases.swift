import Wire

/// Frames by themselves: types, flags, lengths, the streams that they may name.
enum FrameCases {
    static let all: [ConformanceCase] = unknown + flags + lengths + zero + bounds + pings

    /// The link ends with a code.
    static func ends(
        _ id: String, _ title: String, _ clauses: [String], _ codes: ErrorCode...,
        frames: @escaping @Sendable (RawLink) throws -> [RawFrame]
    ) -> ConformanceCase {
        ConformanceCase(id, "ends the link on \(title)", clauses) { scene in
            let link = try await scene.link()
            try link.send(try frames(link))
            try await link.expectGoAway(codes[0])
        }
    }

    /// The link goes on.
    static func bears(
        _ id: String, _ title: String, _ clauses: [String], frames: @escaping @Sendable (RawLink) throws -> [RawFrame]
    ) -> ConformanceCase {
        ConformanceCase(id, title, clauses) { scene in
            let link = try await scene.link()
            try link.send(try frames(link))
            try await link.expectAlive()
        }
    }

    // MARK: Types and flags

    private static let unknown: [ConformanceCase] =
        ([0x03, 0x05, 0x07, 0x09, 0x0b, 0x0d, 0x0f, 0x11, 0x1f, 0x21, 0x55, 0x7f, 0xab, 0xff] as [UInt8]).map { type in
            bears("frame/grease-\(hex(type))", "skips a frame of the unknown odd type \(hex(type))", ["FRAME-1.1", "CONV-6.1"]) { _ in
                [RawFrame(type, stream: 0, [1, 2, 3]), RawFrame(type, flags: 0xff, stream: 12_345, [])]
            }
        }
        + ([0x12, 0x14, 0x16, 0x18, 0x20, 0x40, 0x80, 0xaa, 0xfe] as [UInt8]).map { type in
            ends("frame/critical-\(hex(type))", "the unknown even type \(hex(type))", ["FRAME-1.2"], .protocolViolation) { _ in
                [RawFrame(type, stream: 0, [])]
            }
        }
        + [
            bears("frame/grease-large", "skips an unknown frame of the greatest size", ["FRAME-1.1"]) { _ in
                [RawFrame(0x21, stream: 1, [UInt8](repeating: 1, count: Limits.framePayload))]
            },
            bears("frame/grease-between", "skips unknown frames between the frames of a call", ["FRAME-1.1"]) { link in
                let stream = link.newStream()
                return [
                    try .head(stream, Scene.ping), RawFrame(0x23, stream: stream, [9]), .data(stream, [1]), RawFrame(0x25, stream: stream),
                    .data(stream, [], end: true),
                ]
            },
        ]

    /// A frame of each type that is right, on a stream that a HEAD has opened before where it needs one.
    private static func right(_ type: FrameType, _ link: RawLink) throws -> [RawFrame] {
        let stream = link.newStream()
        let open = try RawFrame.head(stream, Scene.ping)
        return switch type {
        case .data: [open, .data(stream, [1])]
        case .padding: [.padding(4)]
        case .head: [open]
        case .window: [.window(0, link.own.linkWindow)]
        case .maxStreams: [.maxStreams(link.own.maxStreams)]
        case .stop: [open, .stop(stream, .cancelled)]
        case .reset: [open, .reset(stream, .cancelled)]
        case .ping: [.ping(1)]
        case .pong: [.pong(1)]
        case .goAway: [.goAway(last: 0, .none)]
        }
    }

    private static let types: [(FrameType, String, [UInt8])] = [
        (.data, "data", [0x08, 0x40, 0x80]), (.padding, "padding", [0x01, 0x80]), (.head, "head", [0x02, 0x04, 0x80]),
        (.window, "window", [0x01, 0x80]), (.maxStreams, "max-streams", [0x01, 0x80]), (.stop, "stop", [0x01, 0x80]),
        (.reset, "reset", [0x01, 0x80]), (.ping, "ping", [0x01, 0x80]), (.pong, "pong", [0x01, 0x80]), (.goAway, "goaway", [0x01, 0x80]),
    ]

    private static let flags: [ConformanceCase] = types.flatMap { type, name, bits in
        bits.map { bit in
            ends("frame/flag-\(name)-\(hex(bit))", "the flag \(hex(bit)) on \(name)", ["FRAME-1.3"], .protocolViolation) { link in
                var frames = try right(type, link)
                frames[frames.count - 1].flags |= bit
                return frames
            }
        }
    }

    // MARK: Lengths

    private static func length(_ name: String, _ type: FrameType, _ counts: [Int], onStream: Bool = false) -> [ConformanceCase] {
        counts.map { count in
            ends("frame/length-\(name)-\(count)", "\(name) with \(count) bytes", ["FRAME-1.4"], .protocolViolation) { link in
                let stream = onStream ? link.newStream() : 0
                let open = onStream ? [try RawFrame.head(stream, Scene.ping)] : []
                return open + [RawFrame(type, stream: stream, [UInt8](repeating: 0x41, count: count))]
            }
        }
    }

    private static let lengths: [ConformanceCase] =
        length("ping", .ping, [0, 7, 9]) + length("pong", .pong, [0, 7, 9]) + length("window", .window, [0, 7, 9])
        + length("max-streams", .maxStreams, [0, 3, 5]) + length("stop", .stop, [0, 1, 3], onStream: true)
        + length("reset", .reset, [0, 5, 263], onStream: true) + length("goaway", .goAway, [0, 5, 263])
        + [
            bears("frame/reason-longest", "takes a RESET with a reason of 256 bytes", ["FRAME-1.4", "FRAME-1.7"]) { link in
                let stream = link.newStream()
                return [try .head(stream, Scene.ping), .reset(stream, .cancelled, reason: [UInt8](repeating: 0x61, count: 256))]
            },
            ends("frame/reason-reset-not-utf8", "a RESET whose reason is not UTF-8", ["FRAME-1.8"], .protocolViolation) { link in
                let stream = link.newStream()
                return [try .head(stream, Scene.ping), .reset(stream, .cancelled, reason: [0xc3, 0x28])]
            },
            ends("frame/reason-goaway-not-utf8", "a GOAWAY whose reason is not UTF-8", ["FRAME-1.8"], .protocolViolation) { _ in
                [.goAway(last: 0, .draining, reason: [0xff])]
            },
            bears("frame/code-unknown", "takes a RESET with a code that nobody knows", ["FRAME-7.2"]) { link in
                let stream = link.newStream()
                return [try .head(stream, Scene.ping), .reset(stream, ErrorCode(rawValue: 0x7abc))]
            },
            bears("frame/padding-largest", "ignores the bytes of PADDING", ["FRAME-5.5"]) { _ in
                [RawFrame(.padding, stream: 0xffff_ffff, SystemRandom.bytes(Limits.framePayload))]
            },
            bears("frame/padding-empty", "takes PADDING without a byte", ["FRAME-5.5"]) { _ in [.padding(0)] },
        ]

    // MARK: Stream 0, and bounds of HEAD and DATA

    private static let zero: [ConformanceCase] =
        [
            ends("frame/zero-data", "DATA with stream 0", ["FRAME-1.6"], .streamState) { _ in [.data(0, [1])] },
            ends("frame/zero-head", "HEAD with stream 0", ["FRAME-1.6"], .streamState) { _ in [try .head(0, Scene.ping)] },
            ends("frame/zero-stop", "STOP with stream 0", ["FRAME-1.6"], .streamState) { _ in [.stop(0, .cancelled)] },
            ends("frame/zero-reset", "RESET with stream 0", ["FRAME-1.6"], .streamState) { _ in [.reset(0, .cancelled)] },
        ]
        + [(FrameType.ping, "ping"), (.pong, "pong"), (.maxStreams, "max-streams"), (.goAway, "goaway")].map { type, name in
            ends("frame/stream-\(name)", "\(name) with a stream other than 0", ["FRAME-1.5"], .streamState) { link in
                var frames = try right(type, link)
                frames[0].stream = 1
                return frames
            }
        }

    /// A head of exactly `count` bytes that asks for `mesh.ping`.
    static func head(of count: Int) -> [UInt8] {
        var head = RawTLV([(2, Array(MeshMethod.ping.utf8))])
        let fill = count - head.encoded.count - 4
        head[0xffff] = [UInt8](repeating: 1, count: max(1, fill))
        return head.encoded
    }

    private static let bounds: [ConformanceCase] = [
        ConformanceCase("frame/head-largest", "takes a HEAD of 16,384 bytes", ["FRAME-1.4"]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(.head(stream, head(of: Limits.headSize), end: true))
            _ = try await link.expectAnswer(stream)
        },
        ends("frame/head-too-large", "a HEAD of 16,385 bytes", ["FRAME-1.4"], .tooLarge) { link in
            [.head(link.newStream(), head(of: Limits.headSize + 1), end: true)]
        },
        ends("frame/head-far-too-large", "a HEAD of 65,000 bytes", ["FRAME-1.4"], .tooLarge) { link in
            [.head(link.newStream(), head(of: 65_000), end: true)]
        },
        ConformanceCase("frame/data-largest", "takes DATA of 61,440 bytes", ["FRAME-1.4"]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(try .head(stream, Scene.ping), .data(stream, [UInt8](repeating: 5, count: Limits.data), end: true))
            _ = try await link.expectAnswer(stream)
        },
        ends("frame/data-too-large", "DATA of 61,441 bytes", ["FRAME-1.4"], .tooLarge) { link in
            let stream = link.newStream()
            return [try .head(stream, Scene.ping), .data(stream, [UInt8](repeating: 5, count: Limits.data + 1))]
        },
        ConformanceCase("frame/data-empty", "takes DATA without a byte", ["FRAME-2.3"]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            try link.send(try .head(stream, Scene.ping), .data(stream, []), .data(stream, []), .data(stream, [], end: true))
            _ = try await link.expectAnswer(stream)
        },
        ConformanceCase("frame/data-more", "takes MORE as the hint that it is", ["FRAME-2.3"]) { scene in
            let link = try await scene.link()
            let stream = link.newStream()
            var first = RawFrame.data(stream, [1, 2, 3])
            first.flags = RawFrame.more
            var last = RawFrame.data(stream, [4], end: true)
            last.flags |= RawFrame.more
            try link.send(try .head(stream, Scene.ping), first, last)
            _ = try await link.expectAnswer(stream)
        },
    ]

    private static let pings: [ConformanceCase] =
        [0, 1, 0x0102_0304_0506_0708, UInt64.max].map { number in
            ConformanceCase("frame/ping-\(String(number, radix: 16))", "answers PING with its 8 bytes", ["FRAME-5.4"]) { scene in
                let link = try await scene.link()
                try link.send(.ping(number))
                try await link.expect("PONG") { $0.type == FrameType.pong.rawValue && $0.payload == bigEndian(number) && $0.stream == 0 }
            }
        } + [
            bears("frame/pong-unasked", "takes a PONG that it has not asked for", ["FRAME-5.4"]) { _ in [.pong(77)] }
        ]
}
