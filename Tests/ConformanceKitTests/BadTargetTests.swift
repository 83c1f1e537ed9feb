import Foundation
import NIOCore
import NIOPosix
import Testing
import Wire

@testable import ConformanceKit

/// Targets that are none: a clear verdict, in time.
@Suite(.serialized, .timeLimit(.minutes(1))) struct BadTargetTests {
    /// What listens at the port that the run is pointed at.
    enum Kind: String, CaseIterable, Sendable {
        case closed, http, silent, endless, mute
    }

    @Test(arguments: Kind.allCases)
    func theVerdictSaysWhatIsThere(kind: Kind) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = kind == .closed ? nil : try await Self.server(kind, group)
        let port = try server.map { UInt16($0.localAddress?.port ?? 0) } ?? Self.unusedPort()
        let token = JoinToken(
            id: try #require(TokenID([UInt8](repeating: 1, count: 16))), secret: SystemRandom.secret(),
            authority: try IdentityKeyPair(seed: SystemRandom.secret()).publicKey, endpoints: [Endpoint(host: "127.0.0.1", port: port)])
        var options = ConformanceOptions()
        options.target = Endpoint(host: "127.0.0.1", port: port)
        options.token = token
        options.patience = .milliseconds(300)
        let failure = await #expect(throws: ConformanceFailure.self) { try await ConformanceRunner.run(options) }
        let text = try #require(failure?.description)
        switch kind {
        case .closed: #expect(text.contains("does not accept connections"), "\(text)")
        case .http: #expect(text.contains("does not speak WM/1") && text.contains("HTTP/1.1 400"))
        case .silent: #expect(text.contains("nothing within"))
        case .endless: #expect(text.contains("does not speak WM/1"))
        case .mute: #expect(text.contains("the connection closed"))
        }
        try await server?.close()
    }

    @Test func aFilterThatMatchesNothingIsSaid() async {
        var options = ConformanceOptions()
        options.filters = ["no-such-case"]
        let failure = await #expect(throws: ConformanceFailure.self) { try await ConformanceRunner.run(options) }
        #expect(failure?.description.contains("no-such-case") == true)
    }

    /// A port at which nobody has ever listened: a socket that did may live on in a process that was started meanwhile.
    private static func unusedPort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        try #require(isBound)
        return UInt16(bigEndian: address.sin_port)
    }

    private static func server(_ kind: Kind, _ group: any EventLoopGroup) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Answer(kind)) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// Says what such a server says.
    private final class Answer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let kind: Kind

        init(_ kind: Kind) { self.kind = kind }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch kind {
            case .http:
                let text = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .endless: pour(context)
            case .mute: context.close(promise: nil)
            case .closed, .silent: break
            }
        }

        /// Goes on for as long as anybody reads.
        private func pour(_ context: ChannelHandlerContext) {
            guard context.channel.isActive else { return }
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            let own = NIOLoopBound(self, eventLoop: context.eventLoop)
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(repeating: 0x41, count: 65_536))).whenSuccess {
                own.value.pour(bound.value)
            }
        }
    }
}
