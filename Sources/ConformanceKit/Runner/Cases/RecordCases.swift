import Wire

/// Records: how they are cut, joined, altered and numbered.
enum RecordCases {
    static let all: [ConformanceCase] = joined + split + altered + malformed

    private static let joined: [ConformanceCase] = [
        ConformanceCase("record/many-frames", "reads many frames of one record", ["REC-1.5"]) { scene in
            let link = try await scene.link()
            try link.send((1...50).map { RawFrame.ping($0) })
            for number: UInt64 in 1...50 { try await expectPong(link, number) }
        },
        ConformanceCase("record/many-records", "reads many records of one segment, and answers with fresh nonces", ["REC-1.5", "REC-2.1"]) {
            scene in
            let link = try await scene.link()
            link.connection.send(try (1...50).flatMap { try link.seal(RawFrame.ping($0).encoded) })
            for number: UInt64 in 1...50 { try await expectPong(link, number) }
        },
        ConformanceCase("record/nonces", "seals one record after the other, each with the next nonce", ["REC-2.3"]) { scene in
            let link = try await scene.link()
            for number: UInt64 in 1...20 {
                try link.send(.ping(number))
                try await expectPong(link, number)
            }
        },
        ConformanceCase("record/largest", "reads a record of 65,535 bytes", ["REC-1.5", "FRAME-5.5"]) { scene in
            let link = try await scene.link()
            let ping = RawFrame.ping(1)
            let padding = RawFrame.padding(Limits.recordPlaintext - 8 - ping.encoded.count)
            try link.send(padding, ping)
            try await expectPong(link, 1)
        },
        ConformanceCase("record/byte-by-byte", "reads records that come byte by byte", ["REC-1.5"]) { scene in
            let link = try await scene.link()
            let bytes = try link.seal(RawFrame.ping(1).encoded) + link.seal(RawFrame.ping(2).encoded)
            try await link.connection.send(pieces: bytes.map { [$0] }, pause: .milliseconds(1))
            try await expectPong(link, 1)
            try await expectPong(link, 2)
        },
        ConformanceCase("record/two-and-a-half", "keeps half a record until the rest comes", ["REC-1.5"]) { scene in
            let link = try await scene.link()
            let bytes = try (1...3).map { try link.seal(RawFrame.ping($0).encoded) }
            link.connection.send(bytes[0] + bytes[1] + bytes[2].prefix(15))
            try await expectPong(link, 1)
            try await expectPong(link, 2)
            link.connection.send(Array(bytes[2].dropFirst(15)))
            try await expectPong(link, 3)
        },
    ]

    private static func expectPong(_ link: RawLink, _ number: UInt64) async throws {
        try await link.expect("a PONG with \(number)") { $0.type == FrameType.pong.rawValue && $0.payload == bigEndian(number) }
    }

    /// One PING is 2 + 16 + 16 bytes.
    private static let split: [ConformanceCase] = (1...33).map { place in
        ConformanceCase("record/split-at-\(place)", "reads a record in two segments", ["REC-1.5"]) { scene in
            let link = try await scene.link()
            let bytes = try link.seal(RawFrame.ping(7).encoded)
            try await link.connection.send(pieces: [Array(bytes.prefix(place)), Array(bytes.dropFirst(place))])
            try await expectPong(link, 7)
        }
    }

    private static func altered(
        _ name: String, _ title: String, _ clauses: [String], _ edit: @escaping @Sendable (RawLink) throws -> [UInt8]
    ) -> ConformanceCase {
        ConformanceCase("record/\(name)", "closes, without a word, on \(title)", clauses) { scene in
            let link = try await scene.link()
            try await link.expectAlive()
            link.connection.send(try edit(link))
            try await link.expectSilentClose()
        }
    }

    private static let altered: [ConformanceCase] =
        [2, 3, 9, 10, 17, 18, 26, 33].map { place in
            altered("altered-byte-\(place)", "a record whose byte \(place) was altered", ["REC-4.1"]) { link in
                flipped(try link.seal(RawFrame.ping(1).encoded), at: place)
            }
        } + [
            altered("nonce-skipped", "a record whose nonce was skipped", ["REC-4.1"]) { link in
                _ = try link.seal(RawFrame.ping(1).encoded)
                return try link.seal(RawFrame.ping(2).encoded)
            },
            altered("nonce-far", "a record that is far ahead", ["REC-4.1"]) { link in
                for _ in 0..<300 { _ = try link.seal(RawFrame.ping(1).encoded) }
                return try link.seal(RawFrame.ping(2).encoded)
            },
            altered("swapped", "two records in the wrong order", ["REC-4.1"]) { link in
                let first = try link.seal(RawFrame.ping(1).encoded)
                return try link.seal(RawFrame.ping(2).encoded) + first
            },
            altered("other-direction", "a record that is sealed with the key of the other direction", ["REC-4.1"]) { link in
                try link.sealBackwards(RawFrame.ping(1).encoded)
            },
            altered("unsealed", "a record that was not sealed", ["REC-4.1"]) { _ in
                let text = RawFrame.ping(1).encoded + [UInt8](repeating: 0, count: 16)
                return be16(text.count) + text
            },
            altered("zeroes", "a record of zeroes", ["REC-4.1"]) { _ in be16(64) + [UInt8](repeating: 0, count: 64) },
            altered("largest-garbage", "65,535 bytes of nothing", ["REC-4.1"]) { _ in be16(65_535) + SystemRandom.bytes(65_535) },
            ConformanceCase("record/replayed", "closes, without a word, on a record that it has had", ["REC-4.1"]) { scene in
                let link = try await scene.link()
                let record = try link.seal(RawFrame.ping(1).encoded)
                link.connection.send(record)
                try await expectPong(link, 1)
                link.connection.send(record)
                try await link.expectSilentClose()
            },
            ConformanceCase("record/after-failure", "reads nothing behind a record that does not open", ["REC-4.1"]) { scene in
                let link = try await scene.link()
                let bad = flipped(try link.seal(RawFrame.ping(1).encoded), at: 20)
                link.connection.send(bad + (try link.seal(RawFrame.ping(2).encoded)))
                try await link.expectSilentClose()
            },
        ]

    private static func malformed(
        _ name: String, _ title: String, _ clauses: [String], _ bytes: @escaping @Sendable (RawLink) throws -> [UInt8]
    ) -> ConformanceCase {
        ConformanceCase("record/\(name)", "ends the link on \(title)", clauses) { scene in
            let link = try await scene.link()
            link.connection.send(try bytes(link))
            try await link.expectEnd()
        }
    }

    private static let malformed: [ConformanceCase] =
        [0, 1, 15, 16].map { count in
            altered("length-\(count)", "a record of \(count) bytes, which holds no frame", ["REC-4.2"]) { link in
                count == 16 ? try link.seal([]) : be16(count) + [UInt8](repeating: 1, count: count)
            }
        }
        + [1, 4, 7].map { count in
            malformed("header-cut-\(count)", "a record that ends within a frame's header", ["REC-1.3"]) { link in
                try link.seal(RawFrame.padding(4).encoded + [UInt8](repeating: 0, count: count))
            }
        } + [
            malformed("payload-cut", "a record that ends within a frame's payload", ["REC-1.3"]) { link in
                try link.seal(Array(RawFrame.ping(1).encoded.dropLast()))
            },
            malformed("frame-across", "a frame that goes on in the next record", ["REC-1.3"]) { link in
                let frame = RawFrame.ping(1).encoded
                return try link.seal(Array(frame.prefix(10))) + link.seal(Array(frame.dropFirst(10)))
            },
            malformed("length-lies", "a frame that says it is longer than its record", ["REC-1.3"]) { link in
                try link.seal(be16(65_535) + [1, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 10))
            },
        ]
}
