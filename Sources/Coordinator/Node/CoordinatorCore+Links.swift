import Logging
import Synchronization
import Transport
import Wire

/// Who may link, and what links say of their nodes. Called on event loops.
extension CoordinatorCore: LinkAdmission {
    func tokenSecret(_ id: TokenID) -> SecretBytes? { membership.machine.withLock { $0.tokens[id]?.value.secret } }

    /// A joiner has shown that it knows the token: what it may have is decided when it asks. A member is judged here.
    func admit(_ peer: PeerInfo) -> ErrorCode? {
        guard let linker = linker(peer) else { return peer.token == nil ? .authentication : nil }
        let verdict = membership.machine.withLock { $0.admit(linker, now: .now()) }
        if let report = verdict.report { tell(report) }
        if let refusal = verdict.refusal {
            logger.warning("link refused", metadata: ["worker": "\(peer.name)", "from": "\(peer.address)", "reason": "\(refusal)"])
        }
        return verdict.refusal
    }

    func linkUp(_ peer: PeerInfo, link: LinkID) {
        guard let linker = linker(peer), !peer.roles.contains(.coordinator) else { return }
        let (plan, revoked) = membership.machine.withLock { machine in
            (machine.linkUp(linker, link: link.rawValue, now: .now()), machine.revokedNodes(now: .wallClock()))
        }
        if plan != nil { enqueue(.noteRun(linker.identityKey, bootEpoch: linker.bootEpoch)) }
        for notice in Notice.revoked(revoked) { enqueue(.notify(linker.nodeID, notice)) }  // ID-8.8
        update { $0.linkUp(linker.nodeID, link: link.rawValue) }
    }

    func linkDown(_ peer: PeerInfo, link: LinkID) {
        guard let nodeID = peer.nodeID, !isClosing.load(ordering: .acquiring) else { return }
        membership.machine.withLock { $0.linkDown(nodeID, link: link.rawValue) }
        update { $0.linkDown(nodeID, link: link.rawValue) }
    }

    func linkHeard(_ peer: PeerInfo, link: LinkID, at instant: Instant) {
        guard let nodeID = peer.nodeID else { return }
        membership.machine.withLock { $0.linkHeard(nodeID, link: link.rawValue, now: instant) }
        update { $0.heard(nodeID, now: instant) }
    }

    private func linker(_ peer: PeerInfo) -> Admission.Linker? {
        guard let nodeID = peer.nodeID, let certificate = peer.certificate else { return nil }
        return Admission.Linker(
            nodeID: nodeID, identityKey: certificate.identityKey, name: certificate.name, serial: certificate.serial,
            bootEpoch: peer.bootEpoch, address: peer.address)
    }

    /// Logs what happened and tells the node that it is about.
    func tell(_ report: Admission.Report) {
        let (node, notice): (NodeID, Notice)
        switch report {
        case .nameRequested(let holder, let name, let by):
            (node, notice) = (holder, Notice(.nameRequested, text: "another key asked for the name \(name) from \(by) and was refused"))
        case .cloneRefused(let holder, let name, let by):
            (node, notice) = (holder, Notice(.cloneRefused, text: "a copy of \(name) tried to link from \(by) and was refused"))
        case .restoredBackup(let holder, let name, let from):
            let text = "\(name) runs from a restored backup or a copy of its data folder, at \(from); it is admitted"
            (node, notice) = (holder, Notice(.restoredBackup, text: text))
        }
        logger.warning("\(notice.text)", metadata: ["node": "\(node)"])
        enqueue(.notify(node, notice))
    }
}

extension Notice {
    /// Notices that name these nodes as revoked, as many as it takes.
    static func revoked(_ nodes: [NodeID]) -> [Notice] {
        stride(from: 0, to: nodes.count, by: Limits.noticeNodes).map { start in
            Notice(.revoked, text: "", nodes: Array(nodes[start..<min(start + Limits.noticeNodes, nodes.count)]))
        }
    }
}
