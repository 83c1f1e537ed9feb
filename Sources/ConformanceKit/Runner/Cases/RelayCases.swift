import Wire

/// A relay, asked by one member for circuits to another one. The runner is both of them.
enum RelayCases {
    static let all: [ConformanceCase] = opening + refusals + resets + ends + RelayCreditCases.all

    static func one(
        _ name: String, _ title: String, _ clauses: [String], needs: Set<Feature> = [],
        _ body: @escaping @Sendable (Scene) async throws -> Void
    ) -> ConformanceCase {
        ConformanceCase("relay/\(name)", title, clauses, needs: needs.union([.relay]), body)
    }

    /// A case with two members that have links.
    static func two(
        _ name: String, _ title: String, _ clauses: [String], _ body: @escaping @Sendable (Members) async throws -> Void
    ) -> ConformanceCase {
        one(name, title, clauses) { scene in try await body(try await Members.link(scene)) }
    }

    // MARK: As it should be

    private static let opening: [ConformanceCase] = [
        one("names-itself", "names itself in the record of a worker that answers circuits", ["RELAY-1.1"], needs: [.coordinator]) { scene in
            let link = try await scene.link()
            var registration = MessageCases.registration(scene)
            registration.circuits = true
            try await MessageCases.register(link, registration)
            guard let own = link.certificate?.nodeID else { throw Mismatch(expected: "a certificate", seen: "none") }
            let deadline = ContinuousClock.now + link.patience
            while true {
                let record = try await MessageCases.resolve(link, scene.member.name)
                if record.relays.contains(where: { $0.nodeID == own }) {
                    guard record.state == .online else { throw Mismatch(expected: "the state online", seen: "\(record.state)") }
                    return
                }
                guard deadline > .now else {
                    throw Mismatch(expected: "the relay in the worker's record", seen: "\(record.relays.count) others")
                }
                try await Task.sleep(for: .milliseconds(50))
            }
        },
        two("passes-on", "brings a circuit to the node that is meant, names who asks, and passes the bytes on", ["RELAY-2.6"]) { members in
            let first = SystemRandom.bytes(300)
            let (near, far) = try await members.circuit(behind: first)
            try await far.expect(first)
            let (up, down) = (SystemRandom.bytes(70_000), SystemRandom.bytes(70_000))
            near.send(up)
            far.send(down)
            try await far.expect(up)
            try await near.expect(down)
        },
        two("pieces", "takes a request that comes byte by byte", ["RELAY-2.6"]) { members in
            let stream = members.near.newStream()
            try members.near.send(.head(stream, Scene.method(MeshMethod.relay)))
            for byte in try CircuitEnd.request(members.farID) + [1, 2, 3] { try members.near.send(.data(stream, [byte])) }
            let brought = try await members.far.expectCircuit()
            try await brought.end.expect([1, 2, 3])
        },
        two("unknown-odd", "skips unknown odd fields of a request", ["CONV-3.3"]) { members in
            var request = RawTLV(splitting: try CircuitRequest(node: members.farID).encode())
            request[1] = [9]
            request[0xffff] = [UInt8](repeating: 9, count: 900)
            _ = try members.near.circuit(MeshMethod.relay, saying: CircuitEnd.framed(request.encoded))
            _ = try await members.far.expectCircuit()
        },
        two("carries-a-link", "carries a link of its two ends, handshake and records", ["RELAY-2.6"]) { members in
            let (near, far) = try await members.circuit()
            let inner = try await members.innerLinks(near, far)
            try inner.near.send(.ping(7))
            _ = try await inner.far.next(until: .now + .milliseconds(300))
            try await inner.near.expect("a PONG of the far end") {
                $0.type == FrameType.pong.rawValue && $0.payload == bigEndian(UInt64(7))
            }
        },
        two("many", "keeps circuits of the same two nodes apart", ["RELAY-2.6"]) { members in
            var circuits: [Members.Circuit] = []
            for _ in 0..<8 { circuits.append(try await members.circuit()) }
            for (index, circuit) in circuits.enumerated() { circuit.near.send([UInt8](repeating: UInt8(index), count: 1_000)) }
            for (index, circuit) in circuits.enumerated().reversed() {
                try await circuit.far.expect([UInt8](repeating: UInt8(index), count: 1_000))
            }
        },
        two("both-ways", "passes circuits on that either of two nodes has asked for", ["RELAY-2.6"]) { members in
            let (near, far) = try await members.circuit()
            let back = try await members.turned.circuit()
            near.send([1])
            back.near.send([2])
            try await far.expect([1])
            try await back.far.expect([2])
        },
        two("not-compressed", "compresses nothing of a circuit", ["RELAY-3.2"]) { members in
            let (near, far) = try await members.circuit()
            let zeroes = [UInt8](repeating: 0, count: 100_000)
            near.send(zeroes)
            try await far.expectCount(zeroes.count)
            far.send(zeroes)
            try await near.expectCount(zeroes.count)
            for end in [near, far] where end.outer.compressed.contains(end.stream) {
                throw Mismatch(expected: "the bytes of the circuit as they are", seen: "LZ4 blocks")
            }
        },
        one("to-oneself", "brings a circuit to oneself like any other", ["RELAY-2.6", "RELAY-3.4"]) { scene in
            let link = try await scene.link()
            link.answersCalls = false
            guard let own = scene.member.certified?.nodeID else { return }
            let asked = try link.circuit(MeshMethod.relay, own)
            let brought = try await link.expectCircuit()
            guard brought.caller == own else { throw Mismatch(expected: "the node that asks", seen: "another") }
            try link.send(.reset(brought.end.stream, .permissionDenied))
            try await asked.expectReset(.permissionDenied)
        },
    ]

    // MARK: Refusals

    private static func unreadable(
        _ name: String, _ title: String, end: Bool = false, _ bytes: @escaping @Sendable (NodeID) throws -> [UInt8]
    ) -> ConformanceCase {
        two("request-\(name)", "refuses a request \(title)", ["RELAY-2.2"]) { members in
            let asked = try members.near.circuit(MeshMethod.relay, saying: try bytes(members.farID), end: end)
            try await members.near.expectRefused(asked.stream, .badRequest)
            try await members.near.expectService()
            _ = try await members.circuit()
        }
    }

    private static func unreachable(
        _ name: String, _ title: String, _ node: @escaping @Sendable (Members) async throws -> NodeID?
    ) -> ConformanceCase {
        two(name, "refuses a circuit \(title)", ["RELAY-2.4"]) { members in
            guard let node = try await node(members) else { throw Mismatch(expected: "a certificate", seen: "none") }
            let asked = try members.near.circuit(MeshMethod.relay, node)
            try await members.near.expectRefused(asked.stream, .unreachable)
        }
    }

    private static let refusals: [ConformanceCase] = [
        unreadable("too-long", "of 1,025 bytes") { node in
            var request = RawTLV(splitting: try CircuitRequest(node: node).encode())
            request[0xffff] = [UInt8](repeating: 0, count: 1_025 - request.encoded.count - 4)
            return CircuitEnd.framed(request.encoded)
        },
        unreadable("endless", "that says that it has 2^32 - 1 bytes") { _ in [0xff, 0xff, 0xff, 0xff, 0, 2] },
        unreadable("empty", "without a node") { _ in CircuitEnd.framed([]) },
        unreadable("short", "whose node has 31 bytes") { CircuitEnd.framed([0, 2] + be16(31) + $0.bytes.dropLast()) },
        unreadable("unknown-even", "with an unknown even field") { CircuitEnd.framed([0, 2] + be16(32) + $0.bytes + [0, 4, 0, 0]) },
        unreadable("cut", "that ends before it is whole", end: true) { Array(try CircuitEnd.request($0).dropLast()) },
        unreachable("not-there", "to a node that has no link") { _ in NodeID(SystemRandom.bytes(32)) },
        unreachable("to-the-relay", "to the relay itself") { $0.near.certificate?.nodeID },
        two("gone", "refuses a circuit to a node whose link has ended", ["RELAY-2.4", "RELAY-3.4"]) { members in
            members.far.connection.close()
            let deadline = ContinuousClock.now + members.near.patience
            while true {
                // Until the relay has seen the end it may bring the circuit to the link that is lost.
                let reset = try await members.near.circuit(MeshMethod.relay, members.farID).expectReset()
                if reset.code?.base == ErrorCode.unreachable.base, reset.code?.isNotProcessed == true { return }
                guard deadline > .now else { throw Mismatch(expected: "RESET (unreachable)", seen: "\(reset)") }
                try await Task.sleep(for: .milliseconds(50))
            }
        },
        one("no-member", "refuses a circuit to a joiner", ["RELAY-2.3", "TOKEN-3.3"], needs: [.coordinator]) { scene in
            let joiner = try Identity.fresh(MessageCases.unique("joiner"), bootEpoch: scene.member.bootEpoch)
            let link = try await scene.joinerLink(joiner)
            guard let node = scene.member.certified?.nodeID else { return }
            let asked = try link.circuit(MeshMethod.relay, node)
            try await link.expectRefused(asked.stream, .permissionDenied)
        },
        one(
            "expired", "refuses a circuit to a member whose certificate has expired", ["RELAY-2.3"], needs: [.authority, .coordinator]
        ) { scene in
            let link = try await CertificateCases.expired(scene)
            guard let node = scene.member.certified?.nodeID else { return }
            let asked = try link.circuit(MeshMethod.relay, node)
            try await link.expectRefused(asked.stream, .permissionDenied)
        },
        one(
            "over-a-circuit", "refuses a circuit that is asked for over a relayed link", ["RELAY-2.3"], needs: [.authority, .circuits]
        ) { scene in
            guard let forger = scene.forger, let node = scene.member.certified?.nodeID else { return }
            var relay = scene
            relay.member = try forger.certify(
                try .fresh(MessageCases.unique("relay"), bootEpoch: scene.member.bootEpoch), roles: [.worker, .relay])
            let outer = try await relay.link()
            try await outer.expectAlive()
            let end = try outer.circuit(MeshMethod.circuit, node)
            _ = try await outer.expectHead(end.stream)
            let inner = try await scene.link(over: end)
            let asked = try inner.circuit(MeshMethod.relay, node)
            try await inner.expectRefused(asked.stream, .permissionDenied)
        },
    ]

    // MARK: What ends a circuit

    private static let resets: [ConformanceCase] = [
        two("refusal", "passes the refusal of the far end on, with its code", ["RELAY-3.4"]) { members in
            let asked = try members.near.circuit(MeshMethod.relay, members.farID)
            let brought = try await members.far.expectCircuit()
            try members.far.send(.reset(brought.end.stream, .overloaded))
            try await asked.expectReset(.overloaded)
        },
        two("reset-near", "resets the far stream when the near one is reset", ["RELAY-3.4"]) { members in
            let (near, far) = try await members.circuit()
            try members.near.send(.reset(near.stream, .cancelled))
            try await far.expectReset()
            try await members.near.expectNothing(on: near.stream)
        },
        two("reset-far", "resets the near stream when the far one is reset", ["RELAY-3.4"]) { members in
            let (near, far) = try await members.circuit()
            try members.far.send(.reset(far.stream, .internalError))
            try await near.expectReset()
            try await members.far.expectNothing(on: far.stream)
        },
        two("reset-unanswered", "resets a circuit that the far end has not answered", ["RELAY-3.4"]) { members in
            let asked = try members.near.circuit(MeshMethod.relay, members.farID)
            let brought = try await members.far.expectCircuit()
            try members.near.send(.reset(asked.stream, .cancelled))
            try await brought.end.expectReset()
        },
        two("others-stay", "leaves the other circuits when one is reset", ["RELAY-3.4", "RELAY-2.6"]) { members in
            let (one, other) = (try await members.circuit(), try await members.circuit())
            try members.near.send(.reset(one.near.stream, .cancelled))
            try await one.far.expectReset()
            other.near.send([1, 2, 3])
            try await other.far.expect([1, 2, 3])
        },
        two("near-lost", "resets the far stream when the link of the node that asked is lost", ["RELAY-3.4"]) { members in
            let (_, far) = try await members.circuit()
            members.near.connection.close()
            try await far.expectReset()
        },
        two("far-lost", "resets the near stream when the link of the far end is lost, which may have acted", ["RELAY-3.4", "FRAME-7.1"]) {
            members in
            let (near, _) = try await members.circuit()
            members.far.connection.close()
            let reset = try await near.expectReset()
            guard reset.code?.isNotProcessed == false else { throw Mismatch(expected: "a RESET without NOT_PROCESSED", seen: "\(reset)") }
        },
        one("leaves", "resets the circuits of a worker that leaves and closes", ["RELAY-3.4", "MSG-3.10"], needs: [.coordinator]) { scene in
            let members = try await Members.link(scene)
            var registration = Registration(bootEpoch: members.far.own.bootEpoch)
            registration.circuits = true
            try await MessageCases.register(members.far, registration)
            let (near, _) = try await members.circuit()
            _ = try await members.far.expectAnswer(try members.far.call(MeshMethod.leave))
            members.far.connection.close()
            try await near.expectReset()
        },
    ]

    private static let ends: [ConformanceCase] = [
        two("end-near", "passes END of the node that asked on behind its last byte, and the other direction goes on", ["RELAY-2.6"]) {
            members in
            let (near, far) = try await members.circuit()
            near.send([1, 2, 3])
            near.finish()
            try await far.expect([1, 2, 3])
            try await far.expectEnd()
            far.send([4, 5])
            try await near.expect([4, 5])
            far.finish()
            try await near.expectEnd()
        },
        two("end-far", "passes END of the far end on behind its last byte, and the other direction goes on", ["RELAY-2.6"]) { members in
            let (near, far) = try await members.circuit()
            far.send([1, 2, 3])
            far.finish()
            try await near.expect([1, 2, 3])
            try await near.expectEnd()
            near.send([4, 5])
            try await far.expect([4, 5])
        },
    ]
}

/// Two members of the target's mesh, each with a link to the target.
struct Members {
    /// Both ends of a circuit.
    typealias Circuit = (near: CircuitEnd, far: CircuitEnd)

    let scene: Scene
    let near: RawLink
    let far: RawLink
    let nearID: NodeID
    let farID: NodeID
    private let farIdentity: Identity

    /// Links both; what `edit` changes is granted by the near one or by the far one.
    static func link(
        _ scene: Scene, near: (inout LinkParameters) -> Void = { _ in }, far: (inout LinkParameters) -> Void = { _ in }
    ) async throws -> Members {
        let other = try await scene.companion.get(scene)
        guard let nearID = scene.member.certified?.nodeID, let farID = other.certified?.nodeID else { throw WireError.authentication }
        var place = scene
        place.member = other
        let links = (near: try await scene.link { near(&$0.parameters) }, far: try await place.link { far(&$0.parameters) })
        for link in [links.near, links.far] {
            link.answersCalls = false
            try await link.expectAlive()
        }
        return Members(scene: scene, near: links.near, far: links.far, nearID: nearID, farID: farID, farIdentity: other)
    }

    /// The same two the other way round.
    var turned: Members {
        Members(scene: scene, near: far, far: near, nearID: farID, farID: nearID, farIdentity: scene.member)
    }

    /// A circuit that stands.
    func circuit(behind: [UInt8] = []) async throws -> Circuit {
        let asked = try near.circuit(MeshMethod.relay, farID, behind: behind)
        let brought = try await far.expectCircuit()
        guard brought.caller == nearID else { throw Mismatch(expected: "the node that asks in the request", seen: "another") }
        try far.accept(brought.end)
        guard try await near.expectHead(asked.stream).head.status == 200 else { throw Mismatch(expected: "status 200", seen: "another") }
        return (asked, brought.end)
    }

    /// A link of the two over a circuit.
    func innerLinks(_ circuit: CircuitEnd, _ other: CircuitEnd) async throws -> (near: RawLink, far: RawLink) {
        let initiator = try RawInitiator(try scene.approach())
        let responder = try RawResponder(farIdentity, meshID: scene.meshID)
        var (nearInbox, farInbox) = (RawInbox(circuit), RawInbox(other))
        circuit.send(try initiator.firstFlight())
        try await responder.readFirst(&farInbox, within: scene.patience)
        other.send(try responder.answer())
        try await initiator.readAnswer(&nearInbox, within: scene.patience)
        circuit.send(try initiator.lastFlight())
        try await responder.readLast(&farInbox, authority: scene.authority, within: scene.patience)
        return (
            try initiator.link(over: circuit, nearInbox, patience: scene.patience),
            try responder.link(over: other, farInbox, patience: scene.patience)
        )
    }
}
