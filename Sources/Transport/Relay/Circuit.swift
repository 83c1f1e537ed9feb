import NIOCore
import Wire

/// A circuit as its relay sees it: the stream of the node that asked for it, the stream of the node that it meant, and one lane for
/// each direction. Each stream stays on the loop of its link.
///
/// The relay opens and seals the records of its own two links; what is inside them is sealed for the ends.
final class Circuit: Sendable {
    private let nearLoop: any EventLoop
    private let farLoop: any EventLoop
    private let near: NIOLoopBound<LinkStream>
    private let far: NIOLoopBoundBox<LinkStream?>
    /// On the near loop.
    private let toNear: NIOLoopBound<CircuitLane>
    /// On the far loop.
    private let toFar: NIOLoopBoundBox<CircuitLane?>
    private let ticket: CircuitTicket

    /// On the near stream's loop.
    init(_ near: LinkStream, farLoop: any EventLoop, ticket: CircuitTicket) {
        let far = NIOLoopBoundBox<LinkStream?>.makeEmptyBox(eventLoop: farLoop)
        nearLoop = near.eventLoop
        self.farLoop = farLoop
        self.far = far
        self.ticket = ticket
        self.near = NIOLoopBound(near, eventLoop: near.eventLoop)
        toFar = .makeEmptyBox(eventLoop: farLoop)
        let lane = CircuitLane(to: near, ticket: ticket) { count in farLoop.run { far.value?.consumed(count) } }
        toNear = NIOLoopBound(lane, eventLoop: near.eventLoop)
        near.forbidCompression()  // RELAY-3.2
        near.limitWindow(to: Limits.circuitWindow)
        ticket.register(self)
    }

    /// Opens the way to the far end, over its link. The receiver hears what the near end sends.
    func open(_ entry: LinkEntry, caller: NodeID) -> any CallReceiver {
        let prefix = CircuitOpening.prefix(caller)
        entry.with { [self] link in
            var head = Head()
            head.method = MeshMethod.circuit
            let stream = LinkStream(calling: head, receiver: FarSide(self), on: farLoop)
            stream.forbidCompression()  // RELAY-3.2
            stream.limitWindow(to: Limits.circuitWindow)
            let (near, nearLoop) = (near, nearLoop)
            far.value = stream
            toFar.value = CircuitLane(to: stream, ticket: ticket) { count in nearLoop.run { near.value.consumed(count) } }
            stream.write(prefix)  // RELAY-2.6
            link.call(stream)
        }
        return NearSide(self)
    }

    /// The most that is held of one direction.
    func held() async -> Int {
        let near = try? await nearLoop.submit { [toNear] in toNear.value.held }.get()
        let far = try? await farLoop.submit { [toFar] in toFar.value?.held ?? 0 }.get()
        return max(near ?? 0, far ?? 0)
    }

    private func endFar(_ error: CallError) {
        farLoop.run { [far, toFar] in
            toFar.value?.stop()
            far.value?.cancel(error)
            far.value = nil
        }
    }

    /// What the node that asked says. On the near loop.
    private final class NearSide: CallReceiver {
        private let circuit: Circuit

        init(_ circuit: Circuit) { self.circuit = circuit }

        func callReceived(head: Head) {}

        func callReceived(data: ByteBuffer) {
            circuit.farLoop.run { [circuit] in circuit.toFar.value?.received(data) }
        }

        func callReceivedEnd() {
            circuit.farLoop.run { [circuit] in circuit.toFar.value?.ended() }
        }

        func callFailed(_ error: CallError) {  // RELAY-3.4
            circuit.ticket.end()
            circuit.toNear.value.stop()
            circuit.endFar(error)
        }

        func callBecameWritable() { circuit.toNear.value.drain() }
    }

    /// What the node that was meant says. On the far loop.
    private final class FarSide: CallReceiver {
        private let circuit: Circuit

        init(_ circuit: Circuit) { self.circuit = circuit }

        func callReceived(head: Head) {
            circuit.nearLoop.run { [circuit] in circuit.near.value.respond(Head()) }
        }

        func callReceived(data: ByteBuffer) {
            circuit.nearLoop.run { [circuit] in circuit.toNear.value.received(data) }
        }

        func callReceivedEnd() {
            circuit.nearLoop.run { [circuit] in circuit.toNear.value.ended() }
        }

        func callFailed(_ error: CallError) {  // RELAY-3.4
            circuit.toFar.value?.stop()
            circuit.far.value = nil
            circuit.ticket.end()
            circuit.nearLoop.run { [circuit] in
                circuit.toNear.value.stop()
                circuit.near.value.cancel(error)
            }
        }

        func callBecameWritable() { circuit.toFar.value?.drain() }
    }
}
