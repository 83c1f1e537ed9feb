import Foundation
import Synchronization

/// The service of the integration tests, in a process of its own: echoes, streams, swallows, sleeps, and tells what happened.
final class PythonService: Sendable {
    private let process: Process
    private let events = Mutex<[(event: String, target: String)]>([])
    private let partial = Mutex(Data())
    private let listening = Mutex<Int?>(nil)

    static func start() async throws -> PythonService {
        let service = PythonService()
        try service.process.run()
        while service.listening.withLock({ $0 }) == nil {
            guard service.process.isRunning else { throw CocoaError(.executableLoad) }
            try await Task.sleep(for: .milliseconds(5))
        }
        return service
    }

    private init() {
        let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Integration/Fixtures/upstream.py")
        process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", fixture.path]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        output.fileHandleForReading.readabilityHandler = { [weak self] handle in self?.take(handle.availableData) }
    }

    deinit { process.terminate() }

    var port: Int { listening.withLock { $0 ?? 0 } }
    var url: String { "http://127.0.0.1:\(port)" }

    /// Ends the service without a word, and returns when its port is closed.
    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Waits until the service has told of `event` for a target that contains `target`.
    func wait(for event: String, _ target: String) async throws {
        while !happened(event, target) { try await Task.sleep(for: .milliseconds(5)) }
    }

    func happened(_ event: String, _ target: String) -> Bool {
        events.withLock { $0.contains { $0.event == event && $0.target.contains(target) } }
    }

    private func take(_ data: Data) {
        let lines = partial.withLock { partial in
            partial.append(data)
            var lines: [Data] = []
            while let end = partial.firstIndex(of: UInt8(ascii: "\n")) {
                lines.append(Data(partial[partial.startIndex..<end]))
                partial = Data(partial[partial.index(after: end)...])
            }
            return lines
        }
        for line in lines {
            guard let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any], let event = object["event"] as? String
            else {
                continue
            }
            if let port = object["port"] as? Int { listening.withLock { $0 = port } }
            events.withLock { $0.append((event, object["target"] as? String ?? "")) }
        }
    }
}
