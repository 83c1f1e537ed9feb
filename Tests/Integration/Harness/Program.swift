import Foundation
import Glibc
import Synchronization

/// A real process of a test. Its output goes to files, so that nothing blocks and nothing is lost when it is killed.
final class Program: Sendable {
    let name: String
    let pid: pid_t
    /// What it wrote to stdout and stderr.
    let stdout: URL
    let stderr: URL
    private let exited = Mutex<Exit?>(nil)

    /// How a process ended.
    enum Exit: Equatable {
        case code(Int32)
        case signal(Int32)
    }

    /// Starts `command` with its output in `folder`. The environment is the test's own plus `environment`.
    init(_ name: String, _ command: [String], environment: [String: String] = [:], input: URL? = nil, folder: URL) throws {
        self.name = name
        let unique = "\(name)-\(Program.counter.add(1, ordering: .relaxed).newValue)"
        stdout = folder.appending(path: "\(unique).out")
        stderr = folder.appending(path: "\(unique).err")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input?.path ?? "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, stdout.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, stderr.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let own = ["SWIFT_BACKTRACE": "enable=no", "PYTHONDONTWRITEBYTECODE": "1"]
        let merged = ProcessInfo.processInfo.environment
            .filter { !$0.key.hasPrefix("WIREMESH_") && !["COORDINATOR_URL", "WORKER_ID", "ALLOWED_ORIGINS"].contains($0.key) }
            .merging(own) { $1 }.merging(environment) { $1 }
        let arguments = command.map { strdup($0) } + [nil]
        let variables = merged.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in arguments + variables { free(pointer) } }
        var made: pid_t = 0
        let result = posix_spawnp(&made, command[0], &actions, nil, arguments, variables)
        guard result == 0 else { throw Failure("\(command[0]) could not be started: \(String(cString: strerror(result)))") }
        pid = made
    }

    private static let counter = Atomic<Int>(0)

    /// How it ended, if it has.
    var exit: Exit? {
        exited.withLock { exited in
            var status: Int32 = 0
            if exited == nil, waitpid(pid, &status, WNOHANG) == pid {
                exited = status & 0x7f == 0 ? .code((status >> 8) & 0xff) : .signal(status & 0x7f)
            }
            return exited
        }
    }

    /// Sends a signal; nothing if it has ended.
    func signal(_ number: Int32) {
        if exit == nil { kill(pid, number) }
    }

    /// Waits for its end.
    @discardableResult
    func waitForExit(within limit: Duration = .seconds(30)) async throws -> Exit {
        try await eventually(within: limit, "\(name) has not ended") { self.exit }
    }

    /// kill -9, and waits until it is gone.
    func crash() async throws {
        signal(SIGKILL)
        try await waitForExit()
    }

    var output: String { Program.text(stdout) }
    var errors: String { Program.text(stderr) }
    /// Everything it wrote, for looking something up in it.
    var log: String { output + errors }

    /// The JSON objects among its lines of output.
    var events: [JSON] {
        log.split(separator: "\n").compactMap { line in
            line.first == "{" ? try? JSON(String(line)) : nil
        }
    }

    /// The first event that `matches`, once it is there. Fails at once when the process ends without it.
    func event(
        within limit: Duration = .seconds(30), _ what: String, _ matches: (JSON) -> Bool
    ) async throws -> JSON {
        try await eventually(within: limit, "\(name) never said: \(what)") {
            let ended = self.exit
            if let found = self.events.first(where: matches) { return found }
            if let ended { throw Failure("\(self.name) ended (\(ended)) without saying: \(what)\n\(self.log.suffix(3_000))") }
            return nil
        }
    }

    /// Resident memory in bytes: now, and the highest it has been.
    var memory: (now: Int, peak: Int) {
        let status = Program.text(URL(filePath: "/proc/\(pid)/status"))
        func bytes(_ key: String) -> Int {
            let line = status.split(separator: "\n").first { $0.hasPrefix(key) }
            return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
        }
        return (bytes("VmRSS:"), bytes("VmHWM:"))
    }

    private static func text(_ file: URL) -> String {
        (try? Data(contentsOf: file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// What went wrong in a test's own machinery.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Asks again and again until there is an answer.
@discardableResult
func eventually<Answer>(
    within limit: Duration = .seconds(20), _ what: String, every pause: Duration = .milliseconds(20), _ ask: () async throws -> Answer?
) async throws -> Answer {
    let end = ContinuousClock.now + limit
    while true {
        if let answer = try await ask() { return answer }
        guard ContinuousClock.now < end else { throw Failure("\(what) (waited \(limit))") }
        try await Task.sleep(for: pause)
    }
}

/// Waits until `holds`.
func until(within limit: Duration = .seconds(20), _ what: String, _ holds: () async throws -> Bool) async throws {
    try await eventually(within: limit, what) { try await holds() ? true : nil }
}
