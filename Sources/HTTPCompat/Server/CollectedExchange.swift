import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Wire

/// A request that a responder answers: the body is collected, a task computes the answer, its body streams back.
final class CollectedExchange: FrontExchange {
    private weak var connection: FrontConnection?
    private let core: FrontCore
    private let request: FrontRequest
    private let head: HTTPRequestHead
    private var body = ByteBuffer()
    private var task: Task<Void, Never>?
    /// Resumed when the socket takes more; one writer waits at most.
    private var writer: EventLoopPromise<Void>?
    private var isOver = false

    init(_ request: FrontRequest, head: HTTPRequestHead, connection: FrontConnection) {
        self.request = request
        self.head = head
        self.connection = connection
        core = connection.core
    }

    var wantsBody: Bool { true }

    /// Refuses a body that is too large before it is sent.
    func begin() {
        guard let text = head.headers.first(name: "content-length"), let length = UInt64(text), length > Limits.httpCollectedBody else {
            return
        }
        refuseBody()
    }

    func received(_ part: ByteBuffer) {
        guard !isOver else { return }
        guard body.readableBytes + part.readableBytes <= Limits.httpCollectedBody else { return refuseBody() }
        body.writeImmutableBuffer(part)
    }

    private func refuseBody() {
        isOver = true
        body = ByteBuffer()
        connection?.turn?.closeAfterwards()
        connection?.answer(.detail("The body exceeds \(Limits.httpCollectedBody) bytes.", status: 413))
    }

    func receivedEnd() {
        guard !isOver, let loop = connection?.context?.eventLoop else { return }
        guard let converted = HTTPRequest(request, head) else {
            connection?.answer(.detail("The request has a method or field that cannot be read.", status: 400))
            return
        }
        let request = Request(head: converted, body: RequestBody(buffer: body))
        let context = FrontContext(source: FrontContext.Source(logger: core.logger, remote: self.request.remote, isSecure: core.isSecure))
        let (core, bound) = (core, NIOLoopBound(self, eventLoop: loop))
        task = Task {
            do {
                let response = try await core.respond(request, context)
                bound.eventLoop.execute { bound.value.begin(response) }
                try await response.body.write(FrontBodyWriter(bound))
            } catch {
                bound.eventLoop.execute { bound.value.failed(error) }
            }
        }
    }

    func written(_ count: Int) {
        writer?.succeed()
        writer = nil
    }

    func clientGone() {
        isOver = true
        connection = nil
        task?.cancel()
        writer?.fail(CancellationError())
        writer = nil
    }

    // MARK: What the task does on the loop

    private func begin(_ response: Response) {
        let length = response.headers[.contentLength].flatMap { UInt64($0) } ?? response.body.contentLength.map { UInt64(clamping: $0) }
        connection?.begin(
            status: response.status.code, fields: response.headers.lazy.map { ($0.name.canonicalName, $0.value) }, length: length)
    }

    /// Sends a part of the answer's body; the future ends when the next one may come.
    fileprivate func send(_ part: ByteBuffer, on loop: any EventLoop) -> EventLoopFuture<Void> {
        guard !isOver, let connection else { return loop.makeFailedFuture(CancellationError()) }
        connection.send(part)
        guard !connection.isWritable else { return loop.makeSucceededVoidFuture() }
        let promise = loop.makePromise(of: Void.self)
        writer?.fail(CancellationError())
        writer = promise
        return promise.futureResult
    }

    fileprivate func end() {
        isOver = true
        connection?.end()
    }

    private func failed(_ error: any Error) {
        guard !isOver else { return }
        isOver = true
        if !(error is CancellationError) { core.logger.error("a request failed: \(error)", metadata: ["path": "\(request.path)"]) }
        connection?.fail(.detail("Internal Server Error", status: 500))
    }
}

/// Writes a response's body to its connection, as fast as the client reads.
private struct FrontBodyWriter: ResponseBodyWriter {
    private let exchange: NIOLoopBound<CollectedExchange>

    init(_ exchange: NIOLoopBound<CollectedExchange>) { self.exchange = exchange }

    func write(_ buffer: ByteBuffer) async throws {
        let exchange = exchange
        try await exchange.eventLoop.flatSubmit { exchange.value.send(buffer, on: exchange.eventLoop) }.get()
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        let exchange = exchange
        try await exchange.eventLoop.submit { exchange.value.end() }.get()
    }
}

extension HTTPRequest {
    /// The request in the types of the responder; `nil` for a method or field that those cannot hold.
    fileprivate init?(_ request: FrontRequest, _ head: HTTPRequestHead) {
        guard let method = Method(rawValue: head.method.rawValue) else { return nil }
        var fields = HTTPFields()
        for (name, value) in head.headers where FieldText.lowercased(name) != "host" {
            guard let name = HTTPField.Name(name) else { return nil }
            fields.append(HTTPField(name: name, value: value))
        }
        self.init(
            method: method, scheme: request.isSecure ? "https" : "http", authority: head.headers.first(name: "host"),
            path: request.query.map { "\(request.path)?\($0)" } ?? String(request.path), headerFields: fields)
    }
}
