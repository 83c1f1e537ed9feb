import NIOCore
import NIOPosix
import Wire

/// The coordinator's probe of an address: the runner listens there.
enum DialBack {
    /// Registers an address of its own and looks what comes there.
    static func check(_ scene: Scene, _ link: RawLink) async throws {
        let listener = try await Listener.open(Endpoint(host: "127.0.0.1", port: 0), scene.group)
        var registration = MessageCases.registration(scene, MessageCases.unique("dialled"))
        registration.advertised = [listener.endpoint]
        registration.listenPort = listener.endpoint.port
        try await MessageCases.register(link, registration)
        guard let connection = await listener.next(within: .seconds(6)) else {
            throw Lacking(what: "a coordinator that reaches 127.0.0.1 of the runner")
        }
        let responder = try RawResponder(scene.member, meshID: scene.meshID)
        var inbox = RawInbox(connection)
        try await responder.readFirst(&inbox, within: scene.patience)
        connection.send(try responder.answer())
        try await connection.expectSilentClose(within: .seconds(5) + scene.patience)
    }
}
