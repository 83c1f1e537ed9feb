package import Wire

/// Lets requests into one local service: so many at once, so many more in a queue, the rest refused. A machine without
/// clock: durations come in.
///
/// Every request that `arrived` let in or queued must be reported once: `completed` after it ran, or `abandoned` while it
/// waits.
package struct ServiceGate<Waiter: Sendable>: Sendable {
    /// How many run at once; at least 1.
    package let limit: Int
    /// How many wait at most.
    package let queueLimit: Int
    private var inFlight = 0
    private var waiting: [Ticket: Waiter] = [:]
    /// Tickets are numbers in order of arrival, so the queue is a walk from `oldest`, past those that gave up.
    private var oldest: UInt64 = 0
    private var next: UInt64 = 0
    private var serviceMicroseconds: Double = 0

    /// A place in the queue.
    package struct Ticket: Hashable, Sendable {
        fileprivate var number: UInt64
    }

    package init(limit: Int, queueLimit: Int) {
        self.limit = max(1, limit)
        self.queueLimit = max(0, queueLimit)
    }

    package enum OnArrival {
        /// Start it now.
        case start
        /// It waits; `completed` of another one will hand it back.
        case wait(Ticket)
        /// The queue is full.
        case refuse(retryAfterMilliseconds: UInt32)
    }

    /// A request has come. `waiter` is kept only if it must wait.
    package mutating func arrived(_ waiter: @autoclosure () -> Waiter) -> OnArrival {
        if inFlight < limit {
            inFlight += 1
            return .start
        }
        guard waiting.count < queueLimit else { return .refuse(retryAfterMilliseconds: retryAfter) }
        let ticket = Ticket(number: next)
        next += 1
        waiting[ticket] = waiter()
        return .wait(ticket)
    }

    /// A request that ran has ended after `time`; `nil` if its time says nothing (it was cancelled). Returns the one to
    /// start in its place.
    package mutating func completed(after time: Duration?) -> Waiter? {
        if let time { measured(Double(time.wholeNanoseconds) / 1_000) }
        while oldest < next {
            let ticket = Ticket(number: oldest)
            oldest += 1
            if let waiter = waiting.removeValue(forKey: ticket) { return waiter }
        }
        inFlight -= 1
        return nil
    }

    /// A request that waited has given up. False if it does not wait any more: then it was handed out by `completed`.
    package mutating func abandoned(_ ticket: Ticket) -> Bool {
        waiting.removeValue(forKey: ticket) != nil
    }

    /// Whether `arrived` would refuse now.
    package var isFull: Bool { inFlight >= limit && waiting.count >= queueLimit }

    /// What rides on answers.
    package var load: LoadReport {
        LoadReport(
            inFlight: UInt32(clamping: inFlight), limit: UInt32(clamping: limit), queued: UInt32(clamping: waiting.count),
            serviceMicroseconds: UInt32(clamping: Int(min(serviceMicroseconds, 4e9)))
        )
    }

    /// Smooths over about eight requests; the first one counts in full.
    private mutating func measured(_ microseconds: Double) {
        serviceMicroseconds += (microseconds - serviceMicroseconds) / (serviceMicroseconds == 0 ? 1 : 8)
    }

    /// The time in which the queue has probably moved by half; 100 ms to 30 s.
    private var retryAfter: UInt32 {
        let turns = Double(waiting.count) / Double(limit) / 2
        return UInt32(min(max(turns * serviceMicroseconds / 1_000, 100), 30_000))
    }
}
