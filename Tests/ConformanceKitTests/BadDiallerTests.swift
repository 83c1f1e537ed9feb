import NIOCore
import NIOPosix
import Synchronization
import Testing
import Wire

@testable import ConformanceKit

/// What dials a run and is no node: a clear verdict, in time.
@Suite(.serialized, .timeLimit(.minutes(1))) struct BadDiallerTests {
    /// What comes to the run's address.
    enum Kind: String, CaseIterable, Sendable {
        case http, silent, endless, mute
    }

    @Test(arguments: Kind.allCases)
    func theVerdictSaysWhatHasDialled(kind: Kind) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let dialler = Dialler()
        var options = ConformanceOptions()
        options.role = .initiator
        options.patience = .milliseconds(300)
        let failure = await #expect(throws: ConformanceFailure.self) {
            try await ConformanceRunner.run(options) { text in dialler.heard(text, kind, group) }
        }
        let text = try #require(failure?.description)
        #expect(failure?.isUsage == false && text.contains("does not speak WM/1"), "\(text)")
        switch kind {
        case .http: #expect(text.contains("GET / HTTP/1.1"), "\(text)")
        case .silent: #expect(text.contains("nothing within 300 ms"), "\(text)")
        case .endless: #expect(text.contains("AAAA"), "\(text)")
        case .mute: #expect(text.contains("closed the connection"), "\(text)")
        }
    }

    /// A command that begins and dials nobody is not the option's fault; one that cannot be run is.
    @Test(arguments: [
        ("/no/such/program {TOKEN}", "/no/such/program"), ("/etc/passwd {TOKEN}", "cannot be run"),
        ("'unfinished {TOKEN}", "cannot read it"),
        ("true", "{TOKEN}"),
    ])
    func aCommandThatCannotBeRunIsSaidAtOnce(command: String, part: String) async throws {
        var options = ConformanceOptions()
        options.role = .initiator
        options.command = command
        options.patience = .seconds(3_600)
        options.limit = .seconds(3_600)
        let failure = await #expect(throws: ConformanceFailure.self) { try await ConformanceRunner.run(options) }
        let text = try #require(failure?.description)
        #expect(failure?.isUsage == true && text.contains("--exec") && text.contains(part), "\(text)")
    }

    /// Dials when the run says where it listens.
    private final class Dialler: Sendable {
        private let channel = Mutex<(any Channel)?>(nil)

        func heard(_ text: String, _ kind: Kind, _ group: any EventLoopGroup) {
            guard text.hasPrefix("start "), let word = text.split(separator: " ").last, let token = try? JoinToken(String(word)),
                let address = token.endpoints.first
            else { return }
            ClientBootstrap(group: group).connect(host: address.host, port: Int(address.port)).whenSuccess { channel in
                self.channel.withLock { $0 = channel }
                switch kind {
                case .http: channel.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), promise: nil)
                case .silent: break
                case .endless: Self.pour(channel)
                case .mute: channel.close(promise: nil)
                }
            }
        }

        /// Goes on for as long as anybody reads.
        private static func pour(_ channel: any Channel) {
            guard channel.isActive else { return }
            channel.writeAndFlush(ByteBuffer(repeating: 0x41, count: 65_536)).whenSuccess { pour(channel) }
        }
    }
}
