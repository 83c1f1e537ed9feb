import NIOCore
import NIOPosix
import Testing
import Transport
import Wire

/// A member that does not keep to the protocol, on a real link: what it is told before the link ends.
@Suite struct FaultTests {
    private static func frame(_ type: UInt8, stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0, UInt8(payload.count), type, 0, 0, 0, 0, stream] + payload
    }

    // FRAME-8.1
    @Test(arguments: [
        (frame(0x20, stream: 0, []), ErrorCode.protocolViolation), (frame(0x00, stream: 1, [1]), .streamState),
        (frame(0x04, stream: 0, [UInt8](repeating: 0, count: 8)), .flowControl), (frame(0x0C, stream: 0, [1]), .protocolViolation),
        ([0, 9, 0], .protocolViolation),
    ])
    func aFaultInTheFramesIsNamed(frames: [UInt8], code: ErrorCode) async throws {
        let mesh = try MeshFixture()
        let server = try mesh.endpoint("server")
        let target = try await server.serve()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: Int(target.endpoints[0].port)) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let credentials = try mesh.credentials("rogue")
        // The server closes the connection first, which an orderly end of this side's half finds too late.
        var said: [(type: UInt8, payload: [UInt8])] = []
        try? await channel.executeThenClose { inbound, outbound in
            var initiator = LinkInitiator(
                credentials: credentials, expecting: .role(.worker), parameters: LinkParameters(bootEpoch: 1), now: .wallClock(),
                ephemeral: SystemRandom.secret())
            try await outbound.write(ByteBuffer(bytes: try initiator.start()))
            var bytes = inbound.makeAsyncIterator()
            while let piece = try await bytes.next() {
                guard case .established(let reply, var keys) = try initiator.receive(Array(buffer: piece)) else { continue }
                try await outbound.write(ByteBuffer(bytes: reply + (try Self.sealed(frames, &keys.send))))
                // What is said from here on, up to the end that the other side makes.
                var rest = keys.leftover
                while let piece = try await bytes.next() { rest += Array(buffer: piece) }
                said = try Self.opened(rest, &keys.receive)
            }
        }
        let goAway = try #require(said.last)
        #expect(goAway.type == 0x10 && goAway.payload.dropFirst(4).prefix(2) == [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 255)])
        #expect(await eventually { server.peers.isEmpty })
        await server.shutdown()
    }

    private static func sealed(_ frames: [UInt8], _ cipher: inout RecordCipher) throws -> [UInt8] {
        var record = frames + [UInt8](repeating: 0, count: Limits.tag)
        var elements = record.mutableSpan
        var span = elements.mutableBytes
        try cipher.seal(&span)
        return [UInt8(record.count >> 8), UInt8(record.count & 255)] + record
    }

    private static func opened(_ bytes: [UInt8], _ cipher: inout RecordCipher) throws -> [(type: UInt8, payload: [UInt8])] {
        var frames: [(type: UInt8, payload: [UInt8])] = []
        var rest = bytes[...]
        while rest.count >= 2 {
            let length = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
            var record = Array(rest.dropFirst(2).prefix(length))
            rest = rest.dropFirst(2 + length)
            var elements = record.mutableSpan
            var span = elements.mutableBytes
            try cipher.open(&span)
            var plain = record.dropLast(Limits.tag)
            while plain.count >= 8 {
                let start = plain.startIndex
                let count = Int(plain[start]) << 8 | Int(plain[start + 1])
                frames.append((plain[start + 2], Array(plain.dropFirst(8).prefix(count))))
                plain = plain.dropFirst(8 + count)
            }
        }
        return frames
    }
}
