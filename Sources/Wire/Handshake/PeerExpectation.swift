/// Whom an initiator means to reach. Checked against message 2, before message 3 shows who the initiator is.
public enum PeerExpectation: Sendable {
    /// This node and no other.
    case node(NodeID)
    /// Any member that is certified for all of these roles.
    case role(Roles)
    /// A coordinator of the token's mesh; the link is for enrolment only.
    case enrolment(JoinToken)

    /// `certificate(.wrongPeer)` for another node or role, `certificate(.expired)` where the certificate's time is over.
    func check(_ certificate: Certificate, now: UnixTime) throws(WireError) {
        let isMeant =
            switch self {
            case .node(let id): certificate.nodeID == id
            case .role(let roles): certificate.roles.isSuperset(of: roles)
            case .enrolment: certificate.roles.contains(.coordinator)
            }
        guard isMeant else { throw .certificate(.wrongPeer) }  // HS-7.2
        guard !certificate.isExpired(at: now) else { throw .certificate(.expired) }  // HS-7.3
    }
}
