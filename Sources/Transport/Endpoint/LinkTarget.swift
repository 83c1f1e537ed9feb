public import Wire

/// Whom to link to, and where.
public struct LinkTarget: Hashable, Sendable {
    /// Who must answer: checked against message 2, before anything of ours is said.
    public var expectation: Expectation
    /// Where to dial, best first.
    public var endpoints: [Endpoint]
    /// Who passes a link on to the node where no address of it can be dialled.
    public var relays: [RelayRecord]
    /// What the peer's processor offers, as far as an answer that named it said so.
    public var features: Features

    /// Who must answer.
    public enum Expectation: Hashable, Sendable {
        /// This node and no other.
        case node(NodeID)
        /// Any node of this mesh with these roles.
        case roles(Roles)
    }

    public init(_ expectation: Expectation, endpoints: [Endpoint], relays: [RelayRecord] = [], features: Features = []) {
        self.expectation = expectation
        self.endpoints = endpoints
        self.relays = relays
        self.features = features
    }
}
