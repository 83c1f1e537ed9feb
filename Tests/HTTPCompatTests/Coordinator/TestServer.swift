import HTTPCompat
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// An HTTP server that answers every request as the test says, and counts them.
final class TestServer: HotRoutes {
    private let answer: @Sendable (FrontRequest) -> HTTPAnswer
    private let count = Atomic(0)
    private let front = Mutex<HTTPFront?>(nil)
    private let bound = Atomic(0)

    static func start(_ answer: @escaping @Sendable (FrontRequest) -> HTTPAnswer) async throws -> TestServer {
        let server = TestServer(answer)
        let front = HTTPFront(
            group: .singletonMultiThreadedEventLoopGroup, configuration: FrontConfiguration(port: 0), hot: server,
            responder: Router(context: FrontContext.self).buildResponder(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        server.bound.store(try await front.start().port ?? 0, ordering: .relaxed)
        server.front.withLock { $0 = front }
        return server
    }

    private init(_ answer: @escaping @Sendable (FrontRequest) -> HTTPAnswer) { self.answer = answer }

    var port: Int { bound.load(ordering: .relaxed) }
    /// Requests that have come.
    var requests: Int { count.load(ordering: .relaxed) }

    func route(_ request: FrontRequest) -> HotRoute? {
        count.wrappingAdd(1, ordering: .relaxed)
        return .answer(answer(request))
    }

    func shutdown() async { await front.withLock { $0 }?.shutdown() }
}
