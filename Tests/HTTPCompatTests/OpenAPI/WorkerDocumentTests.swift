import Logging
import NIOCore
import NIOPosix
import Testing
import Worker

@testable import HTTPCompat

@Suite struct WorkerDocumentTests {
    /// The document is one, and everything that it describes answers as described.
    @Test func theWorkerAnswersAsDocumented() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let group = MultiThreadedEventLoopGroup.singleton
        let node = try WorkerNode(
            configuration: WorkerConfiguration(name: "w"), services: [], forwarder: nil, coordinator: nil, group: group, logger: logger)
        let http = WorkerHTTP(node: node)
        let front = HTTPFront(
            group: group, configuration: FrontConfiguration(port: 0), hot: http, responder: http.responder, logger: logger)
        let port = try await front.start().port ?? 0
        do {
            try await runClient("openapi_check.py", "http://127.0.0.1:\(port)")
        } catch {
            Issue.record(error)
        }
        await front.shutdown()
        await node.shutdown()
    }
}
