public import Wire

/// A simulation in virtual time: events in the order of their times, those of one time in the order of their making.
public struct EventQueue<Event> {
    /// The time of the event that was taken last.
    public private(set) var clock = VirtualClock()
    private var heap: [(at: Instant, number: Int, event: Event)] = []
    private var made = 0

    public init() {}

    /// Now, for machines.
    public var now: Instant { clock.now }

    /// `event` happens `after` from now.
    public mutating func schedule(_ event: Event, after delay: Duration) {
        heap.append((clock.now + delay, made, event))
        made += 1
        var child = heap.count - 1
        while child > 0, isBefore(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Moves the clock to the next event and gives it; `nil` when nothing is left.
    public mutating func next() -> Event? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        clock.advance(by: first.at - clock.now)
        return first.event
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [parent * 2 + 1, parent * 2 + 2] where child < heap.count && isBefore(child, least) { least = child }
            guard least != parent else { return }
            heap.swapAt(least, parent)
            parent = least
        }
    }

    private func isBefore(_ a: Int, _ b: Int) -> Bool { (heap[a].at, heap[a].number) < (heap[b].at, heap[b].number) }
}
