/// Why a coordinator cannot start or do what an operator asked. Each is one sentence for people.
public enum CoordinatorError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A setting or an argument that cannot be used.
    case configuration(String)
    /// The data folder cannot be used: not writable, of another version, damaged, in use.
    case dataFolder(String)
    /// The store has no room.
    case diskFull(String)
    /// The clock is far off.
    case clock(String)
    /// The address to listen on is in use.
    case addressInUse(String)
    /// There is no such worker, token or name.
    case notFound(String)
    /// It exists already, or somebody else changed it at the same time.
    case conflict(String)
    /// Something failed that should not.
    case failed(String)

    public var description: String {
        switch self {
        case .configuration(let text), .dataFolder(let text), .diskFull(let text), .clock(let text), .addressInUse(let text),
            .notFound(let text), .conflict(let text), .failed(let text):
            text
        }
    }
}
