import NIOCore
import Synchronization
import Transport
import Wire

/// One hosted service at work: its gate, its health and the calls in it. Thread-safe.
final class LocalService: Caller, Sendable {
    let definition: HostedService
    /// The worker's name, for the heads of answers.
    let worker: String
    private let state: Mutex<State>

    private struct State {
        var gate: ServiceGate<LocalCall.Bound>
        var health: ServiceHealth
    }

    init(_ definition: HostedService, worker: String) {
        self.definition = definition
        self.worker = worker
        state = Mutex(
            State(gate: ServiceGate(limit: definition.limit, queueLimit: definition.queue), health: ServiceHealth(now: .now())))
    }

    /// A call through the gate. `head.deadline` is what is left when it arrives.
    func open(_ head: Head, on loop: any EventLoop, receiver: any CallReceiver) -> any CallStream {
        let call = LocalCall(head, service: self, on: loop, receiver: receiver)
        call.arrive()
        return call
    }

    // MARK: The gate

    func arrived(_ waiter: @autoclosure () -> LocalCall.Bound) -> ServiceGate<LocalCall.Bound>.OnArrival {
        state.withLock { $0.gate.arrived(waiter()) }
    }

    /// A call that ran is over: its place goes to the next one.
    func completed(after time: Duration?) {
        state.withLock { $0.gate.completed(after: time) }?.start()
    }

    func abandoned(_ ticket: ServiceGate<LocalCall.Bound>.Ticket) -> Bool { state.withLock { $0.gate.abandoned(ticket) } }

    var load: LoadReport { state.withLock { $0.gate.load } }

    // MARK: Health

    /// Why a call would get nowhere now; `nil` if it may be tried.
    var refusal: CallError? {
        state.withLock { state in
            if !state.health.isHealthy {
                let detail = state.health.detail ?? "it was not probed yet"
                return CallError(.unavailable, "the upstream of \(definition.name) at \(worker) does not work: \(detail)")
            }
            return state.gate.isFull ? CallError(.overloaded, "\(definition.name) at \(worker) is full") : nil
        }
    }

    /// What the registry is told.
    var record: ServiceRecord {
        var record = ServiceRecord(name: definition.name)
        record.healthy = isHealthy
        record.limit = UInt32(clamping: definition.limit)
        record.compress = definition.compress
        return record
    }

    var isHealthy: Bool { state.withLock { $0.health.isHealthy } }

    /// A call found the upstream unreachable.
    func suspected() { state.withLock { $0.health.suspected(now: .now()) } }

    /// Probes the upstream if it is time. True if its health has changed.
    func probeIfDue() async -> Bool {
        guard state.withLock({ $0.health.nextProbe <= .now() }) else { return false }
        return await probe().changed
    }

    /// Probes the upstream now, whatever the schedule.
    func probe() async -> (health: UpstreamHealth, changed: Bool) {
        let health = await definition.upstream.probe(timeout: Limits.probeTimeout)
        return (health, state.withLock { $0.health.probed(health, now: .now()) })
    }
}
