import Wire

/// Two nodes that begin a session by datagrams: the inputs of both, and what goes between them, honest and crafted.
struct DatagramScene {
    let mesh: SampleMesh
    let initiator: SampleMesh.Member
    let responder: SampleMesh.Member
    static let order = DatagramOrder(bootEpoch: 3 << 32 | 5, counter: 2)
    static let initiatorIndex: UInt32 = 0x0102_0304
    static let responderIndex: UInt32 = 0xA0B0_C0D0

    init() throws {
        mesh = try SampleMesh()
        initiator = try mesh.member("worker-1")
        responder = try mesh.member("worker-2")
    }

    private func side(_ role: String, _ member: SampleMesh.Member, index: UInt32) -> [VectorValue.Field] {
        [
            .init("role", .string(role)), .init("authority", .string(mesh.authority.publicKey.hex)),
            .init("static", .hex(member.staticKey.secret.exposed)), .init("ephemeral", Label.hex("datagram \(role) ephemeral")),
            .init("index", .number(index)), .init("certificate", .hex(member.certificate.encoded)),
        ]
    }

    static let request = Label.bytes("datagram request", 90)
    static let answer = Label.bytes("datagram answer", 500)

    func dial(
        _ received: [[UInt8]], order: DatagramOrder = order, request: [UInt8]? = request, now: UInt64 = SampleMesh.now
    ) -> VectorValue {
        var fields = side("initiator", initiator, index: Self.initiatorIndex)
        fields += [.init("responder", .string(responder.staticKey.publicKey.hex)), .init("order", order.vector)]
        if let request { fields.append(.init("request", .hex(request))) }
        return .object(fields + [.init("now", .u64(now)), .init("receive", .array(received.map(VectorValue.hex)))])
    }

    func accept(
        _ datagram: [UInt8], last: DatagramOrder? = nil, answer: [UInt8]? = answer, now: UInt64 = SampleMesh.now
    ) -> VectorValue {
        var fields = side("responder", responder, index: Self.responderIndex)
        fields.append(.init("now", .u64(now)))
        if let last { fields.append(.init("last", last.vector)) }
        if let answer { fields.append(.init("answer", .hex(answer))) }
        return .object(fields + [.init("receive", .hex(datagram))])
    }

    /// What `input` makes its side send.
    static func sent(_ input: VectorValue) throws -> [UInt8] {
        guard case .output(let output) = try VectorKind.datagramHandshake.run(input, line: 0), let text = output["sent"]?.text else {
            throw VectorMismatch("a datagram scene without an answer")
        }
        return [UInt8](hex: text) ?? []
    }

    func initiation() throws -> [UInt8] { try Self.sent(dial([])) }
    func response() throws -> [UInt8] { try Self.sent(accept(try initiation())) }

    // MARK: Crafted

    private static let clear = 20
    /// Where the two macs begin.
    private static let macs = Limits.datagram - 32

    /// The fields of an honest payload, without the padding.
    var payload: [(type: UInt16, value: [UInt8])] {
        [
            (2, VectorFrame.bytes(Self.order.bootEpoch)), (4, VectorFrame.bytes(Self.order.counter)),
            (6, initiator.certificate.encoded), (8, Self.request),
        ]
    }

    private func state(_ role: HandshakeRole, clear: [UInt8]) throws -> HandshakeState {
        let member = role == .initiator ? initiator : responder
        let name = role == .initiator ? "initiator" : "responder"
        let ephemeral = try StaticKeyPair(secret: SecretBytes(Label.bytes("datagram \(name) ephemeral")))
        var keys = HandshakeKeys(staticKey: member.staticKey, ephemeral: ephemeral)
        if role == .initiator { keys.remoteStatic = responder.staticKey.publicKey }
        return try HandshakeState(.ik, suite: .chaChaPoly, role: role, prologue: Array("WM/1 draft".utf8) + clear, keys: keys)
    }

    /// An initiation with any fields, padded to 1,200 bytes; with the mac1 of another mesh if that is given.
    func initiation(_ fields: [(type: UInt16, value: [UInt8])], meshID: MeshID? = nil) throws -> [UInt8] {
        let clear = DatagramHeader(.initiation).encoded + VectorFrame.bytes(Self.initiatorIndex)
        var state = try state(.initiator, clear: clear)
        let body = TLVBytes.join(fields)
        let size = Self.macs - Self.clear - 96
        let padded = body + TLVBytes.field(0x7FFF, [UInt8](repeating: 0, count: max(0, size - body.count - 4)))
        let flight = clear + (try state.write(padded))
        let mac1 = Mac1.compute(meshID: meshID ?? .meshID(authority: mesh.authority.publicKey), over: flight).exposed
        return flight + mac1 + [UInt8](repeating: 0, count: 16)
    }

    /// `datagram` with bytes changed and its mac1 made anew.
    func sealed(_ datagram: [UInt8], _ change: (inout [UInt8]) -> Void) -> [UInt8] {
        var flight = Array(datagram.dropLast(32))
        change(&flight)
        return flight + Mac1.compute(meshID: .meshID(authority: mesh.authority.publicKey), over: flight).exposed + datagram.suffix(16)
    }

    /// The fields of an honest response.
    var welcome: [(type: UInt16, value: [UInt8])] { [(2, responder.certificate.encoded), (4, Self.answer)] }

    /// A response with any fields.
    func response(_ fields: [(type: UInt16, value: [UInt8])]) throws -> [UInt8] { try response(payload: TLVBytes.join(fields)) }

    /// A response with any payload.
    func response(payload: [UInt8]) throws -> [UInt8] {
        let initiation = try initiation()
        var state = try state(.responder, clear: Array(initiation.prefix(Self.clear)))
        _ = try state.read(Array(initiation.dropFirst(Self.clear).dropLast(32)))
        let header = DatagramHeader(.response, receiver: Self.initiatorIndex).encoded + VectorFrame.bytes(Self.responderIndex)
        return header + (try state.write(payload))
    }
}
