import Wire

/// Credit, budgets and compressed bodies, as frames on a link with small windows.
enum FlowSets {
    static func all() -> [VectorSet] {
        [
            VectorSet(
                name: "flow-control", kind: .stream, description: "Credit of streams and of the link, with windows of a few bytes.",
                cases: receiving() + receivingCompressed() + sending() + windows()),
            VectorSet(
                name: "budgets", kind: .stream, description: "Frames that make no progress, and how many of them a receiver takes.",
                cases: budgets()),
            VectorSet(name: "compressed-data", kind: .stream, description: "DATA with LZ4.", cases: compressed()),
        ]
    }

    /// This side grants 10 bytes a stream and 25 on the link.
    private static func small(stream: UInt64 = 10, link: UInt64 = 25) -> StreamScript {
        StreamScript(own: LinkParameters(bootEpoch: 1, streamWindow: stream, linkWindow: link, features: []))
    }

    /// The peer grants so much.
    private static func granted(stream: UInt64 = 10, link: UInt64 = 25) -> StreamScript {
        StreamScript(peer: LinkParameters(bootEpoch: 2, streamWindow: stream, linkWindow: link, features: []))
    }

    private static func rule(_ id: String, _ clauses: [String], _ text: String, _ script: StreamScript, _ error: String? = nil)
        -> VectorCase
    {
        VectorCase(id, clauses, text, script.input, error: error)
    }

    /// "abc", and "a" thirty times, as LZ4 blocks.
    private static let abc: [UInt8] = [0x30, 0x61, 0x62, 0x63]
    private static let thirty: [UInt8] = [0x1F, 0x61, 0x01, 0x00, 0x05, 0x50, 0x61, 0x61, 0x61, 0x61, 0x61]

    private static func receiving() -> [VectorCase] {
        let one = small().receive(.head(1))
        let three = small().receive(.head(1), .head(3), .head(5))
        return [
            rule("stream-exact", Clauses.receiving, "exactly the credit of a stream", one.receive(.data(1, 10), .ping(7))),
            rule(
                "stream-pieces", Clauses.receiving, "the credit of a stream in pieces",
                one.receive(.data(1, 3), .data(1, 0), .data(1, 7), .ping(7))),
            rule(
                "stream-end", Clauses.receiving, "an END when no credit is left",
                one.receive(.data(1, 10), .data(1, 0, end: true), .ping(7))),
            rule("stream-beyond", Clauses.receiving, "one byte above the credit of a stream", one.receive(.data(1, 11)), "flow-control"),
            rule(
                "stream-beyond-pieces", Clauses.receiving, "one byte too many in the second frame",
                one.receive(.data(1, 10)).receive(.data(1, 1)), "flow-control"),
            rule(
                "stream-beyond-end", Clauses.receiving, "one byte too many in the last frame",
                one.receive(.data(1, 8)).receive(.data(1, 3, end: true)), "flow-control"),
            rule(
                "link-exact", Clauses.receiving, "exactly the credit of the link",
                three.receive(.data(1, 10), .data(3, 10), .data(5, 5), .ping(7))),
            rule(
                "link-beyond", Clauses.receiving, "one byte above the credit of the link",
                three.receive(.data(1, 10), .data(3, 10)).receive(.data(5, 6)), "flow-control"),
            rule(
                "link-small", Clauses.receiving, "a link with less credit than a stream",
                small(stream: 10, link: 4).receive(.head(1)).receive(.data(1, 5)), "flow-control"),
            rule("streams-apart", Clauses.receiving, "each stream has its own credit", three.receive(.data(1, 10), .data(3, 10), .ping(7))),
            rule(
                "no-window", Clauses.receiving, "a stream window of 0", small(stream: 0).receive(.head(1)).receive(.data(1, 1)),
                "flow-control"),
            rule(
                "no-window-end", Clauses.receiving, "an END on a stream window of 0",
                small(stream: 0).receive(.head(1), .data(1, 0, end: true), .ping(7))),
            rule(
                "gone-counts", Clauses.goneData, "DATA of a stream that is gone counts on the link",
                small(stream: 10, link: 25).receive(.head(1), .reset(1)).receive(.data(1, 26)), "flow-control"),
            rule(
                "gone-again", Clauses.goneData, "bytes for a stream that is gone come back to the link",
                small(stream: 10, link: 20).receive(.head(1), .reset(1)).receive(.data(1, 20)).receive(.data(1, 20)).receive(
                    .data(1, 20), .ping(7))),
            rule(
                "gone-any", Clauses.goneData, "a stream that is gone has no limit of its own",
                small(stream: 10, link: 40).receive(.head(1), .reset(1)).receive(.data(1, 30), .ping(7))),
            rule(
                "stopped-beyond", Clauses.receiving, "a stream that was stopped keeps its limit", one.stop(1).receive(.data(1, 11)),
                "flow-control"),
            rule(
                "both-beyond", Clauses.receiving, "an answer beyond its credit",
                small().open().receive(.head(2, answer: true)).receive(.data(2, 11)), "flow-control"),
            rule(
                "order", Clauses.receiving, "DATA beyond the link's credit on an idle stream: credit is looked at first",
                small(link: 4).receive(.data(1, 5)), "flow-control"),
            rule(
                "order-stream-0", Clauses.receiving, "DATA beyond the link's credit on stream 0", small(link: 4).receive(.data(0, 5)),
                "flow-control"),
        ]
    }

    private static func receivingCompressed() -> [VectorCase] {
        [
            rule(
                "lz4-raw", Clauses.rawCredit, "thirty bytes in a block of eleven, with a credit of thirty",
                small(stream: 30, link: 30).receive(.head(1)).receive(.lz4(1, rawSize: 30, thirty), .ping(7))),
            rule(
                "lz4-beyond", Clauses.rawCredit, "thirty bytes in a block of eleven, with a credit of twenty-nine",
                small(stream: 29, link: 100).receive(.head(1)).receive(.lz4(1, rawSize: 30, thirty)), "flow-control"),
            rule(
                "lz4-beyond-link", Clauses.rawCredit, "the same on the link",
                small(stream: 100, link: 29).receive(.head(1)).receive(.lz4(1, rawSize: 30, thirty)), "flow-control"),
            rule(
                "lz4-claim", Clauses.rawCredit, "a claim of 61,440 bytes in a block of three counts before it is looked at",
                small(stream: 100, link: 100).receive(.head(1)).receive(.lz4(1, rawSize: 61_440, abc)), "flow-control"),
            rule(
                "lz4-gone", Clauses.rawCredit, "a compressed frame of a stream that is gone counts its raw size",
                small(link: 29).receive(.head(1), .reset(1)).receive(.lz4(1, rawSize: 30, thirty)), "flow-control"),
        ]
    }

    private static func sending() -> [VectorCase] {
        let one = granted().open()
        return [
            rule("send-within", Clauses.sending, "fewer bytes than the credit", one.send(2, 9)),
            rule("send-exact", Clauses.sending, "as many bytes as the credit", one.send(2, 10)),
            rule("send-more", Clauses.sending, "more bytes than the credit: the rest waits", one.send(2, 40)),
            rule("send-pieces", Clauses.sending, "many small pieces", one.send(2, 3).send(2, 3).send(2, 3).send(2, 3)),
            rule("send-window", Clauses.sending, "WINDOW lets more go", one.send(2, 40).receive(.window(2, 17))),
            rule("send-window-link", Clauses.sending, "the link's credit ends first", one.send(2, 40).receive(.window(2, 100))),
            rule(
                "send-link-first", Clauses.sending, "WINDOW of the link alone changes nothing for a stream without credit",
                one.send(2, 40).receive(.window(0, 100))),
            rule("send-both", Clauses.sending, "WINDOW of stream and link", one.send(2, 40).receive(.window(2, 100), .window(0, 100))),
            rule(
                "send-both-other", Clauses.sending, "WINDOW of link and stream",
                one.send(2, 40).receive(.window(0, 100)).receive(.window(2, 33))),
            rule(
                "send-link-small", Clauses.sending, "a link with less credit than a stream",
                granted(stream: 10, link: 6).open().send(2, 10)),
            rule(
                "send-link-raised", Clauses.sending, "a link with less credit than a stream, raised",
                granted(stream: 10, link: 6).open().send(2, 10).receive(.window(0, 9))),
            rule(
                "send-absolute", Clauses.sending, "credit is absolute: 12 is two more than 10", one.send(2, 40).receive(.window(2, 12))),
            rule(
                "send-same", Clauses.sending, "the same WINDOW again allows nothing more",
                one.send(2, 40).receive(.window(2, 12), .window(2, 12))),
            rule(
                "send-two", Clauses.sending, "two streams, each within its own",
                granted(stream: 10, link: 100).open().open().send(2, 40).send(4, 7)),
            rule("send-none", Clauses.sending, "no credit at all", granted(stream: 0, link: 0).open().send(2, 5)),
            rule(
                "send-none-raised", Clauses.sending, "no credit at first",
                granted(stream: 0, link: 0).open().send(2, 5).receive(.window(0, 5), .window(2, 5))),
            rule("send-early-window", Clauses.sending, "WINDOW before anything is sent", one.receive(.window(2, 20)).send(2, 40)),
            rule(
                "send-answer", Clauses.sending, "an answer has the same credit",
                granted().receive(.head(1, end: true)).answer(1).send(1, 40)),
            rule(
                "send-reset", Clauses.sending, "what waits is dropped with a RESET",
                one.send(2, 40).receive(.reset(2)).receive(.window(2, 100))),
        ]
    }

    private static func windows() -> [VectorCase] {
        let one = granted(stream: 1_000, link: 1_000).open()
        let top = UInt64(Int64.max)
        let rows: [(String, String, UInt32, UInt64, String?)] = [
            ("same", "the same", 2, 1_000, nil), ("one-more", "one more", 2, 1_001, nil), ("one-less", "one less", 2, 999, "flow-control"),
            ("zero", "0", 2, 0, "flow-control"), ("top", "2^63 - 1", 2, top, nil), ("beyond", "2^63", 2, top + 1, "flow-control"),
            ("max", "2^64 - 1", 2, .max, "flow-control"),
            ("link-same", "the same for the link", 0, 1_000, nil), ("link-one-less", "one less for the link", 0, 999, "flow-control"),
            ("link-zero", "0 for the link", 0, 0, "flow-control"), ("link-top", "2^63 - 1 for the link", 0, top, nil),
            ("link-beyond", "2^63 for the link", 0, top + 1, "flow-control"),
            ("link-max", "2^64 - 1 for the link", 0, .max, "flow-control"),
        ]
        return rows.map { id, text, stream, credit, error in
            rule(
                "window-\(id)", Clauses.windows, "WINDOW: \(text), where 1,000 were granted",
                one.receive(.window(stream, credit), .ping(7)), error)
        } + [
            rule(
                "window-raised-less", Clauses.windows, "WINDOW below the one before it, above the first",
                one.receive(.window(2, 2_000)).receive(.window(2, 1_500)), "flow-control"),
            rule(
                "window-gone-less", Clauses.gone, "WINDOW of a stream that is gone is ignored",
                one.receive(.reset(2)).receive(.window(2, 1), .ping(7))),
            rule(
                "window-gone-beyond", Clauses.windows, "WINDOW above 2^63 - 1 of a stream that is gone",
                one.receive(.reset(2)).receive(.window(2, .max)), "flow-control"),
        ]
    }
}

extension FlowSets {
    private static func budgets() -> [VectorCase] {
        let opened = StreamScript().receive(.head(1)).open()
        let frames: [(String, String, VectorFrame)] = [
            ("pong", "PONG", .pong(1)), ("ping", "PING", .ping(1)), ("padding", "PADDING", VectorFrame(.padding, [], 0, [])),
            ("unknown", "an unknown odd type", VectorFrame(type: 0x7F, flags: 0, stream: 0, payload: [])),
            ("stop", "STOP of a stream that is gone", .stop(3)),
            ("data", "DATA without bytes and END", .data(1, 0)), ("window", "WINDOW that grants nothing", .window(1, 262_144)),
            ("window-link", "WINDOW of the link that grants nothing", .window(0, 16 << 20)),
            ("max-streams", "MAX_STREAMS that grants nothing", .maxStreams(1)),
            ("reset", "RESET of a stream of its sender that is gone", .reset(3)), ("goaway", "GOAWAY", .goAway(2)),
        ]
        var cases: [VectorCase] = []
        for (id, text, frame) in frames {
            let start = opened.receive(.head(5)).receive(.head(3))
            cases.append(rule("\(id)-1000", Clauses.budget, "\(text), a thousand times at once", start.receive(frame, times: 1_000)))
            cases.append(
                rule("\(id)-1001", Clauses.flood, "\(text), once more", start.receive(frame, times: 1_000).receive(frame), "flood"))
        }
        let full = StreamScript().receive(.pong(1), times: 1_000)
        cases += [
            rule("rest-5", Clauses.budget, "5 ms of rest bring one back", full.wait(5).receive(.pong(1))),
            rule(
                "rest-5-two", Clauses.flood, "5 ms of rest bring one back and no more", full.wait(5).receive(.pong(1)).receive(.pong(1)),
                "flood"),
            rule("rest-4", Clauses.flood, "4 ms of rest bring none back", full.wait(4).receive(.pong(1)), "flood"),
            rule("rest-1000", Clauses.budget, "a second of rest brings 200 back", full.wait(1_000).receive(.pong(1), times: 200)),
            rule(
                "rest-1000-201", Clauses.flood, "a second of rest brings 200 back and no more",
                full.wait(1_000).receive(.pong(1), times: 200).receive(.pong(1)), "flood"),
            rule(
                "rest-long", Clauses.flood, "an hour of rest brings a thousand back and no more",
                full.wait(3_600_000).receive(.pong(1), times: 1_000).receive(.pong(1)), "flood"),
            rule(
                "progress", Clauses.budget, "a stream that ends well gives one back",
                full.receive(.head(1, end: true)).answer(1, end: true).receive(.pong(1))),
            rule(
                "progress-one", Clauses.flood, "a stream that ends well gives one back and no more",
                full.receive(.head(1, end: true)).answer(1, end: true).receive(.pong(1)).receive(.pong(1)), "flood"),
            rule(
                "progress-reset", Clauses.flood, "a stream that the peer resets gives none back",
                full.receive(.head(1)).receive(.reset(1)), "flood"),
            rule("useful", Clauses.budget, "DATA with bytes costs nothing", full.receive(.head(1)).receive(.data(1, 1), times: 50)),
            rule(
                "useful-window", Clauses.budget, "WINDOW that grants something costs nothing",
                full.open().receive(.window(2, 1 << 20), .window(0, 1 << 30))),
            rule(
                "useful-reset", Clauses.budget, "RESET of a stream that the receiver opened costs nothing", full.open().receive(.reset(2))),
            rule(
                "useful-end", Clauses.budget, "an empty DATA with END costs nothing", full.receive(.head(1)).receive(.data(1, 0, end: true))
            ),
            rule(
                "window-gone", Clauses.gone, "WINDOW of a stream that is gone costs nothing",
                full.receive(.head(5), .head(3)).receive(.window(3, 1), times: 1_100)),
            rule("order-stop", Clauses.flood, "STOP on stream 0: the budget is looked at first", full.receive(.stop(0)), "flood"),
            rule("order-reset", Clauses.flood, "RESET of an idle stream: the same", full.receive(.reset(1)), "flood"),
            rule(
                "bad-head", Clauses.flood, "a HEAD that does not decode costs one", full.receive(VectorFrame(.head, [], 1, [0])), "flood"),
        ]
        return cases
    }

    private static func compressed() -> [VectorCase] {
        let one = StreamScript().receive(.head(1))
        func frame(_ payload: [UInt8]) -> StreamScript { one.receive(VectorFrame(.data, .lz4, 1, payload)) }
        return [
            rule("good", Clauses.lz4, "three bytes", one.receive(.lz4(1, rawSize: 3, abc), .ping(7))),
            rule("good-end", Clauses.lz4, "three bytes and END", one.receive(.lz4(1, rawSize: 3, abc, end: true), .ping(7))),
            rule("run", Clauses.lz4, "thirty bytes in eleven", one.receive(.lz4(1, rawSize: 30, thirty), .ping(7))),
            rule(
                "mixed", Clauses.lz4, "compressed and plain DATA in turn",
                one.receive(.lz4(1, rawSize: 3, abc), .data(1, 2), .lz4(1, rawSize: 30, thirty, end: true))),
            rule(
                "smaller", Clauses.lz4Fault, "a raw size that is too small: the stream is reset, the link goes on",
                one.receive(.lz4(1, rawSize: 2, abc), .ping(7))),
            rule("greater", Clauses.lz4Fault, "a raw size that is too great", one.receive(.lz4(1, rawSize: 4, abc), .ping(7))),
            rule("broken", Clauses.lz4Fault, "a block that ends", one.receive(.lz4(1, rawSize: 3, Array(abc.dropLast())), .ping(7))),
            rule(
                "offset", Clauses.lz4Fault, "an offset before the beginning",
                one.receive(.lz4(1, rawSize: 30, [0x1F, 0x61, 0x02, 0x00, 0x05, 0x50, 0x61, 0x61, 0x61, 0x61, 0x61]), .ping(7))),
            rule(
                "behind", Clauses.lz4Fault, "DATA behind a block that was broken is ignored",
                one.receive(.lz4(1, rawSize: 4, abc), .data(1, 3), .ping(7))),
            rule("zero", Clauses.lz4Size, "a raw size of 0", one.receive(.lz4(1, rawSize: 0, abc)), "compression"),
            rule("beyond", Clauses.lz4Size, "a raw size of 61,441", one.receive(.lz4(1, rawSize: 61_441, abc)), "compression"),
            rule("max", Clauses.lz4Size, "a raw size of 65,535", one.receive(.lz4(1, rawSize: 65_535, abc)), "compression"),
            rule("no-size", Clauses.lz4Size, "one byte and no raw size", frame([0]), "compression"),
            rule("nothing", Clauses.lz4Size, "no payload", frame([]), "compression"),
            rule("no-block", Clauses.lz4Size, "a raw size and no block", frame([0, 3]), "compression"),
            rule(
                "gone", Clauses.goneData, "a broken block of a stream that is gone is not looked at",
                one.receive(.reset(1)).receive(.lz4(1, rawSize: 9, abc), .ping(7))),
            rule(
                "gone-zero", Clauses.lz4Size, "a raw size of 0 on a stream that is gone",
                one.receive(.reset(1)).receive(.lz4(1, rawSize: 0, abc)), "compression"),
            rule(
                "stopped", Clauses.stoppedData, "a broken block of a half that was stopped here is not looked at",
                one.stop(1).receive(.lz4(1, rawSize: 9, abc), .ping(7))),
        ]
    }
}
