import HTTPCompat
import NIOHTTP1
import Testing
import Transport
import Wire

/// Heads of calls as HTTP requests, without a connection.
@Suite struct UpstreamRequestTests {
    private func make(_ change: (inout Head) -> Void, base: String = "", carriesOn: Bool = false) throws(CallError) -> HTTPRequestHead {
        var head = Head()
        head.verb = "POST"
        change(&head)
        guard let url = try? UpstreamURL("http://10.0.0.1:9000\(base)") else { throw CallError(.internalError) }
        return try UpstreamRequest(head, to: url, prefix: url.base, carriesOn: carriesOn).head(.none)
    }

    // HTTP-2.3
    @Test func hostIsTheUpstreams() throws {
        let head = try make { $0.fields = [Head.Field("host", "attacker"), Head.Field("x", "y")] }
        #expect(head.headers["host"] == ["10.0.0.1:9000"])
        #expect(head.headers["x"] == ["y"])
    }

    @Test func basesAreKept() throws {
        #expect(try make({ $0.path = "/v1?x=1" }, base: "/api/").uri == "/api/v1?x=1")
        #expect(try make({ _ in }, base: "/api").uri == "/api/")
    }

    // HTTP-2.1
    /// Nothing that another machine says may frame the body or end a line.
    @Test(arguments: [
        [Head.Field("x", "a\r\nEvil: 1")], [Head.Field("x", "a\nb")], [Head.Field("x", "a\0")], [Head.Field("x\r\ny", "a")],
        [Head.Field("", "a")], [Head.Field("x y", "a")], [Head.Field("é", "a")],
        [Head.Field("content-length", "1"), Head.Field("content-length", "2")],
        [Head.Field("content-length", "-1")], [Head.Field("content-length", "+1x")], [Head.Field("Content-Length", "1, 1")],
    ])
    func fieldsThatLieAreRefused(fields: [Head.Field]) {
        #expect(throws: CallError.self) { _ = try make { $0.fields = fields } }
    }

    // HTTP-2.3
    @Test func framingFieldsAreDropped() throws {
        let head = try make {
            $0.fields = ["transfer-encoding", "connection", "upgrade", "te", "trailer", "keep-alive"].map { Head.Field($0, "x") }
        }
        #expect(head.headers.map(\.name) == ["host"])
    }

    // HTTP-2.1, HTTP-2.2
    @Test(arguments: ["/a b", "/a\r\nX: y", "/a\0", "/é", "/../x", "/x/../../y", "/%2e%2E/x", "/x/..%2fy", "/..\\x", "/.."])
    func pathsThatEscapeAreRefused(path: String) {
        #expect(throws: CallError.self) { _ = try make { $0.path = path } }
    }

    @Test(arguments: ["/a..b", "/...", "/x?y=../z", "/a/.b", "/%2a"])
    func pathsThatOnlyLookLikeItPass(path: String) throws {
        #expect(try make { $0.path = path }.uri == path)
    }

    // HTTP-2.1
    @Test(arguments: ["", "GET /x", "GE T", "CONNECT"])
    func methodsAreTokens(verb: String) throws {
        if verb.isEmpty {
            #expect(try make { $0.verb = "" }.method == .POST)
        } else {
            #expect(throws: CallError.self) { _ = try make { $0.verb = verb } }
        }
    }

    @Test func whatIsLeftTravelsOn() throws {
        let head = try make({ ($0.deadline, $0.hops, $0.traceParent, $0.idempotencyKey) = (250, 2, "00-1", "key") }, carriesOn: true)
        #expect(head.headers["wiremesh-timeout"] == ["250ms"])
        #expect(head.headers["wiremesh-hops"] == ["2"])
        #expect(head.headers["traceparent"] == ["00-1"])
        #expect(head.headers["idempotency-key"] == ["key"])
    }

    @Test func framesByWhatIsKnown() throws {
        let url = try UpstreamURL("http://h")
        func request(_ verb: String, length: String? = nil) throws -> UpstreamRequest {
            var head = Head()
            head.verb = verb
            if let length { head.fields = [Head.Field("content-length", length)] }
            return try UpstreamRequest(head, to: url, prefix: "", carriesOn: false)
        }
        #expect(try request("GET").framing(whole: 0) == .none)
        #expect(try request("POST").framing(whole: 0) == .length(0))
        #expect(try request("GET").framing(whole: 3) == .length(3))
        #expect(try request("POST", length: "7").framing(whole: 3) == .length(7), "the difference is found when the body is sent")
        #expect(try request("POST").streamedFraming == .chunked)
        #expect(try request("POST", length: "7").streamedFraming == .length(7))
    }

    @Test func timeoutsHaveUnits() {
        for (text, milliseconds) in [("500ms", 500), ("30s", 30_000), ("2m", 120_000), ("1h", 3_600_000), ("9h", 3_600_000)] {
            #expect(TimeText.milliseconds(text) == UInt32(milliseconds))
        }
        for text in ["18446744073709551615h", "99999999999999999999s"] {
            #expect(TimeText.milliseconds(text) == Limits.maximumDeadline.wholeMilliseconds, "\(text)")
        }
        for text in ["", "s", "30", "-1s", "0s", "1.5s", "30 s", "30S"] {
            #expect(TimeText.milliseconds(text) == nil, "\(text)")
        }
    }
}

/// URLs of services.
@Suite struct UpstreamURLTests {
    @Test(arguments: [
        ("http://127.0.0.1:9000", "127.0.0.1", 9_000, ""), ("http://host", "host", 80, ""), ("https://host/", "host", 443, ""),
        ("https://host:8443/a/b/", "host", 8_443, "/a/b"), ("http://[::1]:80/x", "::1", 80, "/x"), ("http://[::1]", "::1", 80, ""),
    ])
    func areRead(text: String, host: String, port: Int, base: String) throws {
        let url = try UpstreamURL(text)
        #expect((url.host, url.port, url.base) == (host, port, base))
    }

    @Test(arguments: [
        "", "host:80", "ftp://host", "http://", "http:///x", "http://u:p@host", "http://host/?q", "http://host/#f", "http://host:0",
        "http://host:99999", "http://host:x", "http://ho st", "http://host/a b", "http://host/\r\n", "http://[::1",
        "http://\(String(repeating: "x", count: Limits.url))",
    ])
    func areRefused(text: String) {
        #expect(throws: UpstreamURLError.self) { try UpstreamURL(text) }
    }
}

/// One request to an upstream, without a connection.
@Suite struct UpstreamTurnTests {
    // HTTP-2.4
    @Test func bodiesAreAsLongAsPromised() {
        var turn = UpstreamTurn()
        turn.headSent(.length(5))
        #expect(turn.bodySent(3) == true)
        #expect(turn.requestEnded() == false, "two bytes are missing")
        #expect(turn.bodySent(3) == false, "one byte too many")
        #expect(turn.bodySent(2) == true)
        #expect(turn.requestEnded() == true)
        turn = UpstreamTurn()
        turn.headSent(.none)
        #expect(turn.bodySent(1) == false)
    }

    @Test func failuresSayWhetherTheUpstreamMayHaveActed() {
        var turn = UpstreamTurn()
        #expect(turn.failed(isReused: false, canRepeat: true) == .unreachable)
        #expect(turn.failed(isReused: true, canRepeat: false) == .retry, "nothing has left")
        turn.headSent(.none)
        #expect(turn.failed(isReused: false, canRepeat: true) == .broken)
        #expect(turn.failed(isReused: true, canRepeat: false) == .broken)
        #expect(turn.failed(isReused: true, canRepeat: true) == .retry)
        turn.answerBegan(keepsAlive: true)
        #expect(turn.failed(isReused: true, canRepeat: true) == .broken)
    }

    @Test func connectionsAreUsableOnlyAfterBothSidesAreWhole() {
        var turn = UpstreamTurn()
        turn.headSent(.length(1))
        turn.answerBegan(keepsAlive: true)
        turn.answerEnded()
        #expect(!turn.leavesConnectionUsable)
        #expect(turn.bodySent(1) == true)
        #expect(turn.requestEnded() == true)
        #expect(turn.leavesConnectionUsable)
        turn.answerBegan(keepsAlive: false)
        turn.answerEnded()
        #expect(!turn.leavesConnectionUsable)
    }

    @Test func aReceiverHoldsAWindowAtMost() {
        var turn = UpstreamTurn()
        turn.delivered(Int(Limits.streamWindow) - 1)
        #expect(turn.receiverTakesMore)
        turn.delivered(1)
        #expect(!turn.receiverTakesMore)
        turn.consumed(1)
        #expect(turn.receiverTakesMore)
    }
}
