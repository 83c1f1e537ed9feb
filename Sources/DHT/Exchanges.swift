import Wire

/// The requests of this node that have not been answered, and when each is to be sent again or given up.
struct Exchanges: Sendable {
    /// What a request was for: what its answer, or the want of one, is told to.
    enum Purpose: Hashable, Sendable {
        case lookup(UInt32)
        /// Is a contact still there? Is a candidate there at all?
        case presence
        /// More contacts for the table.
        case discovery
        /// Somebody that this node did not know of, close to it?
        case repair
        case store(service: String, whole: Bool, again: Bool)
        case sync(bucket: UInt8?)
        /// A holder looks whether a provider is there, because somebody says it is not.
        case inspection(UnreachableHint)
        /// Do datagrams work again?
        case health
        /// Somebody wants to know whether a node is there, and how far.
        case ping(UInt64)
        /// Said for the other's sake.
        case courtesy
    }

    struct Exchange: Sendable {
        var request: DHTRequest
        var contact: Contact
        var purpose: Purpose
        var path: DHTPath
        /// Of the first send; an answer to a later one measures no round trip.
        var sent: Instant
        /// Of the last send.
        var sentLast: Instant
        var timeout: Duration
        var sends = 1
        var sendLimit: Int
        /// Whether it went over TCP as well.
        var isHedged = false

        /// Whether somebody only wants to know.
        var isCurious: Bool { if case .ping = purpose { true } else { false } }
    }

    private var open: [UInt32: Exchange] = [:]
    /// A heap of deadlines; those of answered exchanges stay until they come up.
    private var heap: [(at: UInt64, exchange: UInt32)] = []
    private var last: UInt32 = 0

    var count: Int { open.count }

    /// A number that no open exchange has.
    mutating func number() -> UInt32 {
        repeat { last &+= 1 } while open[last] != nil
        return last
    }

    mutating func insert(_ exchange: Exchange, until deadline: Instant) {
        open[exchange.request.exchange] = exchange
        push(deadline.nanoseconds, exchange.request.exchange)
    }

    subscript(number: UInt32) -> Exchange? { open[number] }

    mutating func remove(_ number: UInt32) -> Exchange? { open.removeValue(forKey: number) }

    /// The next exchange whose time is over. It is out of the table: put it back with `insert`, or be done with it.
    mutating func due(_ now: Instant) -> Exchange? {
        while let first = heap.first, first.at <= now.nanoseconds {
            pop()
            if let exchange = open.removeValue(forKey: first.exchange) { return exchange }
        }
        return nil
    }

    /// When the next one is over.
    var deadline: Instant? {
        mutating get {
            while let first = heap.first {
                if open[first.exchange] != nil { return Instant(nanoseconds: first.at) }
                pop()
            }
            return nil
        }
    }

    private mutating func push(_ at: UInt64, _ exchange: UInt32) {
        heap.append((at, exchange))
        var child = heap.count - 1
        while child > 0, heap[child].at < heap[(child - 1) / 2].at {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func pop() {
        guard let last = heap.popLast() else { return }
        guard !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [parent * 2 + 1, parent * 2 + 2] where child < heap.count && heap[child].at < heap[least].at { least = child }
            guard least != parent else { return }
            heap.swapAt(least, parent)
            parent = least
        }
    }
}
