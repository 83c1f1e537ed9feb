import Coordinator
import Foundation
import HTTPCompat
import Logging
import Transport
import Wire
import Worker

/// A coordinator and two workers in this process, on loopback, with a data folder that is gone afterwards.
struct DevMesh {
    let coordinator: RunningCoordinator
    /// It hosts `hello`, and asks the mesh for the rest.
    let ada: RunningWorker
    /// It hosts all three samples.
    let bob: RunningWorker
    private let folder: String

    static func start(logger: Logger) async throws -> DevMesh {
        let keyLog = try KeyLogSetting.open(logger)
        let folder = try temporaryFolder()
        var running: [@Sendable () async -> Void] = []
        do {
            let coordinator = try await RunningCoordinator.start(coordinatorPlan(folder, keyLog), logger: logger)
            running.append { await coordinator.shutdown() }
            var request = TokenRequest()
            request.uses = 2
            let token = try await CoordinatorAdmin(dataFolder: folder + "/coordinator").createToken(request)
            let ada = try await RunningWorker.start(
                workerPlan("ada", folder, token, keyLog, [("hello", SampleServices.hello("ada"))]), logger: logger)
            running.append { await ada.shutdown() }
            let samples = [("hello", SampleServices.hello("bob")), ("counter", SampleServices.counter), ("echo", SampleServices.echo)]
            let bob = try await RunningWorker.start(workerPlan("bob", folder, token, keyLog, samples), logger: logger)
            return DevMesh(coordinator: coordinator, ada: ada, bob: bob, folder: folder)
        } catch {
            for stop in running.reversed() { await stop() }
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
    }

    /// Waits until the coordinator hands the samples out with the addresses that it has dialled back.
    func settle() async throws {
        let end = ContinuousClock.now + .seconds(15)
        while reachable("counter") < 1 || reachable("hello") < 2 {
            guard ContinuousClock.now < end else { throw Failure.failed("The workers did not register within 15 s.") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func reachable(_ service: String) -> Int {
        coordinator.node.discover(service).workers.count { !$0.endpoints.isEmpty }
    }

    func shutdown() async {
        async let first: Void = ada.shutdown()
        async let second: Void = bob.shutdown()
        _ = await (first, second)
        await coordinator.shutdown()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func coordinatorPlan(_ folder: String, _ keyLog: KeyLog?) -> CoordinatorPlan {
        var front = FrontConfiguration(port: 8_080)
        front.movesToFreePort = true
        var plan = CoordinatorPlan(configuration: .init(dataFolder: folder + "/coordinator", listenHost: "127.0.0.1"), front: front)
        plan.mayMovePort = true
        plan.configuration.keyLog = keyLog
        return plan
    }

    private static func workerPlan(
        _ name: String, _ folder: String, _ token: String, _ keyLog: KeyLog?, _ handlers: [(String, ServiceHandler)]
    ) -> WorkerPlan {
        var configuration = WorkerConfiguration(name: name)
        configuration.dataFolder = folder + "/" + name
        configuration.joinToken = token
        configuration.keyLog = keyLog
        configuration.listenHost = "127.0.0.1"
        var front = FrontConfiguration(port: 8_000)
        front.movesToFreePort = true
        var plan = WorkerPlan(configuration: configuration, front: front)
        plan.handlers = handlers.map { (name: $0.0, handler: $0.1) }
        return plan
    }

    private static func temporaryFolder() throws -> String {
        var template = Array((NSTemporaryDirectory() + "/wiremesh-dev-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure.failed("No temporary folder could be made: look at TMPDIR.") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
