/// Which run of a node this is: how often it has started, and a number drawn at this start.
///
/// The counter stands in the node's data folder and is raised before the first link. A folder that was restored from a
/// backup therefore counts from where the backup was taken, and two nodes that run from copies of one folder differ in the
/// drawn half even when their counters agree. Both are told apart from an ordinary restart by whoever remembers the last run.
public struct BootEpoch: Hashable, Sendable {
    /// Starts of this node so far, this one included.
    public var starts: UInt32
    /// Drawn at this start.
    public var nonce: UInt32

    public init(starts: UInt32, nonce: UInt32) {
        self.starts = starts
        self.nonce = nonce
    }

    /// Reads the form that `LinkParameters`, `Registration` and `WorkerRecord` carry.
    public init(rawValue: UInt64) {
        starts = UInt32(truncatingIfNeeded: rawValue >> 32)
        nonce = UInt32(truncatingIfNeeded: rawValue)
    }

    /// The counter in the upper half, so that a later start is a greater number.
    public var rawValue: UInt64 { UInt64(starts) << 32 | UInt64(nonce) }
}
