/// Events by time, those of one time in the order of their making. The heap holds keys only; events stay where they are put.
struct SimulationQueue<Event> {
    private var heap: [(at: UInt64, order: UInt32, slot: UInt32)] = []
    private var events: [Event?] = []
    private var free: [UInt32] = []
    private var made: UInt32 = 0

    var count: Int { heap.count }
    /// When the next event is.
    var first: UInt64? { heap.first?.at }

    mutating func push(_ event: Event, at time: UInt64) {
        let slot: UInt32
        if let reused = free.popLast() {
            slot = reused
            events[Int(reused)] = event
        } else {
            slot = UInt32(events.count)
            events.append(event)
        }
        made &+= 1
        let key = (at: time, order: made, slot: slot)
        heap.append(key)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 4
            guard Self.isBefore(key, heap[parent]) else { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = key
    }

    mutating func pop() -> (at: UInt64, event: Event)? {
        guard let top = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty { sink(last) }
        let slot = Int(top.slot)
        guard let event = events[slot] else { return nil }
        events[slot] = nil
        free.append(top.slot)
        return (top.at, event)
    }

    private mutating func sink(_ key: (at: UInt64, order: UInt32, slot: UInt32)) {
        var parent = 0
        while true {
            var least = parent * 4 + 1
            guard least < heap.count else { break }
            for child in least + 1..<min(least + 4, heap.count + 1) where child < heap.count && Self.isBefore(heap[child], heap[least]) {
                least = child
            }
            guard Self.isBefore(heap[least], key) else { break }
            heap[parent] = heap[least]
            parent = least
        }
        heap[parent] = key
    }

    private static func isBefore(_ a: (at: UInt64, order: UInt32, slot: UInt32), _ b: (at: UInt64, order: UInt32, slot: UInt32)) -> Bool {
        a.at != b.at ? a.at < b.at : Int32(bitPattern: a.order &- b.order) < 0
    }
}
