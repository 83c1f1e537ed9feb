/// What a ping to another worker has measured.
public struct RoundTrip: Hashable, Sendable {
    /// There and back, through both machines.
    public var time: Duration
    /// Name of the relay that passes the link on; `nil` for a direct one.
    public var relay: String?
}
