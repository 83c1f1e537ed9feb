import Wire

/// A node at the far end of a circuit: a link comes to it inside a stream of its link to a relay, which is the runner.
enum CircuitCases {
    static let all: [ConformanceCase] = stranger + links + refusals + handshakes + ends + advice

    private static func one(
        _ name: String, _ title: String, _ clauses: [String], strength: ConformanceCase.Strength = .must,
        _ body: @escaping @Sendable (Visit) async throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(dialling: "circuit/\(name)", title, clauses, strength: strength, needs: [.circuits]) { stage in
            try await body(try await Visit.begin(stage))
        }
    }

    /// Of every target that accepts links: the runner is a member and no relay.
    private static let stranger: [ConformanceCase] = [
        ConformanceCase(
            "circuit/from-a-worker", "refuses a circuit that a node brings which is no relay", ["RELAY-2.5"], needs: [.circuits]
        ) { scene in
            let link = try await scene.link()
            guard let node = scene.member.certified?.nodeID else { return }
            let end = try link.circuit(MeshMethod.circuit, node)
            try await link.expectRefused(end.stream, .permissionDenied)
            try await link.expectService()
        }
    ]

    // MARK: As it should be

    private static let links: [ConformanceCase] = [
        one(
            "link", "takes a link over a circuit, as it says in its registration, and shows its certificate there",
            ["RELAY-1.2", "RELAY-3.1"]
        ) {
            visit in
            let (inner, _) = try await visit.link()
            guard inner.certificate?.nodeID == visit.target.nodeID else {
                throw Mismatch(expected: "the certificate that the target has", seen: "another")
            }
            try await inner.expectService()
        },
        one("behind-the-request", "reads a first flight that comes together with the request", ["RELAY-3.1", "HS-8.5"]) { visit in
            let initiator = try RawInitiator(try visit.scene.approach())
            let end = try visit.outer.circuit(MeshMethod.circuit, visit.callerID, behind: try initiator.firstFlight())
            _ = try await visit.outer.expectHead(end.stream)
            var inbox = RawInbox(end)
            try await initiator.readAnswer(&inbox, within: visit.outer.patience)
        },
        one("pieces", "reads request and first flight byte by byte", ["RELAY-3.1", "HS-8.5"]) { visit in
            let initiator = try RawInitiator(try visit.scene.approach())
            let stream = visit.outer.newStream()
            try visit.outer.send(.head(stream, Scene.method(MeshMethod.circuit)))
            for byte in try CircuitEnd.request(visit.callerID) + initiator.firstFlight() { try visit.outer.send(.data(stream, [byte])) }
            var inbox = RawInbox(CircuitEnd(visit.outer, stream))
            try await initiator.readAnswer(&inbox, within: visit.outer.patience)
        },
        one("unknown-odd", "skips unknown odd fields of the request", ["CONV-3.3"]) { visit in
            var request = RawTLV(splitting: try CircuitRequest(node: visit.callerID).encode())
            request[0xffff] = [UInt8](repeating: 9, count: 900)
            let end = try visit.outer.circuit(MeshMethod.circuit, saying: CircuitEnd.framed(request.encoded))
            try await visit.scene.link(over: end).expectService()
        },
        one("service", "serves a call over a circuit", ["RELAY-3.1", "FRAME-2.3"]) { visit in
            let (inner, _) = try await visit.link()
            let stream = inner.newStream()
            try inner.send(try .head(stream, visit.scene.echo))
            try await inner.sendBody(stream, count: 100_000, end: true)
            guard Body.isWhole(try await inner.expectAnswer(stream, within: inner.patience * 3).body, 100_000) else {
                throw Mismatch(expected: "the same 100,000 bytes", seen: "others")
            }
        },
        one("several", "takes several circuits of one relay", ["RELAY-3.1"]) { visit in
            var links: [RawLink] = []
            for _ in 0..<4 {
                let caller = try visit.stage.member(MessageCases.unique("caller"))
                links.append(try await visit.link(as: caller).inner)
            }
            for link in links { try await link.expectService() }
        },
    ]

    // MARK: Refusals

    private static func unreadable(
        _ name: String, _ title: String, end: Bool = false, _ bytes: @escaping @Sendable (NodeID) throws -> [UInt8]
    ) -> ConformanceCase {
        one("request-\(name)", "refuses a request \(title)", ["RELAY-2.2"]) { visit in
            let asked = try visit.outer.circuit(MeshMethod.circuit, saying: try bytes(visit.callerID), end: end)
            try await visit.outer.expectRefused(asked.stream, .badRequest)
            try await visit.link().inner.expectService()
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
        unreadable("unknown-even", "with an unknown even field") { CircuitEnd.framed([0, 2] + be16(32) + $0.bytes + [0, 4, 0, 0]) },
        unreadable("cut", "that ends before it is whole", end: true) { Array(try CircuitEnd.request($0).dropLast()) },
        one("inside-a-circuit", "refuses a circuit that comes over a relayed link, also one of a relay", ["RELAY-2.5"]) { visit in
            let relay = try visit.stage.member(MessageCases.unique("relay"), roles: [.worker, .relay])
            let (inner, _) = try await visit.link(as: relay)
            let asked = try inner.circuit(MeshMethod.circuit, visit.callerID)
            try await inner.expectRefused(asked.stream, .permissionDenied)
            try await inner.expectService()
        },
    ]

    // MARK: Handshakes inside

    /// The handshake ends without a byte of the target's, and the outer link goes on.
    private static func silent(
        _ name: String, _ title: String, _ clauses: [String], _ bytes: @escaping @Sendable (Visit) throws -> [UInt8]
    ) -> ConformanceCase {
        one(name, "ends a circuit \(title), without a byte of its own", clauses) { visit in
            let end = try visit.open(behind: try bytes(visit))
            try await end.expectSilentClose(within: visit.outer.patience)
            try await visit.outer.expectAlive()
        }
    }

    /// Message 2 comes, and nothing behind message 3.
    private static func refused(
        _ name: String, _ title: String, _ clauses: [String], _ edit: @escaping @Sendable (inout Approach, Visit) throws -> Void
    ) -> ConformanceCase {
        one(name, "ends a circuit on which comes \(title)", clauses) { visit in
            let halfway = try await visit.scene.halfway(over: try visit.open()) { try edit(&$0, visit) }
            halfway.connection.send(try halfway.initiator.lastFlight())
            try await halfway.expectSilentClose()
            try await visit.outer.expectAlive()
        }
    }

    private static let handshakes: [ConformanceCase] = [
        silent("garbage", "with random bytes", ["RELAY-3.1", "HS-2.1"]) { _ in [0x99] + SystemRandom.bytes(199) },
        silent("http", "that speaks HTTP", ["RELAY-3.1", "HS-2.1"]) { _ in Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8) },
        silent("wrong-mac1", "whose mac1 is wrong", ["RELAY-3.1", "HS-4.1"]) { visit in
            flipped(try RawInitiator(try visit.scene.approach()).firstFlight(), at: -1)
        },
        silent("enrolment", "with an enrolment", ["HS-8.1"]) { visit in
            try RawInitiator(try visit.scene.approach { $0.token = visit.scene.token }).firstFlight()
        },
        refused("other-mesh", "a member of another mesh", ["RELAY-3.1", "HS-7.1", "ID-6.1"]) { approach, visit in
            let other = try OwnAuthority().certify(visit.scene.member).certificate
            approach.edits.payload = { $0[10] = other }
        },
        refused("other-key", "somebody with the certificate of another member", ["RELAY-3.1", "HS-7.1", "ID-6.4"]) { approach, visit in
            let other = try visit.stage.member("another").certificate
            approach.edits.payload = { $0[10] = other }
        },
        refused("altered", "a message 3 that was altered on the way", ["RELAY-3.1", "HS-8.1"]) { approach, _ in
            approach.edits.last = { flipped($0, at: 60) }
        },
        one("slow", "ends a circuit whose handshake takes more than 5 s", ["RELAY-3.1", "HS-8.3"]) { visit in
            let halfway = try await visit.scene.halfway(over: try visit.open())
            try await halfway.connection.expectSilentClose(within: .seconds(5) + visit.outer.patience)
            try await visit.outer.expectAlive()
        },
        one("expired", "tells a member whose certificate has expired, inside the circuit", ["HS-9.1", "HS-9.3"]) { visit in
            let old = try visit.stage.member("old", life: 3_600, ago: 100_000)
            try await visit.link(as: old).inner.expectGoAway(.expired)
            try await visit.outer.expectAlive()
        },
        one("revoked", "takes no link of a revoked node over a circuit", ["ID-8.9"]) { visit in
            _ = try await visit.outer.expectAnswer(
                try visit.outer.call(MeshMethod.notice, RawTLV([(2, [3]), (4, []), (6, visit.callerID.bytes)]).encoded))
            try await visit.link().inner.expectGoAway(.revoked)
        },
    ]

    // MARK: Ends

    private static let ends: [ConformanceCase] = [
        one("record-altered", "ends a circuit in silence on a record that was altered on the way", ["REC-4.1", "RELAY-3.1"]) { visit in
            let (inner, end) = try await visit.link()
            try await inner.expectAlive()
            end.send(flipped(try inner.seal(RawFrame.ping(1).encoded), at: 12))
            try await inner.expectSilentEnd()
            try await visit.outer.expectAlive()
        },
        one("fault", "says inside the circuit what ends its link, and keeps the outer one", ["FRAME-8.1"]) { visit in
            let (inner, _) = try await visit.link()
            try inner.send(RawFrame(0x12, stream: 0))
            try await inner.expectGoAway(.protocolViolation)
            try await visit.outer.expectAlive()
        },
        one("reset", "says nothing more on a circuit that was reset, and takes the next one", ["FRAME-5.3", "RELAY-3.1"]) { visit in
            let (inner, end) = try await visit.link()
            let stream = inner.newStream()
            try inner.send(try .head(stream, Scene.ping))
            try await inner.expectAlive()
            try visit.outer.send(.reset(end.stream, .linkLost))
            try await visit.outer.expectAlive()
            end.send(try inner.seal(RawFrame.data(stream, [], end: true).encoded))
            try await visit.outer.expectNothing(on: end.stream)
            try await visit.link().inner.expectService()
        },
        one("end", "ends its direction when the circuit ends, as on a connection", ["CALL-3.3"]) { visit in
            let (inner, end) = try await visit.link()
            try await inner.expectAlive()
            end.finish()
            try await inner.expectClosed()
            try await visit.outer.expectAlive()
        },
    ]

    // MARK: What it should do

    private static let advice: [ConformanceCase] = [
        one("strangers", "holds few circuits of one node that have not finished their handshake", ["RELAY-3.3"], strength: .should) {
            visit in
            let first = try visit.open()
            for _ in 0..<16 { _ = try visit.open() }
            // Before 5 s: then the handshakes end for the time that they have taken.
            try await first.expectSilentClose(within: .seconds(3))
        },
        one("lingers", "keeps a relayed link for some seconds when a direct one takes its place", ["RELAY-5.3"], strength: .should) {
            visit in
            let (inner, _) = try await visit.link()
            try await inner.expectService()
            var direct = visit.scene
            direct.target = try visit.stage.scene(visit.registration, as: visit.scene.member).target
            try await direct.link().expectService()
            try await inner.expectNothing(on: 0, for: .seconds(2))
            try await inner.expectService()
        },
    ]
}

/// A relay's link to a target, and a member that comes to the target over circuits.
struct Visit {
    let stage: Stage
    /// The link that the target has made to the runner, which is its coordinator and relay.
    let outer: RawLink
    let registration: Registration
    let target: Certificate
    let scene: Scene
    let callerID: NodeID

    /// The target joins, links, registers, and says that it answers circuits.
    static func begin(_ stage: Stage) async throws -> Visit {
        let (link, registration, certificate) = try await stage.registered()
        guard registration.circuits == true else { throw Lacking(what: Feature.circuits.rawValue) }
        let caller = try stage.member("caller")
        guard let id = caller.certified?.nodeID else { throw WireError.authentication }
        return Visit(
            stage: stage, outer: link, registration: registration, target: certificate, scene: stage.visitor(caller), callerID: id)
    }

    /// A circuit whose answer is not awaited. It names the caller, whoever comes then.
    func open(behind bytes: [UInt8] = []) throws -> CircuitEnd { try outer.circuit(MeshMethod.circuit, callerID, behind: bytes) }

    /// A link of a member over a circuit.
    func link(as member: Identity? = nil) async throws -> (inner: RawLink, end: CircuitEnd) {
        let end = try outer.circuit(MeshMethod.circuit, member?.certified?.nodeID ?? callerID)
        var scene = scene
        if let member { scene.member = member }
        let inner = try await scene.link(over: end)
        return (inner, end)
    }
}
