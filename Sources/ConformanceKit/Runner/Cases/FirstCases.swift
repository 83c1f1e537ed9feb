import Wire

/// What every other case stands on: a handshake, a record, a PONG. They run before all others, whatever was chosen.
enum FirstCases {
    static let all: [ConformanceCase] = [
        ConformanceCase("first/transcript", "answers a first flight with a message 2 that opens", ["HS-3.1"]) { scene in
            let connection = try await scene.dial()
            let initiator = try RawInitiator(try scene.approach())
            connection.send(try initiator.firstFlight())
            var inbox = RawInbox(connection)
            try await initiator.readAnswer(&inbox, within: scene.patience)
        },
        ConformanceCase("first/silence", "says nothing behind message 2 before it has message 3", ["HS-7.5"]) { scene in
            let connection = try await scene.dial()
            connection.send(try RawInitiator(try scene.approach()).firstFlight())
            var inbox = RawInbox(connection)
            _ = try await inbox.handshakeMessage(2, within: scene.patience)
            guard inbox.count == 0 else { throw Mismatch(expected: "nothing behind message 2", seen: "\(inbox.count) bytes") }
            try await connection.expectSilence(for: .milliseconds(300))
        },
        ConformanceCase("first/whole-frames", "puts whole frames into its records", ["REC-1.2"]) { scene in
            let link = try await scene.link()
            try link.send(.ping(1))
            _ = try link.call(MeshMethod.ping)
            let deadline = ContinuousClock.now + .milliseconds(500)
            while true {
                switch try await link.next(until: deadline) {
                case .wrong(let what): throw Mismatch(expected: "records of whole frames", seen: what)
                case .frame(let frame) where frame.type == FrameType.head.rawValue: return
                case .frame: continue
                // Whether it answers at all is for other cases.
                case .silence, .closed: return
                }
            }
        },
        ConformanceCase("first/pong", "answers PING with a PONG of the same bytes", ["FRAME-5.4"]) { try await $0.link().expectAlive() },
    ]

    /// Where one of these fails, no other case can tell anything.
    static let gate: [ConformanceCase] = all + [HandshakeCases.answer]
}
