internal import NIOCore
internal import Synchronization
internal import Wire

/// Answers that are encoded already, for as long as they are true. Any number of loops read them at once.
final class PreparedAnswers: Sendable {
    /// What was asked, by whom.
    struct Key: Hashable, Sendable {
        var service: String
        var limit: Int?
        var asker: Asker
    }

    /// What an answer was made from: while this is the same, so is the answer.
    struct Basis: Hashable, Sendable {
        /// Changes with the workers of the service, their health and their load.
        var stamp: UInt64
        /// Changes with what is known of tunnel URLs.
        var tunnels: UInt64
    }

    private struct Entry {
        var basis: Basis
        var answer: HTTPAnswer
    }

    private let entries = Mutex<[Key: Entry]>([:])

    /// The answer to `key` if one was made from `basis`.
    func answer(to key: Key, basis: Basis) -> HTTPAnswer? {
        entries.withLock { entries in
            guard let entry = entries[key], entry.basis == basis else { return nil }
            return entry.answer
        }
    }

    /// Keeps an answer. Where there are too many, all go: those in use are made again at once.
    func keep(_ answer: HTTPAnswer, to key: Key, basis: Basis) {
        entries.withLock { entries in
            if entries.count >= Limits.preparedAnswers, entries[key] == nil { entries.removeAll(keepingCapacity: true) }
            entries[key] = Entry(basis: basis, answer: answer)
        }
    }
}
