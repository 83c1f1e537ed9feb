import Wire

/// The first eight bytes, and what is said instead of them.
enum PrefaceCases {
    static let all: [ConformanceCase] =
        wrong + strangers + cut + [
            ConformanceCase(
                "preface/enrolment-with-suite-2", "refuses an enrolment with suite 2", ["HS-2.2"]
            ) { scene in
                try await refused(scene) { preface in
                    preface[5] = 2
                    preface[6] = 2
                    preface += scene.token.id.bytes
                }
            },
            ConformanceCase("preface/byte-by-byte", "reads a first flight that comes byte by byte", ["HS-8.5"]) { scene in
                let connection = try await scene.dial()
                let initiator = try RawInitiator(try scene.approach())
                try await connection.send(pieces: try initiator.firstFlight().map { [$0] }, pause: .milliseconds(1))
                var inbox = RawInbox(connection)
                try await initiator.readAnswer(&inbox, within: scene.patience)
            },
            ConformanceCase("preface/silence", "closes a connection on which nothing is said, after 5 s", ["HS-8.3"]) { scene in
                try await scene.dial().expectSilentClose(within: .seconds(5) + scene.patience)
            },
            ConformanceCase("preface/dribble", "closes a connection on which the preface takes longer than 5 s", ["HS-8.3"]) { scene in
                let connection = try await scene.dial()
                let flight = try RawInitiator(try scene.approach()).firstFlight()
                try await connection.send(pieces: flight.prefix(12).map { [$0] }, pause: .milliseconds(450))
                try await connection.expectSilentClose(within: .seconds(1) + scene.patience)
            },
        ]

    /// A first flight with another preface, right in everything else.
    private static func refused(_ scene: Scene, _ edit: @escaping @Sendable (inout [UInt8]) -> Void) async throws {
        let connection = try await scene.dial()
        let initiator = try RawInitiator(
            try scene.approach {
                $0.edits.preface = { preface in
                    var copy = preface
                    edit(&copy)
                    return copy
                }
            })
        connection.send(try initiator.firstFlight())
        try await connection.expectSilentClose(within: scene.patience)
    }

    private static func wrong(_ what: String, at index: Int, _ values: [UInt8]) -> [ConformanceCase] {
        values.map { value in
            ConformanceCase("preface/\(what)-\(hex(value))", "closes on \(what) \(hex(value)), without a byte", ["HS-2.1"]) { scene in
                try await refused(scene) { $0[index] = value }
            }
        }
    }

    private static let wrong: [ConformanceCase] =
        (0..<4).map { index in
            ConformanceCase("preface/magic-byte-\(index)", "closes on another magic, without a byte", ["HS-2.1"]) { scene in
                try await refused(scene) { $0[index] ^= 0x20 }
            }
        }
        + wrong("major", at: 4, [0, 2, 0x7f, 0xff]) + wrong("suite", at: 5, [0, 3, 0x80, 0xff])
        + wrong("pattern", at: 6, [0, 3, 0x80, 0xff]) + wrong("flags", at: 7, (0..<8).map { 1 << $0 } + [0xff])

    /// What speaks another protocol.
    private static let strangers: [ConformanceCase] = [
        ("http", Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)),
        ("http2", Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)),
        ("tls", [0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3] + [UInt8](repeating: 0x41, count: 194)),
        ("ssh", Array("SSH-2.0-OpenSSH_9.2\r\n".utf8)),
        ("zeroes", [UInt8](repeating: 0, count: 64)),
        ("ones", [UInt8](repeating: 0xff, count: 64)),
    ].map { name, bytes in
        ConformanceCase("preface/stranger-\(name)", "closes on a stranger that speaks \(name), without a byte", ["HS-2.1"]) { scene in
            let connection = try await scene.dial()
            connection.send(bytes)
            try await connection.expectSilentClose(within: scene.patience)
        }
    }

    /// Ends within the first flight.
    private static let cut: [ConformanceCase] = [1, 4, 7, 8, 9, 10, 41, 42, 57].map { count in
        ConformanceCase("preface/cut-at-\(count)", "closes when the connection ends after \(count) bytes", ["HS-8.1"]) { scene in
            let connection = try await scene.dial()
            connection.send(Array(try RawInitiator(try scene.approach()).firstFlight().prefix(count)))
            connection.finish()
            try await connection.expectSilentClose(within: .seconds(5) + scene.patience)
        }
    }
}
