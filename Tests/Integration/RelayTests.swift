import Foundation
import Testing

extension Integration {
    /// Workers that nobody can dial, in networks of their own.
    @Suite struct Relay {
        @Test func workersBehindDifferentNATsCallEachOther() async throws {
            let hosts = try await HiddenHosts.start()
            let answer = try await hosts.seen()
            #expect(answer.status == 200)
            #expect(answer.headers["wiremesh-worker"] == "b")
            #expect(answer.headers["wiremesh-route"] == "relay")
            let ping = try await hosts.ping()
            #expect(ping["route"] == "relay" && ping["relay"].string?.isEmpty == false)
            let body = String(repeating: "a large body, ", count: 300_000)
            let sent = Sandbox.current.folder.appending(path: "body")
            try body.write(to: sent, atomically: true, encoding: .utf8)
            let echoed = try await curl(hosts.a.url("demo", "/echo"), "--data-binary", "@\(sent.path)", prefix: hosts.a.prefix)
            #expect(echoed.status == 200 && echoed.headers["wiremesh-route"] == "relay")
            #expect(echoed.body == body)
        }

        /// The coordinator dials back half a minute after it could not: from then on the workers speak to each other, and a stream
        /// that began by relay goes on.
        @Test func aPublishedPortMovesTheLink() async throws {
            let hosts = try await HiddenHosts.start()
            #expect((try await hosts.seen()).headers["wiremesh-route"] == "relay")
            let open = try Sandbox.current.start(
                "curl", hosts.a.prefix + ["curl", "-sSN", hosts.a.url("demo", "/events?count=10000&interval=0.1")])
            try await until("the stream should begin") { open.output.contains("id: 2\n") }
            try await hosts.publish()
            var failed = 0
            try await until(within: .seconds(60), "the link should become direct") {
                let answer = try await hosts.seen()
                if answer.status != 200 { failed += 1 }
                return answer.headers["wiremesh-route"] == "direct"
            }
            #expect(failed == 0)
            #expect((try await hosts.ping())["route"] == "direct")
            // The relayed link takes no calls any more by then, and still has this one.
            try await Task.sleep(for: .seconds(6))
            let length = open.output.utf8.count
            try await until("the stream should go on") { open.output.utf8.count > length }
            #expect(open.exit == nil)
        }
    }
}
