import Logging
import NIOPosix
import Synchronization
import Testing
import Transport
import Wire
import Worker

@Suite(.timeLimit(.minutes(1))) struct HTTPMembershipTests {
    @Test func registersWhenItsURLIsKnownAndAgainWhenItChanges() async throws {
        let upstream = FakeCallee(.echo)
        let (node, coordinator) = try await NodeRoutingTests.node(hosted: ["echo": upstream])
        #expect(coordinator.state.withLock { $0.members.isEmpty }, "nobody could reach it yet")
        node.advertise("http://10.0.0.9:8000")
        while coordinator.state.withLock({ $0.members.isEmpty }) { try await Task.sleep(for: .milliseconds(2)) }
        let member = try #require(coordinator.state.withLock { $0.members.first })
        #expect(member.worker == "here" && member.tunnelURL == "http://10.0.0.9:8000")
        #expect(member.services.map(\.name) == ["echo"] && member.services.map(\.healthy) == [true])
        #expect(member.capabilities["hostname"] != nil)
        node.advertise("http://10.0.0.10:8000")
        while coordinator.state.withLock({ $0.members.count < 2 }) { try await Task.sleep(for: .milliseconds(2)) }
        await node.shutdown()
        #expect(coordinator.state.withLock { $0.left } == ["here"])
    }

    @Test func namesAreChecked() {
        for name in ["", "a b", ".hidden", String(repeating: "x", count: Limits.name + 1)] {
            #expect(throws: WorkerError.self) { try make(name: name, services: []) }
            #expect(throws: WorkerError.self) { try make(name: "w", services: [name]) }
        }
        #expect(throws: WorkerError.self) { try make(name: "w", services: ["a", "a"]) }
    }

    func make(name: String, services: [String]) throws -> WorkerNode {
        try WorkerNode(
            configuration: WorkerConfiguration(name: name), services: services.map { HostedService($0, upstream: FakeCallee(.echo)) },
            forwarder: nil, coordinator: nil, group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
    }
}
