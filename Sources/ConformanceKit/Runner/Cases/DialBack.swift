import NIOCore
import NIOPosix
import Wire

/// The coordinator's probe of an address: the runner listens there.
enum DialBack {
    /// Registers an address of its own and looks what comes there.
    static func check(_ scene: Scene, _ link: RawLink) async throws {
        let listener = try await Listener.open(Endpoint(host: "127.0.0.1", port: 0), scene.group)
        try await register(scene, link, MessageCases.unique("dialled"), at: listener)
        let connection = try await answered(scene, at: listener)
        try await connection.expectSilentClose(within: .seconds(5) + scene.patience)
    }

    fileprivate static func register(_ scene: Scene, _ link: RawLink, _ service: String, at listener: Listener) async throws {
        var registration = MessageCases.registration(scene, service)
        registration.advertised = [listener.endpoint]
        registration.listenPort = listener.endpoint.port
        try await MessageCases.register(link, registration)
    }

    /// The coordinator's probe, to which the member that has registered has answered.
    fileprivate static func answered(_ scene: Scene, at listener: Listener) async throws -> Connection {
        guard let connection = await listener.next(within: .seconds(6)) else {
            throw NotGiven(what: "a machine whose 127.0.0.1 the coordinator reaches")
        }
        let responder = try RawResponder(scene.member, meshID: scene.meshID)
        var inbox = RawInbox(connection)
        try await responder.readFirst(&inbox, within: scene.patience)
        connection.send(try responder.answer())
        return connection
    }
}

/// A service that the runner offers in the target's mesh, at an address that the coordinator has proven and hands out.
struct Offer {
    let service: String
    private let scene: Scene
    private let listener: Listener
    private let registered: RawLink

    /// Registers it over `link`, which leads to the coordinator.
    static func make(_ scene: Scene, _ link: RawLink) async throws -> Offer {
        let service = MessageCases.unique("offered")
        let listener = try await Listener.open(Endpoint(host: "127.0.0.1", port: 0), scene.group)
        try await DialBack.register(scene, link, service, at: listener)
        _ = try await DialBack.answered(scene, at: listener)
        let deadline = ContinuousClock.now + scene.patience
        while try await MessageCases.discover(link, service).workers.allSatisfy(\.endpoints.isEmpty) {
            guard deadline > .now else { throw Mismatch(expected: "the address that was proven in discovery", seen: "none") }
            try await Task.sleep(for: .milliseconds(50))
        }
        return Offer(service: service, scene: scene, listener: listener, registered: link)
    }

    /// Nobody links to the one who offers it. A coordinator may still probe: it closes after message 2.
    func expectNobody(within time: Duration) async throws {
        let deadline = ContinuousClock.now + time
        while let connection = await listener.next(within: deadline - .now) {
            let responder = try RawResponder(scene.member, meshID: scene.meshID)
            var inbox = RawInbox(connection)
            do {
                try await responder.readFirst(&inbox, within: scene.patience)
                connection.send(try responder.answer())
                try await responder.readLast(&inbox, authority: scene.authority, within: scene.patience)
            } catch is Mismatch { continue }
            let name = responder.peer?.certificate?.name ?? "nobody"
            throw Mismatch(expected: "no link to the worker that offers the service", seen: "one of \(name)")
        }
    }
}
