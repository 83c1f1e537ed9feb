import Transport
import Wire

/// Links: who may have one, and telling a restart from a copy.
extension Admission {
    /// A member that links: what its certificate and the handshake say.
    struct Linker: Sendable {
        var nodeID: NodeID
        var identityKey: IdentityKey
        var name: String
        var serial: UInt64
        var bootEpoch: UInt64
        var address: Endpoint
    }

    /// What is decided about a link.
    struct LinkVerdict: Sendable, Hashable {
        /// `nil` admits.
        var refusal: ErrorCode?
        var report: Report?
    }

    /// Decides on a link of a member.
    ///
    /// While a link of the same node stands and is heard, another run of it is a copy and refused. A run that does not follow the
    /// last one (its start counter has not risen, or its certificate is older than the one before the last) comes from a backup:
    /// it is admitted if it is alone, and reported.
    func admit(_ linker: Linker, now: Instant) -> LinkVerdict {
        let member = members[linker.identityKey]?.value
        if member?.isRevoked == true { return LinkVerdict(refusal: .revoked) }  // ID-8.6
        if let holder = names[linker.name]?.value, holder != linker.identityKey {
            // The name was released and given to another key: this certificate is of before.
            return LinkVerdict(refusal: .nameTaken)
        }
        let others = (live[linker.nodeID] ?? [:]).values.filter { $0.bootEpoch != linker.bootEpoch }
        if others.contains(where: { now < $0.heard + Limits.suspectAfter }) {  // ID-8.4
            return LinkVerdict(
                refusal: .cloneDetected, report: .cloneRefused(holder: linker.nodeID, name: linker.name, by: linker.address))
        }
        guard let member, member.bootEpoch != 0, member.bootEpoch != linker.bootEpoch else { return LinkVerdict() }
        let isOlderRun = BootEpoch(rawValue: linker.bootEpoch).starts <= BootEpoch(rawValue: member.bootEpoch).starts
        if isOlderRun || linker.serial < member.previousSerial {  // ID-8.5
            return LinkVerdict(report: .restoredBackup(linker.nodeID, name: linker.name, from: linker.address))
        }
        return LinkVerdict()
    }

    /// A link is up. Returns what is to be remembered, `nil` if nothing: the first link of a run says which run it is.
    mutating func linkUp(_ linker: Linker, link: UInt64, now: Instant) -> Plan? {
        live[linker.nodeID, default: [:]][link] = LiveLink(bootEpoch: linker.bootEpoch, heard: now, address: linker.address)
        return noteRun(linker.identityKey, bootEpoch: linker.bootEpoch)
    }

    mutating func linkHeard(_ node: NodeID, link: UInt64, now: Instant) { live[node]?[link]?.heard = now }

    mutating func linkDown(_ node: NodeID, link: UInt64) {
        live[node]?[link] = nil
        if live[node]?.isEmpty == true { live[node] = nil }
    }

    /// The record of a member with this run in it; `nil` if it is there already.
    func noteRun(_ key: IdentityKey, bootEpoch: UInt64) -> Plan? {
        guard var member = members[key]?.value, member.bootEpoch != bootEpoch else { return nil }
        member.bootEpoch = bootEpoch
        return Plan(conditions: [condition(member: key)], changes: [.member(member)])
    }
}
