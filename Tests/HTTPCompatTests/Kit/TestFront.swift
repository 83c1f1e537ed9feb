import HTTPCompat
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import Transport

/// A front on a free loopback port: `/service/NAME/...` goes to a caller, the rest to a small router.
struct TestFront {
    let front: HTTPFront
    let address: SocketAddress
    var port: Int { address.port ?? 0 }

    static func start(_ caller: any Caller, change: (inout FrontConfiguration) -> Void = { _ in }) async throws -> TestFront {
        var configuration = FrontConfiguration(port: 0)
        change(&configuration)
        let front = HTTPFront(
            group: .singletonMultiThreadedEventLoopGroup, configuration: configuration, hot: TestRoutes(caller: caller),
            responder: testRouter().buildResponder(), logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        return TestFront(front: front, address: try await front.start())
    }

    func connect(reads: Bool = true) async throws -> RawClient { try await RawClient.connect(to: address, reads: reads) }

    /// Runs a front for the length of `body`.
    static func with<Value>(
        _ caller: any Caller = StubCaller(), change: (inout FrontConfiguration) -> Void = { _ in },
        _ body: (TestFront) async throws -> Value
    ) async throws -> Value {
        let front = try await start(caller, change: change)
        do {
            let value = try await body(front)
            await front.front.shutdown()
            return value
        } catch {
            await front.front.shutdown()
            throw error
        }
    }
}

struct TestRoutes: HotRoutes {
    let caller: any Caller

    func route(_ request: FrontRequest) -> HotRoute? {
        if request.path == "/hot" { return .answer(.json(ByteBuffer(string: "{\"hot\":true}"))) }
        guard let path = ServicePath(request.path) else { return nil }
        do {
            return .forward(Forward(try ForwardedHead.make(request, service: path.service, path: path.rest), to: caller))
        } catch {
            return .answer(error.answer)
        }
    }
}

private func testRouter() -> Router<FrontContext> {
    let router = Router(context: FrontContext.self)
    router.get("plain") { _, _ in "plain" }
    router.post("length") { request, _ in
        let body = try await request.body.collect(upTo: .max)
        return String(body.readableBytes)
    }
    router.get("stream") { _, _ in
        Response(
            status: .ok,
            body: ResponseBody { writer in
                for index in 0..<1_000 { try await writer.write(ByteBuffer(string: "part \(index)\n")) }
                try await writer.finish(nil)
            })
    }
    return router
}
