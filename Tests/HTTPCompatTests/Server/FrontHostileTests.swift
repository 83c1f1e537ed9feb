import HTTPCompat
import NIOCore
import Testing
import Wire

/// Bytes that no decent client sends.
@Suite struct FrontHostileTests {
    /// What is sent, and the status it earns. After each the connection ends.
    static let refused: [(String, Int)] = [
        ("POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST /length HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
        ("POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
        ("POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3, 4\r\n\r\nabcd", 400),
        ("POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400),
        ("POST /length HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        ("POST /length HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST /length HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST /length HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        ("POST /length HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n", 400),
        ("GET /hot HTTP/1.1\nHost: localhost\n\n", 400),
        ("GET /hot HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n", 400),
        ("GET /hot HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n", 400),
        ("GET /hot HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n", 400),
        ("GET /hot HTTP/1.1\r\nHost: localhost\r\nX : y\r\n\r\n", 400),
        ("GET /hot HTTP/1.1\r\nHost: localhost\r\n folded: y\r\n\r\n", 400),
        ("GET /hot HTTP/1.1\r\nHost: localhost\r\n: nameless\r\n\r\n", 400),
        ("GET /hot HTTP/1.1\r\n\r\n", 400),
        ("GET /hot HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
        ("GET /hot HTTP/2.0\r\nHost: localhost\r\n\r\n", 400),
        ("GET /hot HTTP/1.1\r\nHost: localhost\r\nExpect: the unexpected\r\n\r\n", 417),
        ("TRACE /hot HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        ("CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        ("GET /\(String(repeating: "x", count: Limits.httpTarget)) HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        ("GET /hot HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "x", count: Limits.httpHeaderBlock))\r\n\r\n", 431),
        ("GET /hot HTTP/1.1\r\nHost: localhost\r\n\(String(repeating: "X: y\r\n", count: Limits.httpHeaderFields))\r\n", 431),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}", 400),
        ("MEOW /hot HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    ]

    @Test(arguments: refused)
    func isRefusedAndClosed(_ sent: String, status: Int) async throws {
        try await TestFront.with { front in
            let client = try await front.connect()
            try await client.send(sent)
            let text = try await client.rest()
            #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(sent.prefix(120).debugDescription) got \(text.prefix(80))")
            #expect(text.contains("connection: close"))
            #expect(text.contains("{\"detail\":"))
        }
    }

    /// What follows a request that was understood does not harm its answer.
    @Test func garbageBehindARequestWaitsForItsAnswer() async throws {
        try await TestFront.with { front in
            let client = try await front.connect()
            try await client.send("GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n\u{1}\u{2}garbage\r\n\r\n")
            let text = try await client.rest()
            #expect(text.hasPrefix("HTTP/1.1 200 "))
            #expect(text.contains("plain"))
            #expect(text.contains("HTTP/1.1 400 "))
        }
    }

    @Test func aDribblingClientIsSentAway() async throws {
        try await TestFront.with { front in
            let silent = try await front.connect()
            let dribbling = try await front.connect()
            try await dribbling.send("GET /hot HTTP/1.1\r\nHo")
            while front.front.metrics.connections < 2 { try await Task.sleep(for: .milliseconds(2)) }
            try await Task.sleep(for: .milliseconds(50))
            await front.front.sweep(at: .now() + .seconds(5))
            #expect(!silent.isAtEnd && !dribbling.isAtEnd)
            await front.front.sweep(at: .now() + .seconds(11))
            #expect(try await dribbling.rest().hasPrefix("HTTP/1.1 408 "))
            #expect(try await silent.rest().isEmpty)
        }
    }

    @Test func anIdleConnectionEnds() async throws {
        try await TestFront.with { front in
            let client = try await front.connect()
            try await client.send("GET /hot HTTP/1.1\r\nHost: localhost\r\n\r\n")
            _ = try await client.wait(for: "true}")
            await front.front.sweep(at: .now() + .seconds(60))
            #expect(!client.isAtEnd)
            await front.front.sweep(at: .now() + .seconds(76))
            _ = try await client.rest()
        }
    }

    @Test func tooManyRequestsAheadAreCut() async throws {
        let stub = StubCaller()
        try await TestFront.with(stub) { front in
            let client = try await front.connect()
            // All of them fit the first read, of 2 KiB.
            let ahead = String(repeating: "GET / HTTP/1.1\r\n\r\n", count: Limits.httpPipelined + 1)
            try await client.send("GET /service/x HTTP/1.1\r\nHost: localhost\r\n\r\n" + ahead)
            #expect(try await client.rest().isEmpty)
            try await stub.wait { $0.cancelled == .cancelled }
        }
    }

    @Test func bodiesThatAreTooLargeAreRefusedBeforeTheyAreSent() async throws {
        try await TestFront.with { front in
            let announced = try await front.connect()
            try await announced.send(
                "POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n")
            #expect(try await announced.rest().hasPrefix("HTTP/1.1 413 "))
            let surprising = try await front.connect()
            try await surprising.send("POST /length HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = "100000\r\n" + String(repeating: "x", count: 1 << 20) + "\r\n"
            for _ in 0..<5 { try? await surprising.send(chunk) }
            #expect(try await surprising.rest().hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func expectingClientsAreTold() async throws {
        try await TestFront.with { front in
            let client = try await front.connect()
            try await client.send("POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
            #expect(try await client.wait(for: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try await client.send("body")
            #expect(try await client.wait(for: "\r\n\r\n4").contains("HTTP/1.1 200 OK"))
        }
    }
}
