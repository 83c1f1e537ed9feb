import NIOCore
import Wire

/// The connections of a front that live on one event loop, and the clock they share. Confined to that loop.
///
/// One sweep a second looks after all time limits, so that a request costs no timer.
final class FrontLoop {
    private var connections: [ObjectIdentifier: FrontConnection] = [:]
    private var clock = HTTPDate()
    private var sweep: RepeatedTask?
    private(set) var isDraining = false

    /// The value of a Date field, now.
    func date() -> String { clock.value(at: HTTPDate.wallSeconds()) }

    func add(_ connection: FrontConnection, on loop: any EventLoop) {
        connections[ObjectIdentifier(connection)] = connection
        if sweep == nil {
            let bound = NIOLoopBound(self, eventLoop: loop)
            sweep = loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in bound.value.sweep(at: .now()) }
        }
    }

    func remove(_ connection: FrontConnection) {
        connections[ObjectIdentifier(connection)] = nil
        guard connections.isEmpty else { return }
        sweep?.cancel()
        sweep = nil
    }

    /// Closes what is idle; what is busy closes behind its answer.
    func drain() {
        isDraining = true
        for connection in Array(connections.values) { connection.drain() }
    }

    /// Cuts every connection.
    func cut() {
        for connection in Array(connections.values) { connection.cut() }
    }

    /// Ends what has had its time by `now`.
    func sweep(at now: NIODeadline) {
        for connection in Array(connections.values) { connection.sweep(now) }
    }
}

extension TimeAmount {
    /// The same span; the sum of both halves cannot overflow for any limit of this program.
    init(_ duration: Duration) { self = .nanoseconds(Int64(clamping: duration.wholeNanoseconds)) }
}
