/// Names a stream of a link: its place in the slab and its id. A reference to a slot that was given to another stream is
/// recognised by the id and does nothing.
public struct StreamRef: Hashable, Sendable {
    /// Index in the slab; local, never on the wire.
    public var slot: Int32
    /// The stream id of the frames; 0 names no stream.
    public var id: UInt32

    package init(slot: Int32, id: UInt32) {
        self.slot = slot
        self.id = id
    }
}

/// One stream of a link: both directions with their credit, and what waits to be sent.
struct StreamSlot {
    var id: UInt32 = 0
    /// Whether this side opened it.
    var isLocal = false

    // Sending
    /// Whether this side's HEAD has been sent; no DATA goes before it.
    var headSent = false
    var queue = SendQueue()
    /// Bytes of DATA sent, uncompressed.
    var sent: UInt64 = 0
    /// What the peer has granted, absolute.
    var sendLimit: UInt64 = 0
    var endQueued = false
    var endSent = false
    /// Whether it stands in the ring of streams that have something to send.
    var inRing = false
    /// What had been sent when it was last looked whether the peer takes anything, and since when that is so.
    var progress: (sent: UInt64, since: Instant)?
    /// Whether the owner was told "not writable" and waits to hear otherwise.
    var wantsWritable = false
    /// Whether DATA may be compressed, and how eagerly.
    var compression: CompressionPolicy?

    // Receiving
    var headReceived = false
    var received: UInt64 = 0
    var consumed: UInt64 = 0
    /// What the peer was granted, absolute.
    var granted: UInt64 = 0
    var window: UInt64 = 0
    /// What the window may grow to.
    var windowMaximum = Limits.streamWindowMaximum
    var windowUpdated = Instant(nanoseconds: 0)
    var lastConsumed = Instant(nanoseconds: 0)
    var remoteEnded = false
    /// This side has sent STOP: what still comes is dropped and credited.
    var stopped = false

    // Life
    /// No frame of it is sent or accepted any more.
    var closed = false
    /// Its owner is done with it.
    var released = false

    /// Bytes received and not yet consumed.
    var held: UInt64 { received - consumed }
    /// How many more bytes the peer takes.
    var credit: UInt64 { sendLimit > sent ? sendLimit - sent : 0 }

    /// Bytes that wait beyond what the peer takes.
    var overhang: Int { max(0, queue.count - Int(clamping: credit)) }

    /// Whether it has something to send, the credit to send it with, and no place in the ring yet.
    var wantsTurn: Bool { !inRing && !closed && (queue.count > 0 ? credit > 0 : endQueued && !endSent) }

    /// Grants credit again once half of the window is used, from a window that grows while it is drained. The new limit to
    /// tell the peer; `nil` while the old one will do.
    mutating func grant(now: Instant) -> UInt64? {
        guard !closed, !remoteEnded, granted - consumed <= window / 2 else { return nil }  // FLOW-1.6
        if held == 0, now - windowUpdated < Limits.windowGrowth { window = min(window * 2, windowMaximum) }
        windowUpdated = now
        granted = consumed + window  // FLOW-1.5
        return granted
    }
}

/// The slab of a link's streams and the way from id to slot.
struct StreamTable {
    private(set) var slots: [StreamSlot] = []
    private var free: [Int32] = []
    private var byID: [UInt32: Int32] = [:]

    var count: Int { byID.count }
    var liveIDs: some Collection<UInt32> { byID.keys }

    mutating func insert(_ slot: StreamSlot) -> Int {
        let index: Int
        if let reused = free.popLast() {
            index = Int(reused)
            slots[index] = slot
        } else {
            index = slots.count
            slots.append(slot)
        }
        byID[slot.id] = Int32(truncatingIfNeeded: index)
        return index
    }

    mutating func remove(_ index: Int) {
        byID[slots[index].id] = nil
        slots[index] = StreamSlot()
        free.append(Int32(truncatingIfNeeded: index))
    }

    func index(of id: UInt32) -> Int? { byID[id].map { Int($0) } }

    /// The slot that `ref` names; `nil` once it belongs to another stream or to none.
    func index(of ref: StreamRef) -> Int? {
        let index = Int(ref.slot)
        guard index >= 0, index < slots.count, slots[index].id == ref.id, ref.id != 0 else { return nil }
        return index
    }

    func ref(_ index: Int) -> StreamRef { StreamRef(slot: Int32(truncatingIfNeeded: index), id: slots[index].id) }

    subscript(index: Int) -> StreamSlot {
        _read { yield slots[index] }
        _modify { yield &slots[index] }
    }
}
