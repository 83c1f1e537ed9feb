import Wire

/// Frames by themselves: headers, types, flags, lengths, and the streams that they may name.
enum FrameSets {
    static func all() -> [VectorSet] {
        [
            VectorSet(
                name: "frames", kind: .frames, description: "Records as frames: headers and payloads, unjudged.", cases: parsing()),
            VectorSet(
                name: "frame-rules", kind: .stream, description: "What a receiver makes of types, flags, lengths and stream ids.",
                cases: types() + flags() + lengths() + streams() + reasons() + ids() + heads()),
            VectorSet(
                name: "link-phases", kind: .stream, description: "GOAWAY, MAX_STREAMS, STOP and RESET, from both sides.",
                cases: goAway() + maxStreams() + stops() + bodies()),
        ]
    }

    private static func parsing() -> [VectorCase] {
        let ping = VectorFrame.ping(1).encoded
        let head = VectorFrame.head(1).encoded
        let odd = VectorFrame(type: 0x7F, flags: 0xFF, stream: .max, payload: [1, 2, 3]).encoded
        var cases: [VectorCase] = []
        func add(_ id: String, _ text: String, _ record: [UInt8], _ error: String? = nil) {
            cases.append(VectorCase(id, error == nil ? Clauses.record : Clauses.recordCut, text, ["record": .hex(record)], error: error))
        }
        add("one", "one frame", ping)
        add("three", "three frames", head + ping + VectorFrame.data(1, 5, end: true).encoded)
        add("empty-payload", "a frame without payload", VectorFrame.data(1, 0).encoded)
        add("unknown", "a frame of an unknown type is a frame", odd)
        add("many", "fifty frames", (0..<50).flatMap { VectorFrame.ping($0).encoded })
        add("nothing", "a record without a byte has no frame", [])
        for count in 1..<8 { add("header-\(count)", "\(count) bytes of a header", Array(ping.prefix(count)), "truncated") }
        for count in 8..<16 { add("payload-\(count - 8)", "\(count - 8) of 8 bytes of payload", Array(ping.prefix(count)), "truncated") }
        for count in [1, 7] { add("second-\(count)", "\(count) bytes behind a whole frame", head + ping.prefix(count), "truncated") }
        add("length-max", "a length of 65,535 with nothing behind it", [0xFF, 0xFF, 0, 0, 0, 0, 0, 1], "truncated")
        add("length-next", "a length that reaches into the next frame", [0, 9] + ping.dropFirst(2), "truncated")
        return cases
    }

    private static func rule(_ id: String, _ clauses: [String], _ text: String, _ script: StreamScript, _ error: String? = nil)
        -> VectorCase
    {
        VectorCase(id, clauses, text, script.input, error: error)
    }

    private static func types() -> [VectorCase] {
        let odd: [UInt8] = [0x03, 0x05, 0x07, 0x09, 0x0B, 0x0D, 0x0F, 0x11, 0x21, 0x7F, 0x81, 0xFF]
        let even: [UInt8] = [0x12, 0x14, 0x16, 0x20, 0x40, 0x80, 0xAE, 0xFE]
        return odd.map { type in
            let frame = VectorFrame(type: type, flags: 0xFF, stream: 0x1234_5678, payload: [1, 2, 3])
            return rule(
                "odd-\([type].hex)", Clauses.oddFrame, "the unknown odd type \([type].hex) is skipped, whatever its flags and stream",
                StreamScript().receive(frame, .ping(7)))
        }
            + even.map { type in
                let frame = VectorFrame(type: type, flags: 0, stream: 0, payload: [])
                return rule(
                    "even-\([type].hex)", Clauses.evenFrame, "the unknown even type \([type].hex)", StreamScript().receive(frame),
                    "unknown-critical")
            } + [rule("record-empty", Clauses.shortRecord, "a record without a frame", StreamScript().receive(bytes: []), "authentication")]
    }

    /// A good frame of each type, on a stream that is there.
    private static let samples: [(String, VectorFrame)] = [
        ("data", .data(1, 3)), ("padding", VectorFrame(.padding, [], 0, [0, 0])), ("head", .head(3)), ("window", .window(1, 1 << 20)),
        ("max-streams", .maxStreams(9_000)), ("stop", .stop(1)), ("reset", .reset(1)), ("ping", .ping(3)), ("pong", .pong(3)),
        ("goaway", .goAway(0)),
    ]

    private static func flags() -> [VectorCase] {
        let defined: [String: UInt8] = ["data": 7, "head": 1]
        return samples.flatMap { name, frame in
            (0..<8).compactMap { bit -> VectorCase? in
                let flag = UInt8(1) << UInt8(bit)
                guard defined[name, default: 0] & flag == 0 else { return nil }
                var frame = frame
                frame.flags |= flag
                return rule(
                    "flag-\(name)-\([flag].hex)", Clauses.frameFlags, "\(name) with the flag \([flag].hex), which it does not define",
                    StreamScript().receive(.head(1)).receive(frame), "bad-value")
            }
        } + [
            rule(
                "flag-more", Clauses.streams, "DATA with MORE, then DATA with END",
                StreamScript().receive(.head(1)).receive(VectorFrame(.data, .more, 1, [1]), .data(1, 2, end: true)))
        ]
    }

    private static func lengths() -> [VectorCase] {
        let rows: [(String, VectorFrame, [Int])] = [
            ("window", .window(1, 1 << 20), [0, 7, 9]), ("max-streams", .maxStreams(9_000), [0, 3, 5]), ("stop", .stop(1), [0, 1, 3]),
            ("reset", .reset(1), [0, 5, 263]), ("ping", .ping(1), [0, 7, 9]), ("pong", .pong(1), [0, 7, 9]),
            ("goaway", .goAway(0), [0, 5, 263]),
        ]
        let short = rows.flatMap { name, frame, counts in
            counts.map { count in
                var frame = frame
                frame.payload = Array((frame.payload + [UInt8](repeating: 0x61, count: 300)).prefix(count))
                return rule(
                    "length-\(name)-\(count)", Clauses.frameLengths, "\(name) of \(count) bytes",
                    StreamScript().receive(.head(1)).receive(frame),
                    "bad-length")
            }
        }
        let large = VectorFrame(.head, [], 1, TLVBytes.field(10, [UInt8](repeating: 0x2F, count: Limits.headSize - 3)))
        let bulk = VectorFrame(.data, [], 1, [UInt8](repeating: 0, count: Limits.data + 1))
        func block(_ payload: Int) -> VectorFrame { .lz4(1, rawSize: 3, [UInt8](repeating: 0, count: payload - 2)) }
        return short + [
            rule("length-head", Clauses.frameLengths, "HEAD of 16,385 bytes", StreamScript().receive(large), "oversized"),
            rule("length-data", Clauses.frameLengths, "DATA of 61,441 bytes", StreamScript().receive(.head(1)).receive(bulk), "oversized"),
            rule(
                "length-data-lz4", Clauses.frameLengths, "compressed DATA of 61,441 bytes",
                StreamScript().receive(.head(1)).receive(block(Limits.data + 1)), "oversized"),
            rule(
                "length-data-lz4-most", Clauses.lz4Fault, "compressed DATA of 61,440 bytes, whose block is looked at",
                StreamScript().receive(.head(1)).receive(block(Limits.data), .ping(7))),
            rule(
                "length-padding", Clauses.padding, "PADDING may have any length",
                StreamScript().receive(
                    VectorFrame(.padding, [], 77, [UInt8](repeating: 0xAA, count: 1_000)), VectorFrame(.padding, [], 0, []), .ping(7))),
        ]
    }

    private static func streams() -> [VectorCase] {
        let links: [(String, VectorFrame)] = [
            ("max-streams", .maxStreams(9_000)), ("ping", .ping(1)), ("pong", .pong(1)), ("goaway", .goAway(0)),
        ]
        let own: [(String, VectorFrame)] = [("data", .data(0, 1)), ("head", .head(0)), ("stop", .stop(0)), ("reset", .reset(0))]
        return links.flatMap { name, frame in
            [1, 2, UInt32.max].map { stream in
                var frame = frame
                frame.stream = stream
                return rule(
                    "stream-\(name)-\(stream)", Clauses.linkFrames, "\(name) with stream \(stream)",
                    StreamScript().receive(.head(1)).receive(frame),
                    "stream-state")
            }
        }
            + own.flatMap { name, frame in
                [false, true].map { isInitiator in
                    rule(
                        "stream-\(name)-0-\(isInitiator ? "initiator" : "responder")", Clauses.streamFrames,
                        "\(name) with stream 0, at the \(isInitiator ? "initiator" : "responder")",
                        StreamScript(initiator: isInitiator).receive(frame),
                        "stream-state")
                }
            } + [
                rule(
                    "stream-window-0", Clauses.sending, "WINDOW with stream 0 is the link's",
                    StreamScript().receive(.window(0, 1 << 30), .ping(7)))
            ]
    }

    private static func reasons() -> [VectorCase] {
        let longest = [UInt8](repeating: 0x61, count: 256)
        return [
            rule(
                "reason-reset", Clauses.longestReason, "RESET with 256 bytes of reason",
                StreamScript().open().receive(.reset(2, 0x8013, retryAfter: 250, reason: longest))),
            rule(
                "reason-goaway", Clauses.longestReason, "GOAWAY with a reason",
                StreamScript().receive(.goAway(0, 0x8017, reason: Array("caf\u{e9}".utf8)))),
            rule(
                "reason-reset-utf8", Clauses.reasonText, "RESET with a reason that is not UTF-8",
                StreamScript().open().receive(.reset(2, reason: [0xFF])), "bad-value"),
            rule(
                "reason-reset-utf8-idle", Clauses.states, "the same of a stream that is idle: the state is looked at first",
                StreamScript().receive(.reset(7, reason: [0xFF])), "stream-state"),
            rule(
                "reason-reset-utf8-gone", Clauses.gone, "the same of a stream that is gone",
                StreamScript().open().reset(2).receive(.reset(2, reason: [0xFF]), .ping(7))),
            rule(
                "reason-goaway-utf8", Clauses.reasonText, "GOAWAY with a reason that is cut within a character",
                StreamScript().receive(.goAway(0, reason: [0x63, 0xC3])), "bad-value"),
        ]
    }
}

extension FrameSets {
    private static func ids() -> [VectorCase] {
        let first = StreamScript()
        return [
            rule("id-order", Clauses.streamIDs, "three streams in order", first.receive(.head(1), .head(3), .head(5))),
            rule("id-gap", Clauses.streamIDs, "ids may be left out", first.receive(.head(1), .head(9), .ping(7))),
            rule("id-last", Clauses.streamIDs, "the highest odd id", first.receive(.head(.max), .ping(7))),
            rule("id-lower", Clauses.streamIDs, "a lower id is gone, and ignored", first.receive(.head(9), .head(3), .ping(7))),
            rule(
                "id-parity-responder", Clauses.parity, "an initiator that opens an even stream", first.receive(.head(2)), "stream-state"),
            rule(
                "id-parity-initiator", Clauses.parity, "a responder that opens an odd stream",
                StreamScript(initiator: true).receive(.head(1)), "stream-state"),
            rule("id-even", Clauses.parity, "a responder opens even streams", StreamScript(initiator: true).receive(.head(2), .head(4))),
            rule("id-own", Clauses.parity, "own ids: odd for an initiator", StreamScript(initiator: true).open().open().open(end: true)),
            rule("id-own-responder", Clauses.parity, "own ids: even for a responder", first.open().open().open(end: true)),
            rule(
                "id-future", Clauses.parity, "an answer on an own id that was not used", first.open().receive(.head(4, answer: true)),
                "stream-state"),
        ]
    }

    /// A HEAD whose content is wrong ends its stream only.
    private static func heads() -> [VectorCase] {
        let rows: [(String, String, [UInt8])] = [
            ("even", "an unknown even field", TLVBytes.field(100, [1])), ("cut", "a field that ends", [0, 4, 0, 9, 0x61]),
            ("order", "fields out of order", TLVBytes.text(6, "a") + TLVBytes.text(4, "a")),
            ("empty", "an empty field", TLVBytes.field(4, [])),
            ("long", "a service of 129 bytes", TLVBytes.field(4, [UInt8](repeating: 0x61, count: 129))),
            ("utf8", "a service that is not UTF-8", TLVBytes.field(4, [0xFF])),
        ]
        return rows.flatMap { id, text, payload in
            [
                rule(
                    "head-\(id)", Clauses.headFault, "a request's HEAD with \(text): the stream is refused, the link goes on",
                    StreamScript().receive(VectorFrame(.head, [], 1, payload), .ping(7))),
                rule(
                    "answer-\(id)", Clauses.headFault, "an answer's HEAD with \(text): the stream ends, the link goes on",
                    StreamScript().open().receive(VectorFrame(.head, [], 2, payload), .ping(7))),
            ]
        }
    }

    private static func goAway() -> [VectorCase] {
        let two = StreamScript().open().open()
        return [
            rule(
                "goaway", Clauses.noNewStream, "GOAWAY without streams; none is opened behind it", StreamScript().receive(.goAway(0)).open()
            ),
            rule(
                "goaway-keeps", Clauses.keptByGoAway, "streams up to the last one go on",
                two.receive(.goAway(4)).receive(.head(2, answer: true), .head(4, end: true, answer: true))),
            rule(
                "goaway-first", Clauses.refusedByGoAway, "the streams above the last one have failed",
                two.receive(.goAway(2, 0x8017)).receive(.head(2, answer: true))),
            rule("goaway-all", Clauses.refusedByGoAway, "all streams have failed", two.receive(.goAway(0, 0x0004))),
            rule(
                "goaway-answer", Clauses.refusedByGoAway, "an answer on a stream above the last one is ignored",
                two.receive(.goAway(2)).receive(.head(4, answer: true), .ping(7))),
            rule(
                "goaway-peers", Clauses.keptByGoAway, "streams of the side that goes away go on",
                StreamScript().receive(.head(1)).receive(.goAway(0)).receive(.data(1, 2, end: true))),
            rule(
                "goaway-peers-new", Clauses.keptByGoAway, "the side that goes away may open streams",
                StreamScript().receive(.goAway(0)).receive(.head(1, end: true))),
            rule("goaway-twice", Clauses.noNewStream, "GOAWAY twice", StreamScript().receive(.goAway(8)).receive(.goAway(2))),
            rule(
                "goaway-own", Clauses.ownGoAway, "streams behind the own GOAWAY are refused",
                StreamScript().receive(.head(1)).goAway().receive(.head(3), .ping(7))),
            rule(
                "goaway-own-keeps", Clauses.keptByGoAway, "streams from before the own GOAWAY go on",
                StreamScript().receive(.head(1)).goAway().receive(.data(1, 2, end: true)).answer(1, end: true)),
        ]
    }

    private static func maxStreams() -> [VectorCase] {
        func own(_ count: UInt32) -> StreamScript { StreamScript(own: LinkParameters(bootEpoch: 1, maxStreams: count, features: [])) }
        func peer(_ count: UInt32) -> StreamScript { StreamScript(peer: LinkParameters(bootEpoch: 2, maxStreams: count, features: [])) }
        return [
            rule(
                "streams-within", Clauses.tooManyStreams, "as many streams as were granted",
                own(3).receive(.head(1), .head(3), .head(5), .ping(7))),
            rule(
                "streams-beyond", Clauses.tooManyStreams, "one stream too many",
                own(3).receive(.head(1), .head(3), .head(5)).receive(.head(7)),
                "stream-state"),
            rule("streams-none", Clauses.tooManyStreams, "no stream was granted", own(0).receive(.head(1)), "stream-state"),
            rule(
                "streams-reset", Clauses.cleanedUp, "a reset by the peer gives nothing back at once",
                own(3).receive(.head(1), .head(3), .head(5)).receive(.reset(1), .reset(3), .reset(5)).receive(.head(7)), "stream-state"),
            rule("streams-own", Clauses.openStreams, "own streams up to what was granted", peer(2).open().open().open()),
            rule("streams-own-none", Clauses.openStreams, "no own stream was granted", peer(0).open()),
            rule(
                "streams-more", Clauses.openStreams, "MAX_STREAMS allows one more",
                peer(1).open().open().receive(.maxStreams(2)).open().open()),
            rule(
                "streams-same", Clauses.lowerMaxStreams, "MAX_STREAMS that grants nothing is ignored",
                peer(1).open().receive(.maxStreams(1)).open()),
            rule(
                "streams-less", Clauses.lowerMaxStreams, "MAX_STREAMS that is lower is ignored",
                peer(3).open().receive(.maxStreams(1)).open()),
            rule("streams-zero", Clauses.lowerMaxStreams, "MAX_STREAMS of 0 is ignored", peer(1).receive(.maxStreams(0)).open()),
            rule("streams-max", Clauses.openStreams, "the greatest MAX_STREAMS", peer(1).open().receive(.maxStreams(.max)).open()),
        ]
    }

    private static func stops() -> [VectorCase] {
        let answered = StreamScript().receive(.head(1, end: true)).answer(1)
        return [
            rule(
                "stop-unanswered", Clauses.earlyStop, "STOP before the answer: RESET with its code",
                StreamScript().receive(.head(1)).receive(.stop(1, 0x10))),
            rule(
                "stop-answering", Clauses.stop, "STOP within the answer: nothing more is sent of it",
                answered.send(1, 100).receive(.stop(1, 0x10)).send(1, 100)),
            rule(
                "stop-own", Clauses.stop, "STOP of a request: its answer may still come",
                StreamScript().open().send(2, 10).receive(.stop(2, 0)).send(2, 10).receive(.head(2, answer: true), .data(2, 3, end: true))),
            rule(
                "stop-dropped", Clauses.stoppedData, "DATA behind the own STOP is dropped",
                StreamScript().receive(.head(1)).stop(1).receive(.data(1, 9), .data(1, 3, end: true), .ping(7))),
            rule(
                "reset-code", Clauses.gone, "RESET with a code and a time to wait",
                StreamScript().open().receive(.reset(2, 0x8013, retryAfter: 1_500))),
            rule("reset-unknown", Clauses.errors, "RESET with a code that nobody knows", StreamScript().open().receive(.reset(2, 0x7777))),
            rule(
                "reset-own", Clauses.goneData, "the own RESET",
                StreamScript().receive(.head(1)).reset(1, 0x8014).receive(.data(1, 5), .ping(7))),
        ]
    }

    private static func bodies() -> [VectorCase] {
        [
            rule(
                "call", Clauses.streams, "a request and its answer",
                StreamScript().receive(.head(1), .data(1, 5), .data(1, 3, end: true)).answer(1).send(1, 20, end: true)),
            rule(
                "call-own", Clauses.streams, "an own request and its answer",
                StreamScript(initiator: true).open().send(1, 20, end: true).receive(.head(1, answer: true), .data(1, 4, end: true))),
            rule(
                "call-interleaved", Clauses.streams, "two requests at once",
                StreamScript().receive(.head(1), .head(3), .data(3, 2), .data(1, 1), .data(3, 1, end: true), .data(1, 0, end: true))),
            rule(
                "call-early", Clauses.streams, "an answer that ends before the request",
                StreamScript().receive(.head(1)).answer(1, end: true).receive(.data(1, 3, end: true))),
            rule(
                "data-behind-end", Clauses.states, "DATA behind END",
                StreamScript().receive(.head(1), .data(1, 1, end: true)).receive(.data(1, 1)), "stream-state"),
            rule("head-twice", Clauses.states, "HEAD twice", StreamScript().receive(.head(1), .head(1)), "stream-state"),
        ]
    }
}
