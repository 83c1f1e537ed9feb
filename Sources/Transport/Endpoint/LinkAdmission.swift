public import Wire

/// Decides who may link to this node, and hears of links. Called on event loops: must not block.
public protocol LinkAdmission: Sendable {
    /// The secret of a join token; `nil` where there is none, and the joiner hears nothing.
    func tokenSecret(_ id: TokenID) -> SecretBytes?
    /// `nil` admits the peer; a code refuses it, in a GOAWAY. Asked for every link, accepted or dialled, once it is authenticated.
    func admit(_ peer: PeerInfo) -> ErrorCode?
    /// An admitted link is up.
    func linkUp(_ peer: PeerInfo, link: LinkID)
    /// A link that was up is gone.
    func linkDown(_ peer: PeerInfo, link: LinkID)
    /// Something was heard on the link since this was last called, the last of it at `instant`; at most once a second.
    func linkHeard(_ peer: PeerInfo, link: LinkID, at instant: Instant)
}

/// Numbers the links of a process, in the order in which they came up.
public struct LinkID: Hashable, Sendable, Comparable, CustomStringConvertible {
    public var rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public static func < (a: LinkID, b: LinkID) -> Bool { a.rawValue < b.rawValue }
    public var description: String { "link \(rawValue)" }
}

/// Admits every member of the mesh whose certificate is valid, and no joiner. What a worker uses.
public struct AdmitMembers: LinkAdmission {
    public init() {}
    public func tokenSecret(_ id: TokenID) -> SecretBytes? { nil }
    public func admit(_ peer: PeerInfo) -> ErrorCode? { peer.isExpired ? .expired : nil }
    public func linkUp(_ peer: PeerInfo, link: LinkID) {}
    public func linkDown(_ peer: PeerInfo, link: LinkID) {}
    public func linkHeard(_ peer: PeerInfo, link: LinkID, at instant: Instant) {}
}
