import DHT

/// Whether datagrams work: to one peer, or altogether. Judged by authenticated answers to a node's own requests and by nothing else.
public struct DHTHealth: Sendable, Hashable, CustomStringConvertible {
    /// In one word.
    public enum Status: String, Sendable, CaseIterable {
        /// Answers come.
        case ok
        /// Some requests in a row had no answer; it is being looked into.
        case degraded
        /// Nobody answers: requests go over links, and datagrams are tried again and again.
        case down
    }

    /// Why not.
    public enum Cause: String, Sendable, CaseIterable {
        /// There is nobody to ask.
        case noPeers = "no-peers"
        /// Silence.
        case noAnswer = "no-answer"
        /// The peer's host says that nobody listens there.
        case refused
        /// Who answers cannot be authenticated, or is somebody else.
        case authentication
        /// Datagrams are longer than what passes.
        case mtu
        /// This host has no way to the address.
        case noRoute = "no-route"
        /// A limit of this node itself: nothing was sent.
        case withheld

        /// For people: what was seen.
        public var text: String {
            switch self {
            case .noPeers: "there is nobody to ask"
            case .noAnswer: "no answer"
            case .refused: "refused: nobody listens there"
            case .authentication: "who answers cannot be authenticated"
            case .mtu: "datagrams are too long for the path"
            case .noRoute: "there is no way there from this host"
            case .withheld: "held back: too many were begun there lately"
            }
        }
    }

    /// How well datagrams work.
    /// How it stands.
    public var status: Status
    /// `nil` where all is well.
    public var cause: Cause?

    public init(_ status: Status, _ cause: Cause? = nil) {
        self.status = status
        self.cause = cause
    }

    /// All is well.
    /// Answers come.
    public static let ok = DHTHealth(.ok)

    /// "ok", or the status and what was seen.
    public var description: String { cause.map { "\(status.rawValue): \($0.text)" } ?? status.rawValue }
}

extension DHTHealth {
    init(state: Health.State) {
        switch state {
        case .ok: self = .ok
        case .degraded(let failure): self.init(.degraded, Cause(failure))
        case .down(let failure): self.init(.down, Cause(failure))
        }
    }
}

extension DHTHealth.Cause {
    init(_ failure: DHTFailure) {
        switch failure {
        case .noPeers: self = .noPeers
        case .noAnswer: self = .noAnswer
        case .refused: self = .refused
        case .authentication: self = .authentication
        case .tooBig: self = .mtu
        case .noRoute: self = .noRoute
        case .withheld: self = .withheld
        }
    }
}
