import Foundation
import NIOCore
import Synchronization
import Testing
import Transport
import Wire

@testable import Coordinator

/// `mesh.watch` over real links.
@Suite(.timeLimit(.minutes(2))) struct WatchStreamTests {
    /// What a watcher knows.
    final class Known: Sendable {
        private let state = Mutex<(names: Set<String>, revision: UInt64)>(([], 0))
        var names: Set<String> { state.withLock { $0.names } }
        var revision: UInt64 { state.withLock { $0.revision } }

        func apply(_ event: WatchEvent) {
            state.withLock { state in
                switch event {
                case .snapshot(_, let records): state.names = Set(records.map(\.name))
                case .changed(_, let record): state.names.insert(record.name)
                case .removed(_, let name): state.names.remove(name)
                }
                state.revision = max(state.revision, event.revision)
            }
        }
    }

    func watch(_ worker: TestWorker, _ known: Known, services: [String] = []) -> Task<Void, any Error> {
        Task {
            var head = Head()
            head.method = MeshMethod.watch
            try await worker.endpoint.caller(to: worker.coordinator).streaming(head, timeout: .seconds(60)) { call in
                try await call.write(ByteBuffer(bytes: try WatchRequest(services: services).encode()))
                call.finish()
                var reader = MessageReader()
                while let bytes = try await call.next() {
                    reader.append(bytes.readableBytesView)
                    while let message = try reader.next() { known.apply(try WatchEvent(message)) }
                }
            }
        }
    }

    @Test func changesArePushed() async throws {
        let folder = try TemporaryFolder()
        let coordinator = try await RunningCoordinator.start(folder.file("data")) { $0.allowHTTPWorkers = true }
        let token = try await coordinator.token()
        let watcher = try TestWorker(authority: token.authority)
        try await watcher.enrol(token, as: "watcher")
        func add(_ name: String, _ service: String) throws {
            var registration = HTTPRegistration(workerID: name, tunnelURL: "http://\(name):8000")
            registration.services = [service]
            _ = try coordinator.node.registerHTTP(registration)
        }
        for number in 0..<1_500 { try add("w\(number)", number % 2 == 0 ? "even" : "odd") }
        let (all, some) = (Known(), Known())
        let watches = [watch(watcher, all), watch(watcher, some, services: ["even"])]
        try await eventually("the snapshots are whole") { all.names.count == 1_500 && some.names.count == 750 }
        try add("new", "odd")
        try coordinator.node.unregisterHTTP("w0")
        try coordinator.node.unregisterHTTP("w1")
        try await eventually("changes come") { all.names.contains("new") && all.names.count == 1_499 && some.names.count == 749 }
        #expect(!some.names.contains("new"))
        try await eventually("the revision is the registry's") { all.revision == coordinator.node.revision }
        for watch in watches { watch.cancel() }
        try await eventually("nothing is kept of watchers that left") { coordinator.node.core.watchers.count == 0 }
        await watcher.stop()
        await coordinator.stop()
    }

    /// A watcher that never reads holds a window's worth of bytes, whatever happens meanwhile.
    @Test func aWatcherThatDoesNotReadHoldsNothingUp() async throws {
        let folder = try TemporaryFolder()
        let coordinator = try await RunningCoordinator.start(folder.file("data")) { $0.allowHTTPWorkers = true }
        let token = try await coordinator.token()
        let watcher = try TestWorker(authority: token.authority)
        try await watcher.enrol(token, as: "watcher")
        var registration = HTTPRegistration(workerID: "w", tunnelURL: "http://w:8000")
        for index in 0..<30 { registration.capabilities["\(index)"] = .text(String(repeating: "x", count: 1_000)) }
        let stalled = Task {
            var head = Head()
            head.method = MeshMethod.watch
            try await watcher.endpoint.caller(to: watcher.coordinator).streaming(head, timeout: .seconds(60)) { call in
                call.finish()
                _ = try await call.head()
                try await Task.sleep(for: .seconds(60))
            }
        }
        try await eventually("it watches") { coordinator.node.core.watchers.count == 1 }
        for round in 0..<2_000 {
            registration.workerID = "w\(round % 50)"
            registration.region = "r\(round)"
            _ = try coordinator.node.registerHTTP(registration)
        }
        #expect(try await watcher.discover("nothing").total == 0)
        #expect(coordinator.node.core.watchers.count == 1)
        stalled.cancel()
        try await eventually("it is gone") { coordinator.node.core.watchers.count == 0 }
        await watcher.stop()
        await coordinator.stop()
    }

    // MSG-1.4, MSG-1.5, MSG-5.2
    @Test func aRequestThatIsNoneIsRefused() async throws {
        let folder = try TemporaryFolder()
        let coordinator = try await RunningCoordinator.start(folder.file("data"))
        let token = try await coordinator.token()
        let watcher = try TestWorker(authority: token.authority)
        try await watcher.enrol(token, as: "watcher")
        for method in [MeshMethod.watch, MeshMethod.discover, MeshMethod.register, MeshMethod.resolve, MeshMethod.load] {
            do {
                _ = try await watcher.call(method, [0, 2, 0])
                Issue.record("\(method) takes anything")
            } catch let error as CallError { #expect(error.code == .badRequest, "\(method)") }
        }
        do {
            _ = try await watcher.call(MeshMethod.resolve, try ResolveRequest(name: "nobody").encode())
            Issue.record("there is no such worker")
        } catch let error as CallError { #expect(error.code == .notFound) }
        do {
            _ = try await watcher.call(MeshMethod.discover, [UInt8](repeating: 0, count: Limits.message + 1))
            Issue.record("a request has a limit")
        } catch let error as CallError { #expect(error.code == .tooLarge) }
        do {
            _ = try await watcher.call("mesh.unheard-of")
            Issue.record("there is no such method")
        } catch let error as CallError { #expect(error.code == .notFound) }
        await watcher.stop()
        await coordinator.stop()
    }
}
