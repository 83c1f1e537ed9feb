import NIOCore
import Synchronization
import Wire

/// What a case of a target that accepts works with: where the target is, and who the runner may be.
struct Scene: Sendable {
    var target: Endpoint
    /// Where the target's mesh enrols: the target itself, if it is a coordinator.
    var coordinator: Endpoint
    var group: any EventLoopGroup
    /// How long the target may take for what it must do.
    var patience: Duration
    var token: JoinToken
    /// A member that no other case uses meanwhile, and the certificate of another one.
    var member: Identity
    var other: Identity?
    /// Roles of the target's certificate.
    var roles: Roles
    var service = "echo"
    var path = "/"
    /// The target's authority, where the runner was given its seed.
    var forger: OwnAuthority?
    /// Tokens of the target's mesh that are good for nothing any more.
    var spentTokens: [Feature: JoinToken] = [:]
    /// What the target says that it lacks.
    var lacks: Set<Feature> = []
    /// A second member, which no other case uses meanwhile either.
    var companion = Companion()
    /// What a case has opened: closed when it ends, because a target takes only a few strangers at once.
    var opened = OpenConnections()

    var authority: IdentityKey { token.authority }
    var meshID: MeshID { .meshID(authority: token.authority) }
    var isCoordinator: Bool { roles.contains(.coordinator) }

    func dial() async throws -> Connection {
        do { return opened.keep(try await Connection.dial(target, group)) } catch {
            throw Mismatch(expected: "a connection to \(target)", seen: Connection.reason(error))
        }
    }

    // MARK: Handshakes

    /// A handshake that is right but for what `edit` changes.
    func approach(_ edit: (inout Approach) throws -> Void = { _ in }) throws -> Approach {
        var approach = try Approach(member, meshID: meshID)
        if member.certificate.isEmpty { approach.token = token }
        try edit(&approach)
        return approach
    }

    /// A handshake up to message 2, read and checked; over a circuit, where one is given.
    func halfway(over carrier: (any Carrier)? = nil, _ edit: (inout Approach) throws -> Void = { _ in }) async throws -> Halfway {
        let connection: any Carrier
        if let carrier { connection = carrier } else { connection = try await dial() }
        let initiator = try RawInitiator(try approach(edit))
        connection.send(try initiator.firstFlight())
        var inbox = RawInbox(connection)
        try await initiator.readAnswer(&inbox, within: patience)
        try initiator.checkAnswer(authority: authority)
        return Halfway(connection: connection, initiator: initiator, inbox: inbox, patience: patience)
    }

    /// A link that stands.
    func link(over carrier: (any Carrier)? = nil, _ edit: (inout Approach) throws -> Void = { _ in }) async throws -> RawLink {
        let halfway = try await halfway(over: carrier, edit)
        halfway.connection.send(try halfway.initiator.lastFlight())
        return try halfway.link()
    }

    /// An enrolment link that stands, for a joiner with `identity`.
    func joinerLink(_ identity: Identity, token: JoinToken? = nil) async throws -> RawLink {
        try await link { approach in
            approach.identity = identity
            approach.token = token ?? self.token
        }
    }

    // MARK: Calls

    /// The head of a call to a method of the mesh.
    static func method(_ name: String) -> Head {
        var head = Head()
        head.method = name
        return head
    }

    /// The head of a call to the service that echoes.
    var echo: Head {
        var head = Head()
        head.service = service
        head.path = path == "/" ? "" : path
        return head
    }

    /// A call that every target takes whole before it answers: `mesh.ping`.
    static let ping = method(MeshMethod.ping)

    /// Bytes of the body that the echo of `heldLink` sends back.
    static let heldBody = 4_000

    /// A call whose request has ended and whose answer has begun and does not end: it waits for credit, or for changes.
    /// With the echo, `heldBody` bytes of it.
    func heldLink() async throws -> (link: RawLink, stream: UInt32) {
        let need: Feature = isCoordinator ? .watch : .echo
        guard !lacks.contains(need) else { throw Lacking(what: need.rawValue) }
        let link = try await link { approach in
            if !isCoordinator { approach.parameters.streamWindow = 16 }
        }
        link.givesCredit = isCoordinator
        let stream = link.newStream()
        if isCoordinator {
            try link.send(.head(stream, Self.method(MeshMethod.watch), end: true))
        } else {
            try link.send(.head(stream, echo), .data(stream, [UInt8](repeating: 7, count: Self.heldBody), end: true))
        }
        let answer = try await link.expectHead(stream)
        guard !answer.isEnd else { throw Mismatch(expected: "an answer that goes on", seen: "one without a body") }
        return (link, stream)
    }
}

/// A member beside the one of a lane: admitted when a case first needs it, because it costs a use of the token.
final class Companion: Sendable {
    private let identity = Mutex<Identity?>(nil)

    /// The member. For one case at a time.
    func get(_ scene: Scene) async throws -> Identity {
        if let known = identity.withLock(\.self) { return known }
        do {
            let own = try await scene.enrol(try .fresh(scene.member.name + "-b", bootEpoch: scene.member.bootEpoch))
            identity.withLock { $0 = own }
            return own
        } catch let mismatch as Mismatch where mismatch.expected.hasPrefix("an answer on stream") {
            throw NotGiven(what: "a token with a use left (\(mismatch.seen))")
        }
    }
}

/// The connections of one case.
final class OpenConnections: Sendable {
    private let connections = Mutex<[Connection]>([])

    func keep(_ connection: Connection) -> Connection {
        connections.withLock { $0.append(connection) }
        return connection
    }

    func closeAll() {
        let connections = connections.withLock { connections in
            defer { connections = [] }
            return connections
        }
        for connection in connections { connection.close() }
    }
}

/// A handshake after message 2.
struct Halfway {
    let connection: any Carrier
    let initiator: RawInitiator
    let inbox: RawInbox
    let patience: Duration

    func link() throws -> RawLink { try initiator.link(over: connection, inbox, patience: patience) }

    /// The target closes without a byte more.
    func expectSilentClose() async throws { try await connection.expectSilentClose(within: patience) }
}

extension RawLink {
    /// Calls a method of the mesh and returns the stream.
    func call(_ method: String, _ body: [UInt8] = []) throws -> UInt32 {
        let stream = newStream()
        if body.isEmpty {
            try send(.head(stream, Scene.method(method), end: true))
        } else {
            try send(.head(stream, Scene.method(method)), .data(stream, body, end: true))
        }
        return stream
    }

    /// A whole call of `mesh.ping`: the link serves calls.
    func expectService() async throws {
        let stream = try call(MeshMethod.ping)
        _ = try await expectAnswer(stream)
    }
}
