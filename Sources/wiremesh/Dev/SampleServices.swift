import NIOCore
import Transport
import Wire

/// The services that `wiremesh dev` hosts: small, and one for each way to write a handler.
enum SampleServices {
    /// Sends back what it gets, while it gets it.
    static let echo = ServiceHandler.async { call in
        var head = Head()
        head.status = 200
        head.fields = [Head.Field("content-type", call.request["content-type"] ?? "application/octet-stream")]
        call.respond(head)
        for try await bytes in call.body { try await call.write(bytes) }
    }

    /// Server-sent events: the numbers from 1 to `to` (10), one each `interval` (200ms), both from the query.
    static let counter = ServiceHandler.async { call in
        let query = Query(call.request.path)
        let last = min(max(query["to"].flatMap { Int($0) } ?? 10, 0), 1_000_000)
        let pause = query["interval"].flatMap { DurationArgument(argument: $0) }?.duration ?? .milliseconds(200)
        var head = Head()
        head.status = 200
        head.fields = [Head.Field("content-type", "text/event-stream"), Head.Field("cache-control", "no-cache")]
        call.respond(head)
        for number in 0..<last {
            if number > 0 { try await Task.sleep(for: pause) }
            try await call.write(ByteBuffer(string: "data: \(number + 1)\n\n"))
        }
    }

    /// Says who answers.
    static func hello(_ worker: String) -> ServiceHandler {
        .inline { _, _, _ throws(CallError) in
            var head = Head()
            head.fields = [Head.Field("content-type", "text/plain; charset=utf-8")]
            return (head, ByteBuffer(string: "Hello from \(worker).\n"))
        }
    }
}

/// The parameters behind the "?" of a path. Not percent-decoded: the samples take numbers and times.
private struct Query {
    private var values: [Substring: Substring] = [:]

    init(_ path: String) {
        guard let mark = path.firstIndex(of: "?") else { return }
        for pair in path[path.index(after: mark)...].split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
    }

    subscript(name: Substring) -> String? { values[name].map(String.init) }
}
