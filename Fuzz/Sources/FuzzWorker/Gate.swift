import FuzzKit
import Wire

@testable import Worker

extension FuzzTarget {
    static let gate = FuzzTarget("Gate") { input in
        var run = GateRun(&input)
        while !input.isEmpty { run.step(&input) }
        run.finish()
    }
}

/// The gate of a service, and a queue kept beside it.
private struct GateRun {
    private var gate: ServiceGate<Int>
    private var running = 0
    private var queue: [(ticket: ServiceGate<Int>.Ticket, waiter: Int)] = []
    private var next = 0

    init(_ input: inout FuzzInput) { gate = ServiceGate(limit: input.choice(6), queueLimit: input.choice(6)) }

    mutating func step(_ input: inout FuzzInput) {
        switch input.choice(4) {
        case 0, 1: arrive()
        case 2: if running > 0 { complete(after: input.flag() ? input.wait() : nil) }
        default: if !queue.isEmpty { abandon(input.choice(queue.count)) }
        }
        check()
    }

    /// Everybody who waits gets a turn.
    mutating func finish() {
        while running > 0 { complete(after: nil) }
        precondition(queue.isEmpty && gate.load.inFlight == 0, "somebody waits for nothing")
    }

    private mutating func arrive() {
        let waiter = next
        next += 1
        let isFull = gate.isFull
        switch gate.arrived(waiter) {
        case .start:
            precondition(queue.isEmpty, "somebody was overtaken")
            running += 1
        case .wait(let ticket):
            precondition(running == gate.limit)
            queue.append((ticket, waiter))
        case .refuse(let wait):
            precondition(isFull && queue.count == gate.queueLimit && (100...30_000).contains(wait))
        }
    }

    private mutating func complete(after time: Duration?) {
        guard let waiter = gate.completed(after: time) else {
            precondition(queue.isEmpty, "nobody got the place")
            running -= 1
            return
        }
        precondition(waiter == queue.removeFirst().waiter, "somebody was overtaken")
    }

    private mutating func abandon(_ index: Int) {
        let ticket = queue.remove(at: index).ticket
        precondition(gate.abandoned(ticket) && !gate.abandoned(ticket), "gives up once")
    }

    private func check() {
        precondition(running <= gate.limit && queue.count <= gate.queueLimit)
        precondition(gate.load.inFlight == UInt32(running) && gate.load.queued == UInt32(queue.count))
        precondition(gate.isFull == (running == gate.limit && queue.count == gate.queueLimit))
    }
}
