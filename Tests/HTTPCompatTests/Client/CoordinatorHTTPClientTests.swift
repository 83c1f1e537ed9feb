import NIOCore
import NIOPosix
import Testing
import Transport
import Wire
import Worker

@testable import HTTPCompat

@Suite struct CoordinatorHTTPClientTests {
    private func member(_ name: String, services: [String]) -> HTTPMember {
        HTTPMember(
            worker: name, tunnelURL: "http://127.0.0.1:9/x", region: "eu",
            capabilities: ["has_gpu": .bool(true), "n": .json("{\"a\":[1]}")],
            services: services.map { ServiceRecord(name: $0) })
    }

    @Test(
        arguments: [
            (#"{"latency_ms":1.5}"#, Duration.microseconds(1_500)), (#"{"latency_ms":1e300}"#, nil), (#"{"latency_ms":-1}"#, nil),
            ("{}", nil),
        ] as [(String, Duration?)])
    func takesOnlyALatencyThatCanBe(answer: String, latency: Duration?) throws {
        #expect(Duration(latencyIn: try JSONValue(parsing: answer.utf8)) == latency)
    }

    /// The life of an HTTP-only worker, as the Worker library drives it.
    @Test func registersBeatsFindsAndLeaves() async throws {
        let coordinator = try await CoordinatorFixture.start()
        let client = try CoordinatorHTTPClient(url: coordinator.url + "/", group: .singletonMultiThreadedEventLoopGroup)
        let wait = Duration.seconds(10)
        #expect(try await client.register(member("one", services: ["a", "b"]), timeout: wait) == ["a", "b"])
        #expect(try await client.register(member("two", services: ["b"]), timeout: wait) == ["b"])
        let beat = HTTPBeat(worker: "one", status: "healthy", load: 0.5, activeRequests: 3, services: ["a": true, "b": false])
        try await client.heartbeat(beat, timeout: wait)

        // It says itself that "b" does not work there.
        #expect(try await client.discover("b", timeout: wait).workers.map(\.name) == ["two"])
        let better = HTTPBeat(worker: "one", status: "healthy", load: 0.5, activeRequests: 3, services: ["a": true, "b": true])
        try await client.heartbeat(better, timeout: wait)

        #expect(try await client.list(timeout: wait).map(\.name).sorted() == ["a", "b"])
        let found = try await client.discover("b", timeout: wait)
        #expect(found.known)
        #expect(found.total == 2)
        #expect(found.workers.map(\.name) == ["two", "one"])
        #expect(found.workers[1].load.fraction == 0.5)
        #expect(found.workers[1].tunnelURL == "http://127.0.0.1:9/x")
        #expect(found.workers[1].region == "eu")
        let unknown = try await client.discover("never", timeout: wait)
        #expect(!unknown.known && unknown.workers.isEmpty)

        #expect(try await client.services().value.map(\.name) == ["a", "b"])
        #expect(try await client.workers().value.map(\.ageSeconds).allSatisfy { $0 < 60 })
        let discovered = try await client.discover("b", limit: 1)
        #expect(discovered.value.total == 2)
        #expect(discovered.value.workers.map(\.capabilities) == [["has_gpu": true, "n": ["a": [1]]]])
        #expect(try JSONValue(parsing: discovered.json.utf8)["recommended"] == "two")

        try await client.unregister("one", timeout: wait)
        let gone = await #expect(throws: CallError.self) { try await client.heartbeat(beat, timeout: wait) }
        #expect(gone?.code == .notFound)
        await client.shutdown()
        await coordinator.shutdown()
    }

    @Test func saysWhatIsWrong() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        for url in ["", "127.0.0.1:8080", "ftp://x", "http://"] {
            #expect(throws: ClientError.badURL(url)) { try CoordinatorHTTPClient(url: url, group: group) }
        }
        #expect(throws: ClientError.self) { try CoordinatorHTTPClient(url: "https://x", authority: "/nonexistent.pem", group: group) }

        let closed = try CoordinatorHTTPClient(url: "http://127.0.0.1:1", group: group)
        let error = await #expect(throws: ClientError.self) { try await closed.services() }
        guard case .unreachable("http://127.0.0.1:1", _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.callError.code == .unreachable)
        await closed.shutdown()
    }

    /// A name that would change the path stays a name.
    @Test func escapesNames() async throws {
        let coordinator = try await CoordinatorFixture.start()
        let client = try CoordinatorHTTPClient(url: coordinator.url, group: .singletonMultiThreadedEventLoopGroup)
        let error = await #expect(throws: ClientError.self) { try await client.discover("../list?x=ü %") }
        #expect(error == .refused(status: 503, detail: "No healthy workers found for service: ../list?x=ü %"))
        await client.shutdown()
        await coordinator.shutdown()
    }
}
