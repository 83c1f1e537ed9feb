import NIOCore
import Wire

/// What a case of a target that dials works with: a mesh of the runner's own, whose coordinator the case plays.
final class Stage: Sendable {
    let authority: OwnAuthority
    /// The coordinator that the runner is.
    let coordinator: Identity
    let token: JoinToken
    let listener: Listener
    let group: any EventLoopGroup
    let patience: Duration
    let opened = OpenConnections()
    /// The service of the target that echoes, and its path.
    let service: String
    let path: String
    /// Meshes of cases that are over, whose target may still be there.
    private let former: [MeshID]

    private let isByHand: Bool

    init(_ theatre: Theatre, _ options: ConformanceOptions, _ group: any EventLoopGroup, former: [MeshID] = []) throws {
        authority = theatre.authority
        token = theatre.token
        listener = theatre.listener
        self.former = former
        self.group = group
        isByHand = options.command == nil
        patience = options.patience
        service = options.service
        path = options.path
        let boot = BootEpoch(starts: 1, nonce: UInt32.random(in: 1 ... .max)).rawValue
        coordinator = try authority.certify(try .fresh("coordinator-conformance", bootEpoch: boot), roles: [.coordinator, .relay])
    }

    var meshID: MeshID { .meshID(authority: authority.keys.publicKey) }

    /// How long a target may take to dial: it may just have been started, or wait before it tries again; or somebody has to start it.
    var dialPatience: Duration { isByHand ? Prompter.patience : patience + .seconds(12) }

    /// Bytes of a member's preface, message 1 and mac1.
    static let memberFlight = Preface.length + 2 + 32 + 16

    /// Whether a member's first flight is one of a target that was started for another case.
    func isLatecomer(_ flight: [UInt8]) -> Bool {
        let mac = Array(flight.suffix(16))
        return former.contains { mac == Mac1.compute(meshID: $0, over: Array(flight.dropLast(16))).exposed }
    }

    // MARK: Handshakes

    /// A connection of the target's after its first flight, which was right.
    struct Arrival {
        let connection: Connection
        let responder: RawResponder
        var inbox: RawInbox

        var isEnrolment: Bool { responder.tokenID != nil }
    }

    /// The next connection that the target opens. Edits are on what the runner answers.
    func arrival(
        as identity: Identity? = nil, parameters: LinkParameters? = nil, _ edits: RawResponder.Edits = RawResponder.Edits()
    ) async throws -> Arrival {
        let deadline = ContinuousClock.now + dialPatience
        while true {
            guard let connection = await listener.next(within: deadline - .now) else {
                throw Mismatch(expected: "a connection of the target", seen: "none within \(dialPatience.text)")
            }
            _ = opened.keep(connection)
            let responder = try RawResponder(identity ?? coordinator, meshID: meshID, parameters: parameters, edits: edits) { [token] id in
                id == token.id ? token.secret : nil
            }
            var inbox = RawInbox(connection)
            do { try await responder.readFirst(&inbox, former: former, within: patience) } catch is Latecomer {
                connection.close()
                continue
            }
            return Arrival(connection: connection, responder: responder, inbox: inbox)
        }
    }

    /// The next connection of the kind that is wanted; others are closed.
    func arrival(
        enrolment: Bool, as identity: Identity? = nil, parameters: LinkParameters? = nil, _ edits: RawResponder.Edits = RawResponder.Edits()
    ) async throws -> Arrival {
        for _ in 0..<20 {
            let next = try await arrival(as: identity, parameters: parameters, edits)
            if next.isEnrolment == enrolment { return next }
            next.connection.close()
        }
        throw Mismatch(expected: enrolment ? "an enrolment" : "a link of a member", seen: "others only")
    }

    /// The link behind an arrival: message 2, message 3.
    func finish(_ arrival: Arrival) async throws -> RawLink {
        var arrival = arrival
        arrival.connection.send(try arrival.responder.answer())
        try await arrival.responder.readLast(&arrival.inbox, authority: authority.keys.publicKey, within: patience)
        return try arrival.responder.link(over: arrival.connection, arrival.inbox, patience: patience)
    }

    // MARK: Enrolment

    /// A joiner's request, read and checked, which has not been answered.
    struct Joining {
        let link: RawLink
        let stream: UInt32
        let request: EnrolRequest
        let staticKey: StaticKey
    }

    /// The target's request to join.
    func joining() async throws -> Joining {
        let arrival = try await arrival(enrolment: true)
        let link = try await finish(arrival)
        let call = try await link.expectCall(MeshMethod.enrol)
        let request: EnrolRequest
        do { request = try EnrolRequest(call.body) } catch { throw Mismatch(expected: "a canonical EnrolRequest", seen: "\(error)") }
        let signed = EnrolRequest.signedBytes(handshakeHash: link.handshakeHash, name: request.name)
        guard request.identityKey.verifies(request.signature, .enrolment, signed) else {
            throw Mismatch(expected: "a signature over this handshake and the name", seen: "one that does not verify")
        }
        guard let key = arrival.responder.peerStatic else { throw Mismatch(expected: "a static key", seen: "none") }
        return Joining(link: link, stream: call.stream, request: request, staticKey: key)
    }

    /// The certificate that the joiner is to get; cases issue others.
    func certificate(for joining: Joining) throws -> Certificate {
        try Certificate.issue(
            Certificate.Subject(
                name: joining.request.name, roles: .worker, identityKey: joining.request.identityKey, staticKey: joining.staticKey,
                salt: SystemRandom.bytes(16), features: joining.request.features),
            serial: 7, now: .current, authority: authority.keys)
    }

    /// Answers a request to join.
    func admit(_ joining: Joining, with certificate: [UInt8]) throws {
        var head = Head()
        head.status = 200
        let answer = RawTLV([(2, certificate)]).encoded
        try joining.link.send(try .head(joining.stream, head), .data(joining.stream, answer, end: true))
    }

    /// Lets the target join. Returns its certificate.
    @discardableResult
    func enrol() async throws -> Certificate {
        let joining = try await joining()
        let certificate = try certificate(for: joining)
        try admit(joining, with: certificate.encoded)
        return certificate
    }

    // MARK: Members

    /// The target joins and links: the link, on which nothing has been answered.
    func linked(
        as identity: Identity? = nil, _ edit: (inout LinkParameters) -> Void = { _ in }
    ) async throws -> RawLink {
        try await enrol()
        return try await relinked(as: identity, edit)
    }

    /// The target's next link as a member.
    func relinked(
        as identity: Identity? = nil, _ edit: (inout LinkParameters) -> Void = { _ in }
    ) async throws -> RawLink {
        var parameters = LinkParameters(bootEpoch: coordinator.bootEpoch, features: [])
        edit(&parameters)
        let link = try await finish(try await arrival(enrolment: false, as: identity, parameters: parameters))
        return link
    }

    /// The target joins, links and registers.
    func registered() async throws -> (link: RawLink, registration: Registration, certificate: Certificate) {
        let certificate = try await enrol()
        let link = try await relinked()
        let registration = try await register(link, certificate)
        return (link, registration, certificate)
    }

    /// Answers the target's registration.
    func register(_ link: RawLink, _ certificate: Certificate) async throws -> Registration {
        let call = try await link.expectCall(MeshMethod.register)
        let registration: Registration
        do { registration = try Registration(call.body) } catch { throw Mismatch(expected: "a canonical Registration", seen: "\(error)") }
        let accepted = RegistrationAccepted(
            name: certificate.name, observed: Endpoint(host: "127.0.0.1", port: 1), reachable: nil, revision: 3)
        try link.answer(call.stream, try accepted.encode())
        link.servesRegistry(name: certificate.name)
        return registration
    }

    /// A member of the runner's mesh.
    func member(_ name: String, roles: Roles = .worker, life: UInt64 = Limits.certificateLife, ago: UInt64 = 0) throws -> Identity {
        let boot = BootEpoch(starts: 1, nonce: 1).rawValue
        return try authority.certify(
            try .fresh(name, bootEpoch: boot), roles: roles, now: UnixTime(seconds: UnixTime.current.seconds - ago), life: life)
    }

    /// The target as one that accepts links, of members of the runner's mesh.
    func scene(_ registration: Registration, as member: Identity) throws -> Scene {
        guard registration.listenPort != 0 else { throw Lacking(what: "a target that listens") }
        var scene = visitor(member)
        scene.target = registration.advertised.first ?? Endpoint(host: "127.0.0.1", port: registration.listenPort)
        return scene
    }

    /// The same for one that is reached by circuits only.
    func visitor(_ member: Identity) -> Scene {
        Scene(
            target: listener.endpoint, coordinator: listener.endpoint, group: group, patience: patience, token: token, member: member,
            roles: .worker, service: service, path: path, opened: opened)
    }
}

/// A call that the target has made, whole.
struct TargetCall {
    var stream: UInt32
    var head: Head
    var body: [UInt8]
}

extension RawLink {
    /// The target's next call of `method`, whole. Calls of other methods are answered with an empty body meanwhile.
    func expectCall(_ method: String, within limit: Duration? = nil) async throws -> TargetCall {
        answersCalls = false
        while true {
            let call = try await expectCallHead("a call of \(method)", within: limit)
            var body: [UInt8] = []
            var isEnd = call.isEnd
            while !isEnd {
                let piece = try await expectData(call.stream, within: limit)
                body += piece.bytes
                isEnd = piece.isEnd
            }
            if call.head.method == method { return TargetCall(stream: call.stream, head: call.head, body: body) }
            try answer(call.stream, [])
        }
    }

    /// The HEAD of the target's next call.
    func expectCallHead(_ expected: String, within limit: Duration? = nil) async throws -> (stream: UInt32, head: Head, isEnd: Bool) {
        answersCalls = false
        let frame = try await expect(expected, within: limit) { $0.type == FrameType.head.rawValue && ($0.stream & 1 == 1) != isInitiator }
        do { return (frame.stream, try frame.payload.decode(Head.init(decoding:)), frame.isEnd) } catch {
            throw Mismatch(expected: "a canonical HEAD", seen: "\(error)")
        }
    }

    /// Answers a call of the target's with status 200 and `body`.
    func answer(_ stream: UInt32, _ body: [UInt8]) throws {
        var head = Head()
        head.status = 200
        if body.isEmpty {
            try send(.head(stream, head, end: true))
        } else {
            try send(try .head(stream, head), .data(stream, body, end: true))
        }
    }

    /// From now on calls of the target's are answered with a status and nothing else, except registrations.
    func servesRegistry(name: String) { answersCalls = true }
}
