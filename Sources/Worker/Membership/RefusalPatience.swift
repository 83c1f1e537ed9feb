import Transport
import Wire

/// When a refusal is final. A revoked node stays revoked, but "another node with this identity is alive" may be an echo of
/// the own last run: the coordinator hears of a lost host only by its silence. A machine.
struct RefusalPatience {
    private var since: Instant?

    /// Whether a refusal has come that may still pass.
    func isWaiting(now: Instant) -> Bool { since.map { now - $0 < Self.patience } ?? false }

    /// Twice the time after which a silent node no longer counts as alive.
    private static let patience = Limits.suspectAfter * 2

    /// The sentence for the operator if nothing will change any more; `nil` if it is worth trying again.
    mutating func refusal(_ error: CallError, now: Instant) -> WorkerError? {
        switch error.code {
        case .cloneDetected:
            since = since ?? now
            return isWaiting(now: now) ? nil : copy
        case .revoked:
            return WorkerError(
                .refused,
                "this worker's identity was revoked; join again with a new token, a new folder and, unless it was released, a new name")
        case .nameTaken:
            return WorkerError(.refused, "this worker's name was given to another key; join again with a new token and a new folder")
        default: return since == nil || isWaiting(now: now) ? nil : copy
        }
    }

    private var copy: WorkerError {
        WorkerError(
            .refused, "another worker runs with this identity (a copied data folder?); stop it, or join with a new folder and token")
    }
}
