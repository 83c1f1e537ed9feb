import NIOCore
import Transport
import Wire

/// Joins a call that somebody made with the call that serves it: bodies, ends, errors and cancellation pass in both
/// directions, and neither side gets more than it has room for. Confined to one loop.
///
/// It is the receiver of the request; the answer has one of its own.
final class Splice: CallReceiver {
    private let client: any ServerStream
    private var server: (any CallStream)?
    private let request = Pump()
    private let answer = Pump()

    /// Opens the serving call with `open` and answers `client` with what it says.
    static func start(_ client: any ServerStream, open: (any CallReceiver) -> any CallStream) -> Splice {
        let splice = Splice(client)
        splice.server = open(Answer(splice))
        return splice
    }

    private init(_ client: any ServerStream) { self.client = client }

    // MARK: The request

    func callReceived(head: Head) {}

    func callReceived(data: ByteBuffer) {
        if let server { request.received(data, from: client, to: server) } else { client.consumed(data.readableBytes) }
    }

    func callReceivedEnd() {
        if let server { request.ended(to: server) }
    }

    func callFailed(_ error: CallError) {
        let server = server
        self.server = nil
        server?.cancel(error.code, reason: error.reason)
    }

    func callBecameWritable() {
        if let server { answer.drain(from: server, to: client) }
    }

    // MARK: The answer

    private final class Answer: CallReceiver {
        private let splice: Splice

        init(_ splice: Splice) { self.splice = splice }

        func callReceived(head: Head) { splice.client.respond(head) }

        func callReceived(data: ByteBuffer) {
            if let server = splice.server { splice.answer.received(data, from: server, to: splice.client) }
        }

        func callReceivedEnd() { splice.answer.ended(to: splice.client) }

        func callFailed(_ error: CallError) {
            guard splice.server != nil else { return }
            splice.server = nil
            splice.client.fail(error)
        }

        func callBecameWritable() {
            if let server = splice.server { splice.request.drain(from: splice.client, to: server) }
        }
    }
}
