import Synchronization

/// Wakes one task that waits for something to do. Signals that come while it works are remembered as one.
final class Wake: Sendable {
    private struct State {
        var isSet = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// There is something to do.
    func signal() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            if state.waiter == nil { state.isSet = true }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns after a signal, after `limit`, or when the task is cancelled. One task at a time.
    func wait(atMost limit: Duration) async {
        let alarm = Task {
            try await Task.sleep(for: limit)
            self.signal()
        }
        defer { alarm.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isSet = state.withLock { state in
                    defer { state.isSet = false }
                    if !state.isSet { state.waiter = continuation }
                    return state.isSet
                }
                if isSet { continuation.resume() }
            }
        } onCancel: {
            signal()
        }
    }
}
