import Wire

/// 2^20 records in one direction, and a few behind them: long, so only with `--soak`.
enum RekeyCases {
    static let all: [ConformanceCase] = [
        ConformanceCase(
            "record/rekey", "replaces the key of what it receives after 2^20 records, and goes on with the nonce", clauses, needs: [.soak]
        ) { try await fill(try await $0.link()) },
        ConformanceCase(
            "record/sends-over-rekey", "replaces the key of what it sends after 2^20 records, and goes on with the nonce", clauses,
            needs: [.soak]
        ) { try await drain(try await $0.link()) },
        ConformanceCase(
            dialling: "member/sends-over-rekey", "replaces the keys of a link that it has made after 2^20 records in each direction",
            clauses,
            needs: [.soak]
        ) { try await drain(try await $0.registered().link) },
    ]

    private static let clauses = ["REC-3.1", "REC-3.2"]
    private static let interval = 1 << 20
    private static let goesOn = "a link that goes on over a rekey"

    /// Makes the target open that many records: a byte of one body in each.
    private static func fill(_ link: RawLink) async throws {
        let stream = link.newStream()
        try link.send(try .head(stream, Scene.ping))
        link.seesCredit = true
        let frame = RawFrame.data(stream, [7]).encoded
        var done: UInt64 = 0
        while done < interval {
            let room = min(link.credit(of: stream) - done, link.linkCredit - done, UInt64(interval) - done, 512)
            if room > 0 {
                var bytes: [UInt8] = []
                for _ in 0..<room { bytes += try link.seal(frame) }
                link.connection.send(bytes)
                done += room
            }
            // What has come is read in between: the target's PING wants its PONG.
            let wait: Duration = room > 0 ? .zero : link.patience * 3
            switch try await link.next(until: .now + wait) {
            case .closed: throw Mismatch(expected: goesOn, seen: "the connection closed behind \(done) records")
            case .wrong(let what): throw Mismatch(expected: goesOn, seen: "\(what), behind \(done) records")
            case .silence where room == 0: throw Mismatch(expected: "credit", seen: "none behind \(done) records")
            case .silence, .frame: continue
            }
        }
        link.seesCredit = false
        try await expectAlive(link)
        try link.send(.data(stream, [], end: true))
        _ = try await link.expectAnswer(stream, within: link.patience * 5)
    }

    /// Makes the target seal that many records. It may put what it has to say at one moment into one of them, so it is given little to
    /// say at many moments: a new call for each answer, a few under way. Each call takes a record of ours as well.
    private static func drain(_ link: RawLink) async throws {
        var underWay = 0
        while link.opened < interval || underWay > 0 {
            while link.opened < interval, underWay < 2, link.mayOpen {
                _ = try link.call(MeshMethod.ping)
                underWay += 1
            }
            switch try await link.next(until: .now + link.patience * 5) {
            case .frame(let frame) where frame.isEnd: underWay -= 1
            case .frame(let frame) where frame.type == FrameType.reset.rawValue || frame.type == FrameType.goAway.rawValue:
                throw Mismatch(expected: "answers", seen: "\(frame) behind \(link.opened) records")
            case .frame: continue
            case .closed: throw Mismatch(expected: goesOn, seen: "the connection closed behind \(link.opened) records")
            case .wrong(let what): throw Mismatch(expected: goesOn, seen: "\(what), behind \(link.opened) records")
            case .silence: throw Mismatch(expected: "an answer", seen: "none behind \(link.opened) records")
            }
        }
        try await expectAlive(link)
    }

    private static func expectAlive(_ link: RawLink) async throws {
        for _ in 0..<4 { try await link.expectAlive("the link goes on over a rekey", within: link.patience * 5) }
    }
}
