public import NIOCore
import NIOPosix
public import Wire

/// What one side can do to a call in progress: the same for a stream of a link, a request to an upstream and a
/// request that an HTTP client made.
///
/// Confined to `eventLoop`: every method is called there, every callback of its receiver arrives there. Methods are
/// total: after the call has ended they do nothing.
public protocol CallStream: AnyObject {
    /// The loop this call lives on.
    var eventLoop: any EventLoop { get }
    /// Whether more should be written now. `write` always accepts, so a writer that ignores this only hurts itself
    /// until `Limits.unsentPerStream`, where the stream is reset. `callBecameWritable` follows a `false`.
    var isWritable: Bool { get }
    /// Queues bytes of the body. The last reference to them is dropped when they are sent.
    func write(_ bytes: ByteBuffer)
    /// Ends this direction (half close). The other direction goes on.
    func finish()
    /// Queues the last bytes of the body and ends this direction: one frame where `write` and `finish` would be two.
    func finish(with bytes: ByteBuffer)
    /// The receiver is done with `count` bytes that `callReceived(data:)` gave it: the sender may send as many more.
    func consumed(_ count: Int)
    /// Sends what is written from now on as it is: the service forbids that its bodies are compressed. Without effect where
    /// nothing is compressed anyway.
    func forbidCompression()
    /// Whether a relay passes the call on, as far as that is known: once the answer's head has come it is.
    var isRelayed: Bool { get }
    /// Ends both directions at once. The other side is told `code` and `reason`; the own receiver hears nothing more.
    func cancel(_ code: ErrorCode, reason: String)
}

/// The answering side of a call.
public protocol ServerStream: CallStream {
    /// Sends the head of the answer, once, before any body.
    func respond(_ head: Head)
}

extension CallStream {
    public func forbidCompression() {}

    public var isRelayed: Bool { false }

    public func finish(with bytes: ByteBuffer) {
        if bytes.readableBytes > 0 { write(bytes) }
        finish()
    }

    /// Cancels because nobody wants the answer any more.
    public func cancel() { cancel(.cancelled, reason: "") }
}

/// Who hears what the other side of a call does. Confined to the stream's loop.
///
/// Order: `head` once (only towards a caller; a server gets the head when it accepts), `data` any number of times,
/// then exactly one of `callReceivedEnd` and `callFailed`. `callFailed` may come at any point, also after `end` while this side
/// still writes; it is the last callback. An answer without `callReceivedEnd` is not whole.
public protocol CallReceiver: AnyObject {
    func callReceived(head: Head)
    func callReceived(data: ByteBuffer)
    func callReceivedEnd()
    func callFailed(_ error: CallError)
    func callBecameWritable()
}

/// Anything that takes a request: a link to a peer, an upstream, a worker's router.
public protocol Caller: Sendable {
    /// Opens a call. Called on `loop`; the stream and its callbacks stay there. Never throws: a call that cannot be made
    /// fails through its receiver, after this returns.
    func open(_ head: Head, on loop: any EventLoop, receiver: any CallReceiver) -> any CallStream
    /// The loop on which a call costs least, for callers that have none of their own.
    var preferredLoop: any EventLoop { get }
}

extension Caller {
    public var preferredLoop: any EventLoop { MultiThreadedEventLoopGroup.singleton.any() }
}

/// Why a call has no whole answer.
public struct CallError: Error, Hashable, Sendable, CustomStringConvertible {
    public var code: ErrorCode
    /// For people; never a secret, at most `Limits.reason` bytes on the wire.
    public var reason: String
    /// How long to wait before trying again, in milliseconds; `nil` if the other side did not say.
    public var retryAfterMilliseconds: UInt32?

    public init(_ code: ErrorCode, _ reason: String = "", retryAfterMilliseconds: UInt32? = nil) {
        self.code = code
        self.reason = reason
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }

    public var description: String { reason.isEmpty ? code.name : "\(code.name): \(reason)" }
}
