import Transport

/// Why a worker does not start: one sentence for the operator, saying what to do.
public struct WorkerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of trouble it is, for the exit code.
    public enum Kind: Sendable, Hashable {
        /// What the operator said cannot be: folder, token, names.
        case usage
        /// The port that was asked for is taken.
        case portTaken
        /// The mesh refuses this node, or nobody answers.
        case refused
    }

    /// What kind of trouble it is.
    public let kind: Kind
    /// The sentence.
    public let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    init(_ error: FolderError) { self.init(.usage, error.description) }
}
