import NIOCore
import Synchronization
import Wire

/// The relay of a node: the circuits that pass through it, and what each member may have of them. Thread-safe.
final class RelaySwitch: Sendable {
    private struct State {
        var book: CircuitBook
        var circuits: [UInt64: Circuit] = [:]
        var nextNumber: UInt64 = 0
    }

    private let state: Mutex<State>
    private let opened = Atomic<UInt64>(0)
    private let carried = Atomic<UInt64>(0)
    private let refused = Atomic<UInt64>(0)

    init(_ quota: RelayQuota) { state = Mutex(State(book: CircuitBook(quota))) }

    /// A place for a circuit that `node` asks for; throws where its quota is used up.
    func admit(_ node: NodeID) throws(CallError) -> CircuitTicket {
        let number: UInt64
        do throws(CallError) {
            number = try state.withLock { (state) throws(CallError) in
                try state.book.open(node, now: .now())
                state.nextNumber += 1
                return state.nextNumber
            }
        } catch {
            refused.wrappingAdd(1, ordering: .relaxed)
            throw error
        }
        opened.wrappingAdd(1, ordering: .relaxed)
        return CircuitTicket(number: number, member: node, relay: self)
    }

    var statistics: RelayStatistics {
        RelayStatistics(
            circuits: state.withLock { $0.book.circuits }, opened: opened.load(ordering: .relaxed), bytes: carried.load(ordering: .relaxed),
            refused: refused.load(ordering: .relaxed))
    }

    /// The most that is held of one direction of a circuit.
    func held() async -> Int {
        var most = 0
        for circuit in state.withLock({ Array($0.circuits.values) }) { most = max(most, await circuit.held()) }
        return most
    }

    // MARK: For tickets

    fileprivate func register(_ number: UInt64, _ circuit: Circuit) { state.withLock { $0.circuits[number] = circuit } }

    fileprivate func charge(_ node: NodeID, _ count: Int) -> Duration {
        carried.wrappingAdd(UInt64(clamping: count), ordering: .relaxed)
        return state.withLock { $0.book.charge(node, count, now: .now()) }
    }

    fileprivate func close(_ number: UInt64, _ node: NodeID) {
        state.withLock { state in
            state.book.close(node)
            state.circuits[number] = nil
        }
    }
}

/// The right to one circuit. Given back once, by whichever side sees the end first.
final class CircuitTicket: Sendable {
    private let number: UInt64
    private let member: NodeID
    private let relay: RelaySwitch
    private let hasEnded = Atomic(false)
    private let lanesEnded = Atomic(0)

    init(number: UInt64, member: NodeID, relay: RelaySwitch) {
        self.number = number
        self.member = member
        self.relay = relay
    }

    func register(_ circuit: Circuit) { relay.register(number, circuit) }

    /// Bytes were passed on. Returns how long to wait before the next.
    func charge(_ count: Int) -> Duration { relay.charge(member, count) }

    /// One direction has ended in order; with the second one the circuit is over.
    func laneEnded() {
        if lanesEnded.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue == 2 { end() }
    }

    func end() {
        if !hasEnded.exchange(true, ordering: .acquiringAndReleasing) { relay.close(number, member) }
    }
}

/// The circuits of a relay, counted.
public struct RelayStatistics: Hashable, Sendable {
    /// Circuits that stand.
    public var circuits: Int
    /// Circuits that were opened since the node started.
    public var opened: UInt64
    /// Bytes that they carried, both directions together.
    public var bytes: UInt64
    /// Circuits that a quota did not allow.
    public var refused: UInt64
}
