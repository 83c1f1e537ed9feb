import HTTPCompat
import NIOCore
import Testing
import Transport
import Wire

/// The front as a client sees it on a raw socket: order, framing, life of the connection.
@Suite struct FrontBasicTests {
    @Test func answersOnTheLoopAndKeepsTheConnection() async throws {
        try await TestFront.with { front in
            let client = try await front.connect()
            for _ in 0..<3 {
                client.clear()
                try await client.send("GET /hot HTTP/1.1\r\nHost: localhost\r\n\r\n")
                let text = try await client.wait(for: "{\"hot\":true}")
                #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(text.contains("\r\ncontent-length: 12\r\n"))
                #expect(text.contains("\r\ndate: "))
                #expect(text.contains("\r\nserver: wiremesh\r\n"))
            }
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await TestFront.with { front in
            let client = try await front.connect()
            try await client.send(
                "GET /plain HTTP/1.1\r\nHost: a.localhost\r\n\r\nGET /hot HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    + "POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n12345GET /hot HTTP/1.1\r\nHost: localhost\r\n"
                    + "Connection: close\r\n\r\n")
            let bodies = try await client.rest().components("\r\n\r\n").dropFirst().map { $0.prefix(while: { $0 != "H" }) }
            #expect(bodies == ["plain", "{\"hot\":true}", "5", "{\"hot\":true}"])
        }
    }

    @Test func streamsAResponseThroughATask() async throws {
        try await TestFront.with { front in
            let client = try await front.connect()
            try await client.send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let text = try await client.wait(for: "\r\n0\r\n\r\n")
            #expect(text.contains("transfer-encoding: chunked"))
            #expect(text.contains("part 999\n"))
        }
    }

    @Test func headHasNoBody() async throws {
        try await TestFront.with { front in
            let client = try await front.connect()
            try await client.send("HEAD /hot HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            let text = try await client.rest()
            #expect(text.contains("content-length: 12\r\n"))
            #expect(text.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func oldClientsGetTheirConnectionClosed() async throws {
        try await TestFront.with { front in
            let client = try await front.connect()
            try await client.send("GET /stream HTTP/1.0\r\n\r\n")
            let text = try await client.rest()
            #expect(!text.contains("transfer-encoding"))
            #expect(text.contains("connection: close"))
            #expect(text.hasSuffix("part 999\n"))
            let keeping = try await front.connect()
            try await keeping.send("GET /hot HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try await keeping.wait(for: "{\"hot\":true}").contains("connection: keep-alive"))
            try await keeping.send("GET /plain HTTP/1.0\r\n\r\n")
            #expect(try await keeping.rest().hasSuffix("plain"))
        }
    }
}

extension String {
    /// The pieces between `separator`.
    func components(_ separator: String) -> [Substring] {
        var pieces: [Substring] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            pieces.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return pieces + [rest]
    }
}
