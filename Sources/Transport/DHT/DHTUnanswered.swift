/// A node did not answer a ping by datagram.
public struct DHTUnanswered: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was seen.
    public var cause: DHTHealth.Cause

    public init(cause: DHTHealth.Cause) { self.cause = cause }

    public var description: String { cause.text }
}
