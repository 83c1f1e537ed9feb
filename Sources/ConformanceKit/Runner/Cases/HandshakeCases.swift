import Wire

/// The three messages as bytes: cut, too long, altered, replayed, slow.
enum HandshakeCases {
    static let all: [ConformanceCase] = good + splits + firstLengths + lowOrder + last + replays

    // MARK: As it should be

    static let answer = ConformanceCase(
        "handshake/answer", "shows its certificate and what it was offered in message 2", ["HS-6.1", "HS-7.1"]
    ) { _ = try await $0.halfway() }

    private static let good: [ConformanceCase] = [
        ConformanceCase("handshake/suite-1", "shakes hands with suite 1", ["HS-2.4", "HS-3.1"]) { scene in
            try await scene.link().expectService()
        },
        ConformanceCase("handshake/suite-2", "shakes hands with suite 2", ["HS-3.1", "HS-2.3"], needs: [.aes]) { scene in
            try await scene.link { $0.suite = .aesGCM }.expectService()
        },
        answer,
        ConformanceCase("handshake/early-request", "serves a request that comes right behind message 3", ["HS-7.5", "HS-8.5"]) { scene in
            let halfway = try await scene.halfway()
            let last = try halfway.initiator.lastFlight()
            let link = try halfway.link()
            let stream = link.newStream()
            let record = try link.seal(try RawFrame.head(stream, Scene.ping, end: true).encoded)
            link.connection.send(last + record)
            _ = try await link.expectAnswer(stream)
        },
        ConformanceCase("handshake/prologue", "mixes the words of the protocol, the preface and the clear bytes in", ["HS-3.1"]) { scene in
            let connection = try await scene.dial()
            let initiator = try RawInitiator(try scene.approach { $0.edits.prologue = { flipped($0, at: 0) } })
            connection.send(try initiator.firstFlight())
            var inbox = RawInbox(connection)
            do { try await initiator.readAnswer(&inbox, within: scene.patience) } catch let mismatch as Mismatch {
                guard mismatch.expected == "message 2 that opens" else { throw mismatch }
                return
            }
            throw Mismatch(expected: "message 2 that does not open under another prologue", seen: "one that does")
        },
        ConformanceCase("handshake/prologue-preface", "binds the handshake to the preface", ["HS-3.1"]) { scene in
            let connection = try await scene.dial()
            let initiator = try RawInitiator(try scene.approach { $0.edits.prologue = { Array($0.dropLast(8)) } })
            connection.send(try initiator.firstFlight())
            var inbox = RawInbox(connection)
            do { try await initiator.readAnswer(&inbox, within: scene.patience) } catch let mismatch as Mismatch {
                guard mismatch.expected == "message 2 that opens" else { throw mismatch }
                return
            }
            throw Mismatch(expected: "message 2 that does not open without the preface in the prologue", seen: "one that does")
        },
    ]

    private static let splits: [ConformanceCase] =
        [1, 7, 8, 9, 10, 11, 26, 41, 42, 43, 57].map { place in
            ConformanceCase("handshake/split-first-at-\(place)", "reads a first flight in two segments", ["HS-8.5"]) { scene in
                let connection = try await scene.dial()
                let initiator = try RawInitiator(try scene.approach())
                let flight = try initiator.firstFlight()
                try await connection.send(pieces: [Array(flight.prefix(place)), Array(flight.dropFirst(place))])
                var inbox = RawInbox(connection)
                try await initiator.readAnswer(&inbox, within: scene.patience)
            }
        }
        + [1, 2, 3, 50, 51, 120, -16, -1].map { place in
            ConformanceCase("handshake/split-last-at-\(place)", "reads message 3 in two segments", ["HS-8.5"]) { scene in
                let halfway = try await scene.halfway()
                let last = try halfway.initiator.lastFlight()
                let index = place < 0 ? last.count + place : place
                try await halfway.connection.send(pieces: [Array(last.prefix(index)), Array(last.dropFirst(index))])
                try await halfway.link().expectAlive()
            }
        }

    // MARK: Message 1

    private static let firstLengths: [ConformanceCase] =
        [(0, "empty"), (1, "one-byte"), (31, "short-key")].map { count, name in
            ConformanceCase("handshake/first-\(name)", "closes on a message 1 of \(count) bytes", ["HS-8.1", "CONV-3.5"]) { scene in
                try await Mac1Cases.refused(scene) { $0.edits.first = { Array($0.prefix(count)) } }
            }
        }
        + [
            ConformanceCase("handshake/behind-mac1", "closes on bytes behind mac1", ["HS-4.3"]) { scene in
                let connection = try await scene.dial()
                connection.send(try RawInitiator(try scene.approach()).firstFlight() + [0])
                try await connection.expectSilentClose(within: scene.patience)
            }
        ]
        + [1, 16, 100, 4_064].map { count in
            ConformanceCase("handshake/first-payload-\(count)", "closes on a message 1 with a payload of \(count) bytes", ["HS-3.5"]) {
                scene in
                try await Mac1Cases.refused(scene) { $0.payload1 = [UInt8](repeating: 9, count: count) }
            }
        }
        + [4_097, 16_384, 65_535].map { count in
            ConformanceCase("handshake/first-length-\(count)", "closes as soon as message 1 says that it has \(count) bytes", ["HS-8.2"]) {
                scene in
                let connection = try await scene.dial()
                connection.send(Array(try RawInitiator(try scene.approach()).firstFlight().prefix(8)) + be16(count))
                try await connection.expectSilentClose(within: scene.patience)
            }
        }

    /// Points whose secret anybody knows.
    private static let points: [(String, String)] = [
        ("zero", "0000000000000000000000000000000000000000000000000000000000000000"),
        ("one", "0100000000000000000000000000000000000000000000000000000000000000"),
        ("order-8-a", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
        ("order-8-b", "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
        ("minus-one", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        ("p", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        ("p-plus-one", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ]

    private static let lowOrder: [ConformanceCase] = points.map { name, digits in
        ConformanceCase("handshake/low-order-\(name)", "closes on an ephemeral key of small order", ["HS-3.3"]) { scene in
            try await Mac1Cases.refused(scene) { $0.edits.first = { _ in [UInt8](hex: digits) ?? [] } }
        }
    }

    // MARK: Message 3

    private static func badLast(
        _ name: String, _ title: String, _ clauses: [String], _ edit: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) -> ConformanceCase {
        ConformanceCase("handshake/last-\(name)", "closes on a message 3 \(title), without a byte", clauses) { scene in
            let halfway = try await scene.halfway { $0.edits.last = edit }
            halfway.connection.send(try halfway.initiator.lastFlight())
            try await halfway.expectSilentClose()
        }
    }

    private static let last: [ConformanceCase] =
        [("key", 0), ("key-end", 31), ("key-tag", 40), ("payload", 48), ("payload-middle", 90), ("tag", -16), ("tag-end", -1)].map {
            name, place in
            badLast("altered-\(name)", "that was altered", ["HS-8.1"]) { flipped($0, at: place) }
        } + [
            badLast("empty", "without a byte", ["HS-8.1"]) { _ in [] },
            badLast("key-only", "that ends behind the key", ["HS-8.1"]) { Array($0.prefix(48)) },
            badLast("short", "that lacks its last byte", ["HS-8.1"]) { Array($0.dropLast()) },
            badLast("long", "with a byte too many", ["HS-8.1"]) { $0 + [0] },
            badLast("random", "of random bytes", ["HS-8.1"]) { SystemRandom.bytes($0.count) },
            ConformanceCase("handshake/last-again", "closes on a message 3 that is message 1, without a byte", ["HS-8.1"]) { scene in
                let approach = try scene.approach()
                let halfway = try await scene.halfway { $0 = approach }
                let again = RawInitiator.message1(of: try RawInitiator(approach).firstFlight())
                halfway.connection.send(be16(again.count) + again)
                try await halfway.expectSilentClose()
            },
            ConformanceCase("handshake/last-oversize", "closes as soon as message 3 says that it has 4,097 bytes", ["HS-8.2"]) { scene in
                let halfway = try await scene.halfway()
                halfway.connection.send(be16(4_097))
                try await halfway.expectSilentClose()
            },
            ConformanceCase("handshake/last-65535", "closes as soon as message 3 says that it has 65,535 bytes", ["HS-8.2"]) { scene in
                let halfway = try await scene.halfway()
                halfway.connection.send(be16(65_535))
                try await halfway.expectSilentClose()
            },
            ConformanceCase("handshake/last-missing", "closes when message 3 does not come within 5 s", ["HS-8.3"]) { scene in
                let halfway = try await scene.halfway()
                try await halfway.connection.expectSilentClose(within: .seconds(5) + scene.patience)
            },
            ConformanceCase("handshake/last-cut", "closes when the connection ends within message 3", ["HS-8.1"]) { scene in
                let halfway = try await scene.halfway()
                halfway.connection.send(Array(try halfway.initiator.lastFlight().dropLast(20)))
                halfway.connection.finish()
                try await halfway.connection.expectSilentClose(within: .seconds(5) + scene.patience)
            },
            ConformanceCase("handshake/record-before-last", "does not read a record before message 3", ["HS-7.5"]) { scene in
                let halfway = try await scene.halfway()
                halfway.connection.send(be16(40) + SystemRandom.bytes(40))
                try await halfway.expectSilentClose()
            },
        ]

    // MARK: Replays

    private static let replays: [ConformanceCase] = [
        ConformanceCase("handshake/replay", "is not taken in by a handshake that was recorded", ["HS-3.4", "HS-7.5"]) { scene in
            let halfway = try await scene.halfway()
            let last = try halfway.initiator.lastFlight()
            halfway.connection.send(last)
            try await halfway.link().expectAlive()
            let approach = try scene.approach()
            let first = try RawInitiator(approach)
            let flight = try first.firstFlight()
            let recorded = try await scene.dial()
            recorded.send(flight)
            var inbox = RawInbox(recorded)
            try await first.readAnswer(&inbox, within: scene.patience)
            recorded.send(last)
            try await recorded.expectSilentClose(within: scene.patience)
        },
        ConformanceCase("handshake/fresh-ephemeral", "draws a new ephemeral key for each handshake", ["HS-3.4"]) { scene in
            var keys: Set<[UInt8]> = []
            for _ in 0..<4 {
                let connection = try await scene.dial()
                connection.send(try RawInitiator(try scene.approach()).firstFlight())
                var inbox = RawInbox(connection)
                keys.insert(Array(try await inbox.handshakeMessage(2, within: scene.patience).prefix(32)))
                connection.close()
            }
            guard keys.count == 4 else { throw Mismatch(expected: "4 ephemeral keys in 4 handshakes", seen: "\(keys.count)") }
        },
        ConformanceCase("handshake/unknown-token", "closes on a token that it does not know, before message 2", ["TOKEN-3.2"]) { scene in
            let connection = try await scene.dial()
            let stranger = TokenID(SystemRandom.bytes(16)).map {
                JoinToken(id: $0, secret: SystemRandom.secret(), authority: scene.authority, endpoints: [])
            }
            let initiator = try RawInitiator(try scene.approach { $0.token = stranger })
            connection.send(try initiator.firstFlight())
            try await connection.expectSilentClose(within: scene.patience)
        },
    ]
}
