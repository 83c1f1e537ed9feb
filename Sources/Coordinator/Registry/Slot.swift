/// Where a worker stands in the registry's tables. The generation tells a worker from the next one in the same place.
struct Slot: Hashable, Sendable {
    var index: Int
    var generation: UInt32
}

/// A table with stable places: what one index points to is found without hashing, and a freed place is used again.
struct Slab<Element>: Sendable where Element: Sendable {
    private var elements: [Element?] = []
    private var generations: [UInt32] = []
    private var free: [Int] = []
    private(set) var count = 0

    /// One more than the greatest index in use so far: for walks over all places.
    var end: Int { elements.count }

    mutating func insert(_ make: (Slot) -> Element) -> Slot {
        count += 1
        if let index = free.popLast() {
            let slot = Slot(index: index, generation: generations[index])
            elements[index] = make(slot)
            return slot
        }
        let slot = Slot(index: elements.count, generation: 0)
        elements.append(make(slot))
        generations.append(0)
        return slot
    }

    mutating func remove(_ slot: Slot) -> Element? {
        guard contains(slot) else { return nil }
        defer {
            elements[slot.index] = nil
            generations[slot.index] &+= 1
            free.append(slot.index)
            count -= 1
        }
        return elements[slot.index]
    }

    func contains(_ slot: Slot) -> Bool {
        slot.index < elements.count && generations[slot.index] == slot.generation && elements[slot.index] != nil
    }

    /// The element of a slot; `nil` once it was removed.
    subscript(slot: Slot) -> Element? {
        _read { yield contains(slot) ? elements[slot.index] : nil }
    }

    /// The element at an index below `end`, whatever its generation.
    subscript(index index: Int) -> Element? { index < elements.count ? elements[index] : nil }

    /// Changes an element in place; `nil` where it is gone.
    mutating func update<R>(_ slot: Slot, _ body: (inout Element) -> R) -> R? {
        // Taken out and put back, so that nothing in it is shared and copied while it changes.
        guard contains(slot), var element = elements[slot.index].take() else { return nil }
        defer { elements[slot.index] = element }
        return body(&element)
    }
}
