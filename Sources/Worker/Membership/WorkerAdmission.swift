import Synchronization
import Transport
import Wire

/// Lets every member of the mesh link to this worker, except those that the coordinator has revoked, and passes on which
/// links come and go.
final class WorkerAdmission: LinkAdmission, Sendable {
    private struct State {
        var revoked: Set<NodeID> = []
        var onLink: (@Sendable (PeerInfo, LinkID, _ isUp: Bool) -> Void)?
    }

    private let state = Mutex(State())

    /// Who hears of links. Called on event loops.
    func observe(_ body: @escaping @Sendable (PeerInfo, LinkID, _ isUp: Bool) -> Void) {
        state.withLock { $0.onLink = body }
    }

    /// No links to or from these nodes any more.
    func revoke(_ nodes: [NodeID]) {
        state.withLock { state in
            // Certificates live a day: what is forgotten here has expired long before so many are revoked.
            if state.revoked.count > Limits.noticeNodes * 64 { state.revoked.removeAll() }
            state.revoked.formUnion(nodes)
        }
    }

    func tokenSecret(_ id: TokenID) -> SecretBytes? { nil }

    func admit(_ peer: PeerInfo) -> ErrorCode? {
        if peer.isExpired { return .expired }  // HS-9.3
        return peer.nodeID.map { id in state.withLock { $0.revoked.contains(id) } } == true ? .revoked : nil  // ID-8.9
    }

    func linkUp(_ peer: PeerInfo, link: LinkID) { state.withLock { $0.onLink }?(peer, link, true) }

    func linkDown(_ peer: PeerInfo, link: LinkID) { state.withLock { $0.onLink }?(peer, link, false) }

    func linkHeard(_ peer: PeerInfo, link: LinkID, at instant: Instant) {}
}
