import HTTPCompat
import NIOCore
import NIOPosix
import Testing
import Transport
import Wire
import Worker

/// An upstream on a real process, reached through a front on real sockets.
@Suite struct UpstreamTests {
    private func with(_ body: (PythonService, TestFront) async throws -> Void) async throws {
        let service = try await PythonService.start()
        try await TestFront.with(try HTTPUpstream(url: service.url)) { try await body(service, $0) }
    }

    @Test func carriesHeadAndBody() async throws {
        try await with { _, front in
            let client = try await front.connect()
            try await client.send(
                "PUT /service/s/seen/deep?x=%2F&y HTTP/1.1\r\nHost: localhost\r\nX-Kept: yes\r\n"
                    + "Connection: keep-alive, X-Hop\r\nX-Hop: no\r\n"
                    + "TE: trailers\r\nWiremesh-Route: forged\r\ntraceparent: 00-aa-bb-01\r\nContent-Length: 4\r\n\r\nbody")
            let text = try await client.wait(for: "\"body\"")
            #expect(text.contains(#""method": "PUT", "target": "/seen/deep?x=%2F&y""#))
            #expect(text.contains(#""x-kept": "yes""#))
            #expect(text.contains(#""traceparent": "00-aa-bb-01""#))
            #expect(text.contains(#""content-length": "4""#))
            #expect(text.contains(#""body": "body""#))
            #expect(!text.contains("x-hop") && !text.contains("\"te\"") && !text.contains("forged"))
        }
    }

    @Test func echoesAChunkedBodyWhileItComes() async throws {
        try await with { _, front in
            let client = try await front.connect()
            try await client.send("POST /service/s/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            _ = try await client.wait(for: "first")
            try await client.send("6\r\nsecond\r\n0\r\n\r\n")
            _ = try await client.wait(for: "second")
            _ = try await client.wait(for: "\r\n0\r\n\r\n")
        }
    }

    @Test func eventsAreNotHeldBack() async throws {
        try await with { service, front in
            let client = try await front.connect()
            try await client.send("GET /service/s/events?count=3&interval=0.2 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let early = try await client.wait(for: "id: 0")
            #expect(!early.contains("id: 2"))
            #expect(!service.happened("done", "/events"))
            let whole = try await client.wait(for: "\r\n0\r\n\r\n")
            #expect(whole.contains("content-type: text/event-stream"))
            #expect(whole.contains("id: 2\nevent: tick\ndata: {\"number\": 2}\n\n"))
        }
    }

    @Test func connectionsAreUsedAgain() async throws {
        try await with { _, front in
            let client = try await front.connect()
            var ports: Set<Substring> = []
            for _ in 0..<5 {
                client.clear()
                try await client.send("GET /service/s/seen HTTP/1.1\r\nHost: localhost\r\n\r\n")
                let text = try await client.wait(for: "\"body\"")
                ports.insert(text.prefix(12))
            }
            #expect(ports == ["HTTP/1.1 200"])
        }
    }

    @Test func aClientThatLeavesCancelsTheCall() async throws {
        try await with { service, front in
            for target in ["/slow?seconds=60", "/source?bytes=1000000000&stop=10"] {
                let client = try await front.connect()
                try await client.send("GET /service/s\(target) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                try await service.wait(for: "request", target)
                await client.close()
                try await service.wait(for: "gone", target)
            }
            #expect(front.front.metrics.clientsGone == 2)
        }
    }

    @Test func aHalfClosedClientGetsItsAnswer() async throws {
        try await with { _, front in
            let client = try await front.connect()
            try await client.send("POST /service/s/slow?seconds=0.2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab")
            try await client.finish()
            let text = try await client.rest()
            #expect(text.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "))
            #expect(text.hasSuffix("{\"slept\": true}"))
        }
    }

    // HTTP-3.1
    @Test func anUpstreamThatDiesBreaksTheAnswer() async throws {
        try await with { service, front in
            let chunked = try await front.connect()
            try await chunked.send("GET /service/s/source?chunked=1&bytes=100000&stop=5000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let old = try await front.connect()
            try await old.send("GET /service/s/source?chunked=1&bytes=100000&stop=6000 HTTP/1.0\r\n\r\n")
            let sized = try await front.connect()
            try await sized.send("GET /service/s/source?bytes=100000&stop=7000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            _ = try await chunked.wait { _ in chunked.receivedCount > 5_000 }
            _ = try await old.wait { _ in old.receivedCount > 5_900 }
            _ = try await sized.wait { _ in sized.receivedCount > 7_000 }
            service.kill()
            #expect(try await !chunked.rest().hasSuffix("\r\n0\r\n\r\n"))
            _ = try await sized.rest()
            #expect(sized.receivedCount < 100_000)
            _ = try await old.rest()
            #expect(old.wasReset, "the end of an HTTP/1.0 answer looks like its end")
        }
    }

    // HTTP-3.1
    @Test func saysWhyThereIsNoAnswer() async throws {
        let service = try await PythonService.start()
        let url = service.url
        service.kill()
        try await TestFront.with(try HTTPUpstream(url: url)) { front in
            let client = try await front.connect()
            try await client.send("GET /service/s HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let text = try await client.wait(for: "}")
            #expect(text.hasPrefix("HTTP/1.1 502 Bad Gateway\r\n"))
            #expect(text.contains("{\"detail\":\"Request routing failed: unreachable: \(url) refuses connections\"}"))
        }
    }

    // HTTP-1.3
    @Test func aDeadlineEndsTheCall() async throws {
        try await with { service, front in
            let client = try await front.connect()
            try await client.send("GET /service/s/slow?seconds=60 HTTP/1.1\r\nHost: localhost\r\nWiremesh-Timeout: 150ms\r\n\r\n")
            let text = try await client.wait(for: "}")
            #expect(text.hasPrefix("HTTP/1.1 504 "))
            #expect(text.contains("{\"detail\":"))
            try await service.wait(for: "gone", "/slow")
            client.clear()
            try await client.send("GET /service/s/seen HTTP/1.1\r\nHost: localhost\r\nWiremesh-Timeout: soon\r\n\r\n")
            #expect(try await client.wait(for: "}").hasPrefix("HTTP/1.1 400 "))
        }
    }

    // HTTP-5.1
    @Test func redirectsAndErrorsPassThrough() async throws {
        try await with { _, front in
            let client = try await front.connect()
            for status in [302, 404, 418, 500, 503] {
                client.clear()
                try await client.send("GET /service/s/status/\(status) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                let text = try await client.wait(for: "as asked")
                #expect(text.hasPrefix("HTTP/1.1 \(status) "))
            }
        }
    }

    @Test func probesTellHealth() async throws {
        let service = try await PythonService.start()
        let upstream = try HTTPUpstream(url: service.url)
        #expect(await upstream.probe(timeout: .seconds(5)).isHealthy)
        let failing = try HTTPUpstream(url: service.url, healthPath: "/status/503")
        let sick = await failing.probe(timeout: .seconds(5))
        #expect(!sick.isHealthy)
        #expect(sick.detail?.contains("503") == true)
        let slow = await (try HTTPUpstream(url: service.url, healthPath: "/slow")).probe(timeout: .milliseconds(50))
        #expect(!slow.isHealthy)
        service.kill()
        var gone = await upstream.probe(timeout: .seconds(5))
        while gone.isHealthy { gone = await upstream.probe(timeout: .seconds(5)) }
        #expect(gone.detail != nil)
    }

    @Test func membersAreReachedUnderTheirService() async throws {
        let service = try await PythonService.start()
        let forwarder = MemberForwarder()
        var head = Head()
        head.service = "svc"
        head.verb = "GET"
        head.path = "/seen?q=1"
        head.hops = 3
        let answer = try await forwarder.caller(to: service.url + "/seen/base/").unary(head, timeout: .seconds(5))
        let text = String(buffer: answer.body)
        #expect(text.contains(#""target": "/seen/base/service/svc/seen?q=1""#))
        #expect(text.contains(#""wiremesh-hops": "3""#))
        #expect(text.contains(#""wiremesh-timeout": "5000ms""#))
        await #expect(throws: CallError.self) { try await forwarder.caller(to: "ftp://nowhere").unary(head, timeout: .seconds(5)) }
    }
}
