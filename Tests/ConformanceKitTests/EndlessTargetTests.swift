import NIOCore
import NIOPosix
import Testing
import Wire

@testable import ConformanceKit

/// Nodes that shake hands as they should and then send records for ever: the run ends all the same, and says so.
@Suite(.serialized, .timeLimit(.minutes(1))) struct EndlessTargetTests {
    private static let group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton

    /// For as long as the connection stands.
    private static func pour(_ link: RawLink) async throws {
        while link.connection.isOpen {
            try link.send(.padding(60_000))
            try await Task.sleep(for: .microseconds(100))
        }
    }

    @Test func oneThatAcceptsFailsTheFirstCases() async throws {
        let listener = try await Listener.open(Endpoint(host: "127.0.0.1", port: 0), Self.group)
        let theatre = try Theatre(listener)
        var options = ConformanceOptions()
        options.patience = .milliseconds(300)
        let stage = try Stage(theatre, options, Self.group)
        let server = Task {
            while !Task.isCancelled {
                guard let link = try? await stage.finish(try await stage.arrival()) else { continue }
                try? await Self.pour(link)
            }
        }
        options.target = listener.endpoint
        options.token = theatre.token
        options.filters = ["frame/ping-0"]
        let report = try await ConformanceRunner.run(options)
        server.cancel()
        #expect(report.exitCode == 1)
        #expect(report.results.contains { $0.id == "first/pong" && $0.outcome == .failed }, "\(report.text())")
        #expect(report.results.contains { $0.id == "frame/ping-0" && $0.lacks == "a first handshake that succeeds" })
        await listener.close()
    }

    @Test func oneThatDialsFailsItsCase() async throws {
        var options = ConformanceOptions()
        options.role = .initiator
        options.patience = .milliseconds(300)
        options.filters = ["dial/joins"]
        let report = try await ConformanceRunner.run(options) { text in
            guard text.hasPrefix("start "), let word = text.split(separator: " ").last, let token = try? JoinToken(String(word)),
                let address = token.endpoints.first
            else { return }
            Task {
                let joiner = try Identity.fresh("endless", bootEpoch: 1 << 32)
                let scene = Scene(
                    target: address, coordinator: address, group: Self.group, patience: .seconds(5), token: token, member: joiner, roles: []
                )
                try await Self.pour(try await scene.joinerLink(joiner))
            }
        }
        #expect(report.exitCode == 1)
        #expect(report.results.map(\.outcome) == [.failed], "\(report.text())")
    }

    /// However fast it sends: there is always a record here that nobody has asked for.
    @Test func aLinkIsReadNoFurtherThanItsDeadline() async throws {
        let authority = try OwnAuthority()
        let node = try authority.certify(try .fresh("node", bootEpoch: 1 << 32))
        let initiator = try RawInitiator(try Approach(node, meshID: .meshID(authority: authority.keys.publicKey)))
        let responder = try RawResponder(node, meshID: .meshID(authority: authority.keys.publicKey))
        let (near, far) = (Tap(), Tap())
        var (toNear, toFar) = (RawInbox(near), RawInbox(far))
        far.waiting = try initiator.firstFlight()
        try await responder.readFirst(&toFar, within: .seconds(5))
        near.waiting = try responder.answer()
        try await initiator.readAnswer(&toNear, within: .seconds(5))
        far.waiting = try initiator.lastFlight()
        try await responder.readLast(&toFar, authority: authority.keys.publicKey, within: .seconds(5))
        let source = try responder.link(over: far, toFar, patience: .seconds(1))
        let link = try initiator.link(over: near, toNear, patience: .milliseconds(10))
        near.more = { (try? source.seal(RawFrame.padding(1).encoded)) ?? [] }
        let mismatch = await #expect(throws: Mismatch.self) { try await link.expectAlive() }
        #expect(mismatch?.seen == "records without an end")
    }

    /// A carrier whose bytes are here at once.
    private final class Tap: Carrier {
        var waiting: [UInt8] = []
        var more: () -> [UInt8] = { [] }

        func send(_ bytes: [UInt8]) {}
        func finish() {}
        func close() {}

        func read(until deadline: ContinuousClock.Instant) async -> Connection.Arrival {
            let bytes = waiting.isEmpty ? more() : waiting
            waiting = []
            return bytes.isEmpty ? .nothing : .bytes(bytes)
        }
    }
}

extension Carrier {
    /// Whether what is sent still goes anywhere.
    fileprivate var isOpen: Bool { (self as? Connection)?.channel.isActive == true }
}
