import NIOCore
import Transport

/// The body of a request as far as it has come: what waits for a route, and what a retry would send again.
struct HeldRequest {
    /// In order; empty once something was given up.
    private(set) var parts: [ByteBuffer] = []
    private(set) var count = 0
    /// Whether the body has ended.
    var isFinished = false
    /// Whether all that came is still here.
    private(set) var isWhole = true

    /// Keeps `bytes`, unless that makes more than `limit`; then everything is given up.
    mutating func hold(_ bytes: ByteBuffer, limit: Int) {
        guard isWhole else { return }
        count += bytes.readableBytes
        guard count <= limit else { return giveUp() }
        parts.append(bytes)
    }

    /// Gives up what exceeds `limit` already.
    mutating func shrink(to limit: Int) {
        if count > limit { giveUp() }
    }

    /// Forgets everything: it will not be sent again.
    mutating func giveUp() {
        parts = []
        isWhole = false
    }

    /// Writes what is held, and the end if it was there.
    func send(to stream: any CallStream) {
        for part in parts { stream.write(part) }
        if isFinished { stream.finish() }
    }
}
