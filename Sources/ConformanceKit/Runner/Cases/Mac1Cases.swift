import Wire

/// mac1, which filters those who do not know the mesh.
enum Mac1Cases {
    static let all: [ConformanceCase] =
        (0..<16).map { index in
            ConformanceCase("mac1/byte-\(index)", "closes on a mac1 whose byte \(index) is wrong, without a byte", ["HS-4.1"]) { scene in
                try await refused(scene) { $0.edits.mac = { flipped($0, at: index) } }
            }
        } + [
            ConformanceCase("mac1/zero", "closes on a mac1 of zeroes", ["HS-4.1"]) { scene in
                try await refused(scene) { $0.edits.mac = { _ in [UInt8](repeating: 0, count: 16) } }
            },
            ConformanceCase("mac1/other-mesh", "closes on a mac1 that is keyed by another mesh", ["HS-4.1"]) { scene in
                try await refused(scene) { $0.meshID = .meshID(authority: Bytes32()) }
            },
            ConformanceCase("mac1/over-message-only", "closes on a mac1 that does not cover the preface", ["HS-4.1"]) { scene in
                let connection = try await scene.dial()
                let flight = try RawInitiator(try scene.approach()).firstFlight().dropLast(16)
                connection.send(flight + Mac1.compute(meshID: scene.meshID, over: Array(flight.dropFirst(Preface.length))).exposed)
                try await connection.expectSilentClose(within: scene.patience)
            },
            ConformanceCase("mac1/altered-message", "closes where message 1 is not the one that mac1 covers", ["HS-4.1"]) { scene in
                let connection = try await scene.dial()
                connection.send(flipped(try RawInitiator(try scene.approach()).firstFlight(), at: 20))
                try await connection.expectSilentClose(within: scene.patience)
            },
            ConformanceCase("mac1/missing", "closes when the connection ends before mac1", ["HS-4.1"]) { scene in
                let connection = try await scene.dial()
                connection.send(Array(try RawInitiator(try scene.approach()).firstFlight().dropLast(16)))
                connection.finish()
                try await connection.expectSilentClose(within: .seconds(5) + scene.patience)
            },
            ConformanceCase("mac1/half", "closes when the connection ends within mac1", ["HS-4.1"]) { scene in
                let connection = try await scene.dial()
                connection.send(Array(try RawInitiator(try scene.approach()).firstFlight().dropLast(8)))
                connection.finish()
                try await connection.expectSilentClose(within: .seconds(5) + scene.patience)
            },
            ConformanceCase("mac1/late", "waits for a mac1 that comes later than message 1", ["HS-4.1"]) { scene in
                let connection = try await scene.dial()
                let initiator = try RawInitiator(try scene.approach())
                let flight = try initiator.firstFlight()
                connection.send(Array(flight.dropLast(16)))
                try await connection.expectSilence(for: .milliseconds(200))
                connection.send(Array(flight.suffix(16)))
                var inbox = RawInbox(connection)
                try await initiator.readAnswer(&inbox, within: scene.patience)
            },
        ]

    static func refused(_ scene: Scene, _ edit: (inout Approach) -> Void) async throws {
        let connection = try await scene.dial()
        connection.send(try RawInitiator(try scene.approach(edit)).firstFlight())
        try await connection.expectSilentClose(within: scene.patience)
    }
}
