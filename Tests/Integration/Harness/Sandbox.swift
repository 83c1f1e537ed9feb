import Foundation
import Synchronization
import Testing

/// What a test leaves behind when it is done: nothing. Holds its temporary folder and every process it started.
final class Sandbox: Sendable {
    /// The sandbox of the test that runs.
    @TaskLocal static var current: Sandbox!

    let folder: URL
    private let programs = Mutex<[Program]>([])
    private let undo = Mutex<[@Sendable () -> Void]>([])

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "wiremesh-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }

    /// A process that ends with the test.
    func start(_ name: String, _ command: [String], environment: [String: String] = [:], input: URL? = nil) throws -> Program {
        let program = try Program(name, command, environment: environment, input: input, folder: folder)
        programs.withLock { $0.append(program) }
        return program
    }

    /// Runs a command to its end.
    func run(
        _ command: [String], environment: [String: String] = [:], within limit: Duration = .seconds(60)
    ) async throws -> Finished {
        let name = URL(filePath: command[0]).lastPathComponent
        let program = try Program(name, command, environment: environment, folder: folder)
        defer { program.signal(SIGKILL) }
        return Finished(exit: try await program.waitForExit(within: limit), output: program.output, errors: program.errors)
    }

    /// Does `work` when the test is over, last one first.
    func atEnd(_ work: @escaping @Sendable () -> Void) { undo.withLock { $0.append(work) } }

    /// A folder or file of this test.
    func path(_ name: String) -> String { folder.appending(path: name).path }

    /// Ends everything. `failed`: shows what the processes said.
    func close(failed: Bool) async {
        let programs = programs.withLock { $0 }
        for program in programs {
            program.signal(SIGCONT)
            program.signal(SIGTERM)
        }
        let end = ContinuousClock.now + .seconds(2)
        while programs.contains(where: { $0.exit == nil }), ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(10)) }
        for program in programs {
            program.signal(SIGKILL)
            while program.exit == nil { try? await Task.sleep(for: .milliseconds(5)) }
        }
        for action in undo.withLock({ $0 }).reversed() { action() }
        if failed {
            for program in programs { print("--- \(program.name) (\(program.exit!)):\n\(program.log.suffix(4_000))") }
        }
        try? FileManager.default.removeItem(at: folder)
    }
}

/// A command that has run to its end.
struct Finished {
    let exit: Program.Exit
    let output: String
    let errors: String

    var code: Int32? {
        if case .code(let code) = exit { return code }
        return nil
    }

    /// What it printed as one JSON value.
    func json() throws -> JSON { try JSON(output) }
}

/// Gives each test a sandbox of its own.
struct Sandboxed: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        guard testCase != nil else { return try await function() }
        let sandbox = try Sandbox()
        do {
            try await Sandbox.$current.withValue(sandbox) { try await function() }
            await sandbox.close(failed: false)
        } catch {
            await sandbox.close(failed: true)
            throw error
        }
    }
}

extension Trait where Self == Sandboxed {
    static var sandboxed: Sandboxed { Sandboxed() }
}
