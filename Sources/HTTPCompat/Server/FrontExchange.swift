import NIOCore

/// What happens to one request after its head: the side that serves it, as the connection sees it. Confined to the loop.
///
/// The connection calls `received` for each part of the body and `receivedEnd` once; `written` as bytes of the answer leave;
/// `clientGone` once if nobody is left to answer to, after which the exchange must not touch the connection.
protocol FrontExchange: AnyObject {
    /// Whether more of the body should be read from the socket now.
    var wantsBody: Bool { get }
    func received(_ body: ByteBuffer)
    func receivedEnd()
    /// `count` more bytes of the answer are no longer in memory, or near enough: the socket takes more.
    func written(_ count: Int)
    func clientGone()
}

/// Drops the body of a request that was answered without it. Has nothing to cancel.
final class DiscardedBody: FrontExchange {
    var wantsBody: Bool { true }
    func received(_ body: ByteBuffer) {}
    func receivedEnd() {}
    func written(_ count: Int) {}
    func clientGone() {}
}
