import Coordinator
import NIOPosix
import Testing
import Transport
import Wire
import Worker

@testable import HTTPCompat

@Suite struct CoordinatorContractTests {
    /// Clients and workers of the replaced system, played by httpx.
    @Test func keepsTheContract() async throws {
        let coordinator = try await CoordinatorFixture.start()
        do {
            try await runClient("coordinator_contract.py", coordinator.url)
        } catch {
            Issue.record(error)
        }
        await coordinator.shutdown()
    }

    /// The document is one, and everything that it describes answers as described.
    @Test func documentsItself() async throws {
        let coordinator = try await CoordinatorFixture.start()
        do {
            try await runClient("openapi_check.py", coordinator.url)
        } catch {
            Issue.record(error)
        }
        await coordinator.shutdown()
    }

    /// Requests made up from the document, good and bad: nothing but documented answers (a 500 is not).
    @Test func withstandsMadeUpRequests() async throws {
        let coordinator = try await CoordinatorFixture.start()
        do {
            try await runPython([
                "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run", "\(coordinator.url)/openapi.json",
                "--phases", "examples,coverage,fuzzing", "--max-examples", "10", "--seed", "1", "--workers", "1", "--checks",
                "status_code_conformance,content_type_conformance,response_schema_conformance",
            ])
        } catch {
            Issue.record(error)
        }
        await coordinator.shutdown()
    }

    @Test func takesNoHTTPWorkersUnlessToldTo() async throws {
        let coordinator = try await CoordinatorFixture.start(allowHTTPWorkers: false)
        let client = try CoordinatorHTTPClient(url: coordinator.url, group: .singletonMultiThreadedEventLoopGroup)
        let member = HTTPMember(worker: "w", tunnelURL: "http://127.0.0.1:1", region: nil, capabilities: [:], services: [])
        let error = await #expect(throws: CallError.self) { try await client.register(member, timeout: .seconds(10)) }
        #expect(error?.code == .permissionDenied)
        #expect(error?.reason.contains("--allow-http-workers") == true)
        #expect(coordinator.node.workers(includingUnhealthy: true).isEmpty)
        await client.shutdown()
        await coordinator.shutdown()
    }
}
