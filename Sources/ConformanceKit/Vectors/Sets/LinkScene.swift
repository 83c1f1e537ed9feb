import Wire

/// Two sides that link: the inputs of both, and the flights between them, honest and crafted.
struct LinkScene {
    let mesh: SampleMesh
    let suite: Suite
    let isEnrolment: Bool
    let initiator: SampleMesh.Member
    let responder: SampleMesh.Member
    let label: String

    init(_ label: String, suite: Suite = .chaChaPoly, isEnrolment: Bool = false) throws {
        self.label = label
        self.suite = suite
        self.isEnrolment = isEnrolment
        mesh = try SampleMesh()
        let features: Features = suite == .aesGCM ? .aes : []
        initiator = try mesh.member("worker-1", features: features)
        responder = try mesh.member("coordinator", .coordinator, features: features)
    }

    static let token = Label.bytes("token id", 16)
    static let secret = Label.bytes("token secret")

    private var suites: VectorValue { suite == .aesGCM ? [1, 2] : [1] }

    private func side(_ role: String, _ member: SampleMesh.Member, certified: Bool, epoch: UInt64) -> [VectorValue.Field] {
        var fields: [VectorValue.Field] = [
            .init("role", .string(role)), .init("authority", .string(mesh.authority.publicKey.hex)),
            .init("static", .hex(member.staticKey.secret.exposed)), .init("ephemeral", Label.hex("\(label) \(role) ephemeral")),
        ]
        if certified { fields.append(.init("certificate", .hex(member.certificate.encoded))) }
        let parameters = LinkParameters(bootEpoch: epoch, features: member.certificate.features)
        return fields + [.init("parameters", parameters.vector), .init("suites", suites), .init("now", .u64(SampleMesh.now))]
    }

    /// The initiator's input, which receives `flights`.
    func dial(_ flights: [[UInt8]], expect: VectorValue? = nil) -> VectorValue {
        let member: VectorValue = ["node": .string(responder.certificate.nodeID.hex)]
        let joiner: VectorValue = ["token": .hex(Self.token), "secret": .hex(Self.secret)]
        return .object(
            side("initiator", initiator, certified: !isEnrolment, epoch: 1 << 32 | 0xABCD_EF01) + [
                .init("suite", .string(suite.noiseName)), .init("expect", expect ?? (isEnrolment ? joiner : member)),
                .init("receive", .array(flights.map(VectorValue.hex))),
            ])
    }

    /// The responder's input, which receives `flights`.
    func accept(_ flights: [[UInt8]]) -> VectorValue {
        let tokens: VectorValue = isEnrolment ? [["id": .hex(Self.token), "secret": .hex(Self.secret)]] : []
        return .object(
            side("responder", responder, certified: true, epoch: 9 << 32 | 7) + [
                .init("tokens", tokens), .init("receive", .array(flights.map(VectorValue.hex))),
            ])
    }

    /// What `input` makes its side send.
    static func sent(_ input: VectorValue) throws -> [[UInt8]] {
        guard case .output(let output) = try VectorKind.link.run(input, line: 0) else {
            throw VectorMismatch("a scene that does not link")
        }
        return output["sent"]?.elements.map { [UInt8](hex: $0.text ?? "") ?? [] } ?? []
    }

    func first() throws -> [UInt8] { try Self.sent(dial([]))[0] }
    func second() throws -> [UInt8] { try Self.sent(accept([try first()]))[0] }
    func third() throws -> [UInt8] { try Self.sent(dial([try second()]))[1] }

    // MARK: Crafted

    private var preface: Preface { Preface(suite: suite, pattern: isEnrolment ? .enrolment : .member) }
    private var clear: [UInt8] { isEnrolment ? Self.token : [] }

    /// The payload of message 2, or of message 3, as an honest side writes it.
    func payload(of message: Int) throws -> [UInt8] {
        let member = message == 2 ? responder : initiator
        let parameters = LinkParameters(
            bootEpoch: message == 2 ? 9 << 32 | 7 : 1 << 32 | 0xABCD_EF01, features: member.certificate.features)
        let offered: [Suite] = suite == .aesGCM ? [.chaChaPoly, .aesGCM] : [.chaChaPoly]
        let certificate = message == 2 || !isEnrolment ? member.certificate : nil
        return try HandshakePayload(preface: preface, suites: offered, parameters: parameters, certificate: certificate).encoded()
    }

    private func state(_ role: HandshakeRole, prologue: [UInt8]? = nil) throws -> HandshakeState {
        let member = role == .initiator ? initiator : responder
        let name = role == .initiator ? "initiator" : "responder"
        let ephemeral = try StaticKeyPair(secret: SecretBytes(Label.bytes("\(label) \(name) ephemeral")))
        var keys = HandshakeKeys(staticKey: member.staticKey, ephemeral: ephemeral)
        if isEnrolment { keys.psks = [SecretBytes(Self.secret)] }
        return try HandshakeState(
            preface.pattern.noise, suite: suite, role: role, prologue: prologue ?? preface.prologue(clear: clear), keys: keys)
    }

    private static func framed(_ message: [UInt8]) -> [UInt8] {
        [UInt8(truncatingIfNeeded: message.count >> 8), UInt8(truncatingIfNeeded: message.count)] + message
    }

    /// The first flight with another payload, preface, or mesh for its mac1.
    func first(payload: [UInt8] = [], message: [UInt8]? = nil, meshID: MeshID? = nil) throws -> [UInt8] {
        var state = try state(.initiator)
        let flight = preface.encoded + clear + Self.framed(try message ?? state.write(payload))
        return flight + Mac1.compute(meshID: meshID ?? .meshID(authority: mesh.authority.publicKey), over: flight).exposed
    }

    /// Message 2 with any payload.
    func second(payload: [UInt8], prologue: [UInt8]? = nil) throws -> [UInt8] {
        var state = try state(.responder, prologue: prologue)
        _ = try state.read(Array(try first().dropFirst(preface.encoded.count + clear.count + 2).dropLast(16)))
        return Self.framed(try state.write(payload))
    }

    /// Message 3 with any payload.
    func third(payload: [UInt8]) throws -> [UInt8] {
        var state = try state(.initiator)
        _ = try state.write([])
        _ = try state.read(Array(try second().dropFirst(2)))
        return Self.framed(try state.write(payload))
    }
}
