import Dispatch
import Foundation

/// SIGINT and SIGTERM ask for an orderly end; a second one ends the process at once.
enum Signals {
    /// Runs `body` until it returns, or until one of the signals comes: then its task is cancelled and it is waited for.
    static func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask {
                await wait()
                return false
            }
            let isDone = try await group.next() ?? true
            group.cancelAll()
            if isDone { return }
            do { while try await group.next() != nil {} } catch is CancellationError {}
        }
    }

    /// Waits for the task's cancellation.
    static func never() async {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(86_400)) }
    }

    /// Waits for the first signal, or for the task's cancellation.
    private static func wait() async {
        let (stream, signals) = AsyncStream.makeStream(of: Int32.self)
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { signals.yield(number) }
            source.activate()
            return source
        }
        for await _ in stream { break }
        for source in sources { source.cancel() }
        signal(SIGINT, SIG_DFL)
        signal(SIGTERM, SIG_DFL)
    }
}
