import HTTPCompat
import NIOCore
import Testing
import Transport
import Wire

/// Requests that go through the front to a caller: pace, order and ends. The other side is the test.
@Suite struct ForwardTests {
    private static let get = "GET /service/svc/a?b HTTP/1.1\r\nHost: localhost\r\n\r\n"
    private static let upload = "POST /service/svc HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"

    // HTTP-1.1, HTTP-1.2
    @Test func theHeadIsWhatTheServiceNeeds() async throws {
        let stub = StubCaller()
        try await TestFront.with(stub) { front in
            let client = try await front.connect()
            defer { Task { await client.close() } }
            try await client.send(
                "PATCH http://ignored/service/svc/x/y?q=1 HTTP/1.1\r\nHost: localhost\r\nX-One: 1\r\n"
                    + "connection: X-Two, close\r\nX-Two: 2\r\n"
                    + "Wiremesh-Timeout: 2m\r\nWiremesh-Hops: 9\r\nWiremesh-Worker: me\r\nIdempotency-Key: k\r\ntraceparent: 00-1\r\n"
                    + "Content-Length: 0\r\nAuthorization: Bearer s\r\nCookie: c=d\r\n\r\n")
            let head = try await stub.call { $0.head }
            #expect(head.service == "svc")
            #expect(head.verb == "PATCH")
            #expect(head.path == "/x/y?q=1")
            #expect(head.deadline == 120_000)
            #expect(head.hops == Limits.hops)
            #expect(head.idempotencyKey == "k")
            #expect(head.traceParent == "00-1")
            #expect(
                head.fields == [
                    Head.Field("x-one", "1"), Head.Field("content-length", "0"), Head.Field("authorization", "Bearer s"),
                    Head.Field("cookie", "c=d"),
                ])
        }
    }

    @Test func theAnswerSaysWhereItComesFrom() async throws {
        let stub = StubCaller { call in
            call.respond(
                status: 201,
                fields: [("x-b", "1"), ("wiremesh-route", "direct"), ("content-length", "2"), ("bad\r\nname", "x"), ("v", "a\r\nb")],
                servedBy: "worker-b")
            call.send("ok")
            call.end()
        }
        try await TestFront.with(stub) { front in
            let client = try await front.connect()
            try await client.send(Self.get)
            let text = try await client.wait(for: "\r\n\r\nok")
            #expect(text.hasPrefix("HTTP/1.1 201 Created\r\n"))
            #expect(text.contains("\r\nwiremesh-worker: worker-b\r\n"))
            #expect(text.contains("\r\nwiremesh-route: direct\r\n"))
            #expect(text.contains("\r\nserver-timing: mesh;dur="))
            #expect(text.contains("\r\nx-b: 1\r\n"))
            #expect(!text.contains("bad") && !text.contains("\r\nv:"))
            #expect(!text.contains("transfer-encoding"))
        }
    }

    // HTTP-4.2, HTTP-4.3
    @Test(arguments: [
        (ErrorCode.notFound, 404), (.unavailable, 503), (.upstreamFailed, 502), (.unreachable, 502), (.deadlineExceeded, 504),
        (.overloaded, 503), (.draining, 503), (.tooLarge, 431), (.linkLost, 502), (.badRequest, 400), (.cancelled, 502),
    ])
    func failuresBecomeStatuses(code: ErrorCode, status: Int) async throws {
        let stub = StubCaller { $0.fail(CallError(code, "why", retryAfterMilliseconds: code == .overloaded ? 1_500 : nil)) }
        try await TestFront.with(stub) { front in
            let client = try await front.connect()
            try await client.send(Self.get)
            let text = try await client.wait(for: "}")
            #expect(text.hasPrefix("HTTP/1.1 \(status) "))
            #expect(text.contains("{\"detail\":\"Request routing failed: \(code.name): why\"}"))
            #expect(text.contains("retry-after: 2\r\n") == (code == .overloaded))
            #expect(text.contains("connection: close") == false)
        }
    }

    // HTTP-1.3
    @Test func aHeadThatDoesNotFitIsRefused() async throws {
        try await TestFront.with { front in
            let client = try await front.connect()
            try await client.send("GET /service/x HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "x", count: 17_000))\r\n\r\n")
            #expect(try await client.wait(for: "}").hasPrefix("HTTP/1.1 431 "))
            client.clear()
            try await client.send("GET /hot HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try await client.wait(for: "}").hasPrefix("HTTP/1.1 200 "), "the connection goes on")
        }
    }

    // HTTP-1.3
    @Test(arguments: ["", "-1", "+3", "256", "3.0", "0x3", "three", "3, 2", "99999999999999999999"])
    func hopsThatAreNoNumberAreRefused(text: String) async throws {
        let stub = StubCaller()
        try await TestFront.with(stub) { front in
            let client = try await front.connect()
            try await client.send("GET /service/svc HTTP/1.1\r\nHost: localhost\r\nWiremesh-Hops: \(text)\r\n\r\n")
            let answer = try await client.wait(for: "}")
            #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("Wiremesh-Hops is a number from 0 to 255."), "\(answer)")
            #expect(stub.count == 0, "nothing was called")
        }
    }

    @Test(arguments: [("0", 0), ("3", 3), ("004", 4), ("255", Limits.hops)] as [(String, UInt8)])
    func hopsThatAreOneAreTaken(text: String, hops: UInt8) async throws {
        let stub = StubCaller()
        try await TestFront.with(stub) { front in
            let client = try await front.connect()
            defer { Task { await client.close() } }
            try await client.send("GET /service/svc HTTP/1.1\r\nHost: localhost\r\nWiremesh-Hops: \(text)\r\n\r\n")
            #expect(try await stub.call { $0.head.hops } == hops)
        }
    }

    // HTTP-4.1
    @Test(arguments: [1, 100, 199, 600, 65_535] as [UInt16]) func whatIsNoFinalStatusIsABadGateway(status: UInt16) async throws {
        let stub = StubCaller { call in
            call.respond(status: status)
            call.end()
        }
        try await TestFront.with(stub) { front in
            let client = try await front.connect()
            try await client.send(Self.get)
            #expect(try await client.wait(for: "\r\n\r\n").hasPrefix("HTTP/1.1 502 "))
        }
    }

    /// What the other side would refuse to read is refused here: a front must not use up what its link forgives.
    @Test func textsBeyondTheirLimitsGoNoFurther() async throws {
        try await TestFront.with { front in
            let client = try await front.connect()
            let long = String(repeating: "k", count: Limits.idempotencyKey + 1)
            try await client.send("GET /service/x HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: \(long)\r\n\r\n")
            #expect(try await client.wait(for: "}").hasPrefix("HTTP/1.1 400 "))
        }
    }

    // HTTP-4.4
    @Test func failuresAfterTheHeadBreakTheConnection() async throws {
        let stub = StubCaller { call in
            call.respond()
            call.send("part")
            call.fail(CallError(.linkLost))
        }
        try await TestFront.with(stub) { front in
            let client = try await front.connect()
            try await client.send(Self.get)
            let text = try await client.rest()
            #expect(text.hasSuffix("4\r\npart\r\n"), "what has come is delivered, without a last chunk")
        }
    }

    @Test func answersOfAnotherLengthThanPromisedAreBroken() async throws {
        for body in ["short", "much longer than that"] {
            let stub = StubCaller { call in
                call.respond(fields: [("content-length", "10")])
                call.send(body)
                call.end()
            }
            try await TestFront.with(stub) { front in
                let client = try await front.connect()
                try await client.send(Self.get)
                let text = try await client.rest()
                #expect(text.contains("content-length: 10\r\n"))
                #expect((text.components("\r\n\r\n").last?.utf8.count ?? 0) < 10)
            }
        }
    }

    // CALL-3.1
    @Test func aClientThatLeavesCancels() async throws {
        let stub = StubCaller()
        try await TestFront.with(stub) { front in
            let waiting = try await front.connect()
            try await waiting.send(Self.get)
            try await stub.call(0) { _ in }
            await waiting.close()
            try await stub.wait(0) { $0.cancelled == .cancelled }
            let uploading = try await front.connect()
            try await uploading.send(Self.upload + "5\r\nhello\r\n")
            try await stub.wait(1) { $0.body.readableBytes == 5 }
            await uploading.close()
            try await stub.wait(1) { $0.cancelled == .cancelled }
            let reading = try await front.connect()
            try await reading.send(Self.get)
            try await stub.call(2) { $0.respond() }
            _ = try await reading.wait(for: "\r\n\r\n")
            await reading.close()
            try await stub.wait(2) { $0.cancelled == .cancelled }
        }
    }

    @Test func theDeadlineIsKept() async throws {
        let stub = StubCaller()
        try await TestFront.with(stub) { front in
            let client = try await front.connect()
            try await client.send("GET /service/x HTTP/1.1\r\nHost: localhost\r\nWiremesh-Timeout: 50ms\r\n\r\n")
            #expect(try await client.wait(for: "}").hasPrefix("HTTP/1.1 504 "))
            #expect(try await stub.call { $0.cancelled } == .deadlineExceeded)
        }
    }

    @Test func uploadsArePacedByTheCall() async throws {
        let stub = StubCaller()
        try await TestFront.with(stub) { front in
            let client = try await front.connect()
            defer { Task { await client.close() } }
            try await client.send(Self.upload)
            try await stub.call { $0.isWritable = false }
            let total = 32 << 20
            let sending = Task { [client] in
                let chunk = ByteBuffer(string: "10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n")
                for _ in 0..<(total / 65_536) { try await client.send(chunk) }
                try await client.send("0\r\n\r\n")
            }
            try await Task.sleep(for: .milliseconds(300))
            let early = try await stub.call { $0.body.readableBytes }
            #expect(early == 0, "nothing is written to a call that takes nothing")
            var received = 0
            while received < total {
                received += try await stub.call { call in
                    call.becomeWritable()
                    call.isWritable = false
                    return call.takeBody()
                }
            }
            try await sending.value
            try await stub.call { $0.becomeWritable() }
            try await stub.wait { $0.isFinished }
            #expect(received == total)
        }
    }

    @Test func downloadsArePacedByTheClient() async throws {
        let stub = StubCaller()
        try await TestFront.with(stub) { front in
            let client = try await front.connect(reads: false)
            try await client.send(Self.get)
            try await stub.call { $0.respond() }
            let piece = ByteBuffer(repeating: 7, count: 65_536)
            var sent = 0
            // A sender that keeps a window of 1 MiB: what is sent but not consumed.
            while try await sent - stub.call(0, { $0.consumed }) < 1 << 20 {
                try await stub.call { $0.send(piece) }
                sent += piece.readableBytes
                try await Task.sleep(for: .milliseconds(1))
                if sent > 256 << 20 { break }
            }
            #expect(sent < 64 << 20, "a client that reads nothing stops the sender")
            try await client.readOn()
            try await stub.wait { [sent] call in call.consumed == sent }
            try await stub.call { $0.end() }
            while client.receivedCount < sent { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    @Test func anAnswerMayEndBeforeTheRequest() async throws {
        let stub = StubCaller { call in
            call.respond(status: 413, fields: [("content-length", "0")])
            call.end()
        }
        try await TestFront.with(stub) { front in
            let client = try await front.connect()
            try await client.send(Self.upload)
            #expect(try await client.wait(for: "\r\n\r\n").hasPrefix("HTTP/1.1 413 "))
            try await client.send("5\r\nhello\r\n0\r\n\r\n")
            client.clear()
            try await client.send("GET /hot HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try await client.wait(for: "}").hasPrefix("HTTP/1.1 200 "), "a small rest is read and dropped")
        }
    }

    @Test func expectingUploadsAreTold() async throws {
        let stub = StubCaller()
        try await TestFront.with(stub) { front in
            let client = try await front.connect()
            defer { Task { await client.close() } }
            try await client.send("PUT /service/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            #expect(try await client.wait(for: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try await client.send("abc")
            try await stub.wait { $0.isFinished && $0.body.readableBytes == 3 }
            #expect(try await stub.call { $0.head["expect"] } == nil)
        }
    }
}
