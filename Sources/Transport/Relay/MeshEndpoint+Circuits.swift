import Logging
import NIOCore
import Synchronization
import Wire

/// Circuits, at each of the three nodes that one takes.
extension MeshEndpoint {
    /// Takes the two methods of circuits; `nil` for any other, and for `mesh.relay` where this node is no relay.
    func acceptCircuit(_ head: Head, from peer: PeerInfo, stream: LinkStream) -> (any CallReceiver)? {
        switch head.method {
        case MeshMethod.relay:
            guard let relaying else { return nil }
            return passOn(peer, stream, relaying)
        case MeshMethod.circuit: return answerCircuit(from: peer, stream: stream)
        default: return nil
        }
    }

    // MARK: The node that calls

    /// Opens a circuit to `node` and returns its channel, to which the handlers are to be added before the loop's next turn.
    /// On `loop`, on which the channel stays.
    func openCircuit(to node: NodeID, through relay: RelayRecord, on loop: any EventLoop) -> CircuitChannel {
        let channel = CircuitChannel(through: relay.nodeID, on: loop)
        var head = Head()
        head.method = MeshMethod.relay
        let caller = PeerCaller(endpoint: self, target: LinkTarget(.node(relay.nodeID), endpoints: relay.endpoints))
        let stream = caller.open(head, on: loop, receiver: channel)
        stream.forbidCompression()  // RELAY-3.2
        stream.write(CircuitOpening.prefix(node))  // RELAY-2.1
        let opened = NIOLoopBound((channel: channel, stream: stream), eventLoop: loop)
        loop.execute { opened.value.channel.attach(opened.value.stream) }
        return channel
    }

    // MARK: The relay

    private func passOn(_ peer: PeerInfo, _ stream: LinkStream, _ relaying: RelaySwitch) -> any CallReceiver {
        guard let caller = peer.nodeID, peer.relay == nil, !peer.isExpired else {
            stream.cancel(CallError(.permissionDenied, "a circuit begins on a direct link of a member"))  // RELAY-2.3
            return DroppedReceiver()
        }
        return CircuitOpening(stream) { request in
            do throws(CallError) {
                guard let entry = self.directory.withLock({ $0.direct(request.node) }) else {  // RELAY-2.4
                    throw CallError(.unreachable, "no link to that node stands at this relay")
                }
                let circuit = Circuit(stream, farLoop: entry.loop, ticket: try relaying.admit(caller))
                return circuit.open(entry, caller: caller)
            } catch {
                stream.cancel(error)
                return nil
            }
        }
    }

    // MARK: The node that is called

    private func answerCircuit(from peer: PeerInfo, stream: LinkStream) -> any CallReceiver {
        guard let relay = peer.nodeID, peer.relay == nil, !peer.isExpired, !peer.roles.isDisjoint(with: [.coordinator, .relay]) else {
            stream.cancel(CallError(.permissionDenied, "only a relay brings a circuit, over a direct link"))  // RELAY-2.5
            return DroppedReceiver()
        }
        return CircuitOpening(stream) { request in
            let channel = CircuitChannel(through: relay, on: stream.eventLoop)
            do {
                guard try self.accept(channel, source: "\(request.node)") else {  // RELAY-3.3
                    throw CallError(.overloaded, "too many circuits wait for their handshake", retryAfterMilliseconds: 1_000)
                }
            } catch {
                stream.cancel(error as? CallError ?? CallError(.internalError, "\(error)"))
                return nil
            }
            stream.respond(Head())
            channel.attach(stream)
            return channel
        }
    }

    // MARK: Looking in

    /// The circuits through this node, counted; `nil` where it is no relay.
    public var relayStatistics: RelayStatistics? { relaying?.statistics }

    /// The most that this relay holds of one direction of a circuit.
    package func heldByCircuits() async -> Int { await relaying?.held() ?? 0 }
}
