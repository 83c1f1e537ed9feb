public import NIOCore
import NIOSSL
import Synchronization
public import Transport
public import Wire
public import Worker

/// A service beside this worker that speaks HTTP/1.1: `http://127.0.0.1:9000`, with a base path or over TLS if need be.
///
/// Calls live on the loop they were opened on, and so do their connections. Redirects, compressed bodies and cookies pass
/// through untouched; no proxy is used. An upstream that cannot be reached fails a call with `unreachable`; one that breaks off
/// after bytes of the request have left fails it with `upstreamFailed`.
public final class HTTPUpstream: Upstream {
    private let connections: UpstreamConnections
    private let healthPath: String

    /// - Parameters:
    ///   - url: `http://host[:port][/base]` or `https://…`.
    ///   - healthPath: what a probe asks for with GET. Any answer below 500 means healthy, also 404: not every service has one.
    public init(url: String, healthPath: String = "/health") throws(UpstreamURLError) {
        connections = try UpstreamConnections(UpstreamURL(url))
        self.healthPath = healthPath
    }

    public func open(_ head: Head, on loop: any EventLoop, receiver: any CallReceiver) -> any CallStream {
        connections.open(head, prefix: connections.url.base, carriesOn: false, on: loop, receiver: receiver)
    }

    public func probe(timeout: Duration) async -> UpstreamHealth {
        var head = Head()
        head.verb = "GET"
        head.path = healthPath
        head.fields = [Head.Field("accept", "*/*")]
        let started = ContinuousClock.now
        let detail = await Self.failure(of: head, to: self, timeout)
        return UpstreamHealth(isHealthy: detail == nil, latency: ContinuousClock.now - started, detail: detail)
    }

    /// What is wrong with the answer to a health request; `nil` if nothing is.
    private static func failure(of head: Head, to upstream: HTTPUpstream, _ timeout: Duration) async -> String? {
        do {
            let status = try await upstream.unary(head, timeout: timeout).head.status
            return status < 500 ? nil : "it answered its health request with \(status)"
        } catch {
            // An answer that is too long to be read is an answer.
            return error.code == .tooLarge ? nil : error.reason.isEmpty ? error.code.name : error.reason
        }
    }
}

/// The connections to one URL, on any loop.
final class UpstreamConnections: Sendable {
    let url: UpstreamURL
    private let tls: NIOSSLContext?
    private let pools = Mutex<[ObjectIdentifier: NIOLoopBound<UpstreamPool>]>([:])

    init(_ url: UpstreamURL) throws(UpstreamURLError) {
        self.url = url
        guard url.isSecure else {
            tls = nil
            return
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.applicationProtocols = ["http/1.1"]
        do {
            tls = try NIOSSLContext(configuration: configuration)
        } catch {
            throw UpstreamURLError(url: url.text, reason: "TLS cannot be set up: \(error)")
        }
    }

    /// Opens a call. See `UpstreamRequest` for the parameters.
    func open(
        _ head: Head, prefix: String, carriesOn: Bool, on loop: any EventLoop, receiver: any CallReceiver
    ) -> any CallStream {
        do {
            let request = try UpstreamRequest(head, to: url, prefix: prefix, carriesOn: carriesOn)
            let call = UpstreamCall(request, deadline: head.deadline, pool: pool(on: loop), on: loop, receiver: receiver)
            call.start()
            return call
        } catch {
            return FailedCall(error, on: loop, receiver: receiver)
        }
    }

    private func pool(on loop: any EventLoop) -> UpstreamPool {
        let bound = pools.withLock { pools in
            let key = ObjectIdentifier(loop)
            if let pool = pools[key] { return pool }
            let pool = NIOLoopBound(UpstreamPool(url, tls: tls, on: loop), eventLoop: loop)
            pools[key] = pool
            return pool
        }
        return bound.value
    }
}

/// A call that could not be made: tells its receiver why, after `open` has returned, and nothing else.
final class FailedCall: CallStream {
    let eventLoop: any EventLoop
    private var receiver: (any CallReceiver)?

    init(_ error: CallError, on loop: any EventLoop, receiver: any CallReceiver) {
        eventLoop = loop
        self.receiver = receiver
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.execute { bound.value.receiver.take()?.callFailed(error) }
    }

    var isWritable: Bool { true }
    func write(_ bytes: ByteBuffer) {}
    func finish() {}
    func consumed(_ count: Int) {}
    func cancel(_ code: ErrorCode, reason: String) { receiver = nil }
}
