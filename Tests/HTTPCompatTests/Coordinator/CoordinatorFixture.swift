import Coordinator
import Foundation
import HTTPCompat
import Logging
import NIOCore
import NIOPosix
import Transport
import Worker

/// A coordinator that takes links on a free loopback port and HTTP on another, with a data folder of its own.
struct CoordinatorFixture {
    let node: CoordinatorNode
    let http: CoordinatorHTTP
    let url: String
    private let front: HTTPFront
    private let folder: URL
    private let work: Task<Void, Never>

    static func start(allowHTTPWorkers: Bool = true) async throws -> CoordinatorFixture {
        let folder = FileManager.default.temporaryDirectory.appending(path: "wiremesh-\(UUID())")
        let group = MultiThreadedEventLoopGroup.singleton
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var configuration = CoordinatorConfiguration(dataFolder: folder.path, listenHost: "127.0.0.1", listenPort: 0)
        configuration.allowHTTPWorkers = allowHTTPWorkers
        let node = try await CoordinatorNode.open(configuration, group: group, logger: logger)
        let http = CoordinatorHTTP(
            node: node, configuration: .init(name: "test", version: "0.0.0"), forwarder: MemberForwarder(),
            group: group)
        let front = HTTPFront(
            group: group, configuration: FrontConfiguration(port: 0), hot: http, responder: http.responder, logger: logger)
        _ = try await node.listen()
        let address = try await front.start()
        http.setReady(true)
        let work = Task {
            async let node: Void = node.run()
            await http.run()
            await node
        }
        return CoordinatorFixture(
            node: node, http: http, url: "http://127.0.0.1:\(address.port ?? 0)", front: front, folder: folder, work: work)
    }

    func shutdown() async {
        await front.shutdown()
        await node.shutdown()
        work.cancel()
        await work.value
        try? FileManager.default.removeItem(at: folder)
    }
}

/// Runs a script of Tests/Clients. What it prints is the error's text if it fails.
func runClient(_ script: String, _ arguments: String...) async throws {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    try await runPython([tests.appending(path: "Clients/\(script)").path] + arguments)
}

/// Runs the Python of .venv (scripts/test-venv makes it).
func runPython(_ arguments: [String]) async throws {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let process = Process()
    process.executableURL = tests.deletingLastPathComponent().appending(path: ".venv/bin/python")
    process.arguments = arguments
    // Tools leave caches where they run.
    process.currentDirectoryURL = FileManager.default.temporaryDirectory
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = await withCheckedContinuation { continuation in
        // A thread of its own: the pool that runs tasks has as many as there are cores.
        Thread.detachNewThread {
            let bytes = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
        }
    }
    guard process.terminationStatus == 0 else { throw ClientFailure(text: text) }
}

struct ClientFailure: Error, CustomStringConvertible {
    var text: String
    var description: String { text }
}
