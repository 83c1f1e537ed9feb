/// One thing that an implementation of the protocol must do, as a test over a real socket.
public struct ConformanceCase: Sendable {
    /// Which side of the link the target is.
    public enum Role: String, Sendable, Codable, CaseIterable {
        /// The target dials; the runner is the coordinator or worker that it reaches.
        case initiator
        /// The target accepts; the runner dials.
        case responder
    }

    /// Whether a target that fails it breaks a rule or good advice.
    public enum Strength: String, Sendable, Codable {
        /// It shows that a MUST is broken.
        case must
        /// It shows that a SHOULD is not followed: a warning, unless the run is strict.
        case should
    }

    /// What a case is given to work with.
    enum Body: Sendable {
        case responder(@Sendable (Scene) async throws -> Void)
        case initiator(@Sendable (Stage) async throws -> Void)
    }

    /// "family/what": unique, and the same in every version.
    public let id: String
    /// What the target must do, as a sentence about it.
    public let title: String
    /// The requirements of the specification that it tests.
    public let clauses: [String]
    public let needs: Set<Feature>
    public let strength: Strength
    /// Whether no other case may run meanwhile.
    let isAlone: Bool
    let body: Body

    /// Which side of the link it tests.
    public var role: Role {
        switch body {
        case .initiator: .initiator
        case .responder: .responder
        }
    }

    /// The family: what stands before the "/" of the id.
    public var group: String { String(id.prefix { $0 != "/" }) }

    /// A case of a target that accepts.
    init(
        _ id: String, _ title: String, _ clauses: [String], strength: Strength = .must, needs: Set<Feature> = [], alone: Bool = false,
        _ body: @escaping @Sendable (Scene) async throws -> Void
    ) {
        self.id = id
        self.title = title
        self.clauses = clauses
        self.needs = needs
        self.strength = strength
        isAlone = alone
        self.body = .responder(body)
    }

    /// A case of a target that dials.
    init(
        dialling id: String, _ title: String, _ clauses: [String], strength: Strength = .must, needs: Set<Feature> = [],
        _ body: @escaping @Sendable (Stage) async throws -> Void
    ) {
        self.id = id
        self.title = title
        self.clauses = clauses
        self.needs = needs.union([.dialling])
        self.strength = strength
        isAlone = false
        self.body = .initiator(body)
    }

    /// Whether a filter means it: a part of its id, the beginning of one of its clauses, or a feature that it needs.
    public func matches(_ filter: String) -> Bool {
        id.contains(filter) || clauses.contains { $0 == filter || $0.hasPrefix(filter + ".") || $0.hasPrefix(filter + "-") }
            || needs.contains { $0.rawValue == filter }
    }
}
