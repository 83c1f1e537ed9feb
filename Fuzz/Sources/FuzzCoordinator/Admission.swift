import FuzzKit
import Transport
import Wire

@testable import Coordinator

extension FuzzTarget {
    static let admission = FuzzTarget("Admission", length: 800) { input in
        let run = AdmissionRun()
        while !input.isEmpty { run.step(&input) }
    }
}

/// An admission machine whose plans a store takes or loses, and what was promised to whom.
private final class AdmissionRun {
    private var machine = Admission()
    private var revision: UInt64 = 0
    private var now = UnixTime(seconds: 1_800_000_000)
    private var instant = Instant(nanoseconds: 1_000_000_000_000)
    private var lastSerial: UInt64 = 0
    /// The name and node id that a key got first.
    private var identities: [IdentityKey: (name: String, node: NodeID)] = [:]
    private var revoked: Set<IdentityKey> = []
    private var links: [(linker: Admission.Linker, id: UInt64)] = []
    private var nextLink: UInt64 = 1
    private let address = Endpoint(host: "10.0.0.9", port: 5_000)

    private static let names = ["a", "b", "c", "d", "coordinator-1", "", "not a name"]
    private static func key(_ number: Int) -> Bytes32 {
        Bytes32([UInt8](repeating: UInt8(truncatingIfNeeded: number + 1), count: 32)) ?? Bytes32()
    }
    private static func token(_ number: Int) -> TokenID {
        guard let id = TokenID([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 16)) else { fatalError("16 bytes") }
        return id
    }

    func step(_ input: inout FuzzInput) {
        switch input.choice(10) {
        case 0: addToken(&input)
        case 1, 2, 3: enrol(&input)
        case 4: renew(&input)
        case 5: link(&input)
        case 6:
            guard let index = links.indices.randomElement(&input) else { return }
            machine.linkDown(links[index].linker.nodeID, link: links[index].id)
            links.remove(at: index)
        case 7:
            guard let index = links.indices.randomElement(&input) else { return }
            machine.linkHeard(links[index].linker.nodeID, link: links[index].id, now: instant)
        case 8: administer(&input)
        default:
            let wait = input.wait()
            instant = instant + wait
            now = now + UInt64(wait.wholeMilliseconds / 1_000)
        }
        check()
    }

    /// The store takes a plan, unless somebody else was quicker.
    private func take(_ plan: Admission.Plan, _ input: inout FuzzInput) -> Bool {
        guard input.byte() & 7 != 0 else { return false }
        revision += 1
        machine.apply(plan, revision: revision)
        return true
    }

    private func addToken(_ input: inout FuzzInput) {
        let token = Token(
            id: Self.token(input.choice(4)), secret: FuzzMesh.secret(1), label: "", createdAt: now, expires: now + UInt64(input.word()),
            uses: UInt32(input.choice(4)))
        guard machine.tokens[token.id] == nil, let plan = try? machine.add(token) else { return }
        _ = take(plan, &input)
    }

    private func enrol(_ input: inout FuzzInput) {
        let key = Self.key(input.choice(8))
        let token = Self.token(input.choice(4))
        let roles: Roles = [.worker, .client, .coordinator, []][input.choice(4)]
        let request = EnrolRequest(
            name: Self.names[input.choice(Self.names.count)], identityKey: key, features: [], roles: roles,
            signature: [UInt8](repeating: 0, count: 64))
        let joiner = Admission.Joiner(token: token, staticKey: key, address: address)
        let salt = [UInt8](repeating: input.byte(), count: 16)
        guard case .granted(let grant) = machine.enrol(request, joiner, salt: salt, now: now) else { return }
        guard let held = machine.tokens[token]?.value else { fatalError("granted without a token") }
        precondition(held.refusal(of: key, now: now) == nil, "granted on a token that refuses")
        precondition(!grant.subject.roles.contains(.coordinator), "nobody joins as a coordinator")
        granted(grant, &input)
    }

    private func renew(_ input: inout FuzzInput) {
        // Of members that the store does not know, or knows by now: what the authority has signed is enough.
        guard let certificate = input.choice(of: FuzzMesh.certificates), let grant = try? machine.renew(certificate, features: [], now: now)
        else { return }
        granted(grant, &input)
    }

    private func granted(_ grant: Admission.Grant, _ input: inout FuzzInput) {
        let key = grant.subject.identityKey
        precondition(!revoked.contains(key), "a revoked key got a certificate")
        precondition(Name.isValid(grant.subject.name))
        precondition(grant.serial > machine.lastSerial, "serials rise")
        guard take(grant.plan, &input) else { return }
        guard let member = machine.members[key]?.value else { fatalError("a grant that is not remembered") }
        if let known = identities[key] {
            precondition(known == (member.name, member.nodeID), "a key keeps its name and node id")
        }
        identities[key] = (member.name, member.nodeID)
        precondition(member.serial > lastSerial)
        lastSerial = member.serial
    }

    private func link(_ input: inout FuzzInput) {
        let key = input.choice(of: identities.keys.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }) ?? Self.key(0)
        guard let member = machine.members[key]?.value else { return }
        let run = BootEpoch(starts: UInt32(input.choice(4)) + 1, nonce: UInt32(input.choice(2))).rawValue
        let linker = Admission.Linker(
            nodeID: member.nodeID, identityKey: key, name: member.name, serial: input.flag() ? member.serial : member.previousSerial,
            bootEpoch: run, address: address)
        guard machine.admit(linker, now: instant).refusal == nil else { return }
        precondition(!revoked.contains(key), "a revoked node was admitted")
        let others = (machine.live[member.nodeID] ?? [:]).values.filter { $0.bootEpoch != run }
        precondition(others.allSatisfy { instant >= $0.heard + Limits.suspectAfter }, "two runs of one node at once")
        let id = nextLink
        nextLink += 1
        if let plan = machine.linkUp(linker, link: id, now: instant) { _ = take(plan, &input) }
        links.append((linker, id))
    }

    private func administer(_ input: inout FuzzInput) {
        switch input.choice(4) {
        case 0:
            let name = Self.names[input.choice(4)]
            guard let holder = machine.member(named: name)?.identityKey,
                let (plan, node) = try? machine.revoke(name, releaseName: input.flag())
            else { return }
            precondition(machine.members[holder]?.value.nodeID == node)
            if take(plan, &input) { revoked.insert(holder) }
        case 1: if let plan = try? machine.revokeToken(Self.token(input.choice(4))) { _ = take(plan, &input) }
        case 2:
            for id in machine.forgettableTokens(now: now) where take(machine.forget(id), &input) {
                precondition(machine.tokens[id] == nil)
            }
        default: now = now + UInt64(input.word()) * 1_000
        }
    }

    private func check() {
        for (name, holder) in machine.names {
            precondition(machine.members[holder.value]?.value.name == name, "a name is bound to a key that has it")
        }
        var held: Set<String> = []
        for member in machine.members.values.map(\.value) where !member.isRevoked {
            precondition(held.insert(member.name).inserted, "two keys have one name")
            precondition(machine.names[member.name]?.value == member.identityKey, "a member's name is its own")
        }
        for token in machine.tokens.values.map(\.value) {
            precondition(token.users.count <= Int(token.uses), "more uses than allowed")
            precondition(Set(token.users).count == token.users.count)
        }
        for key in revoked { precondition(machine.members[key]?.value.isRevoked == true, "a revocation is for good") }
        precondition(machine.live.values.reduce(0) { $0 + $1.count } == links.count, "links that are gone are forgotten")
        precondition(machine.revokedNodes(now: now).count <= revoked.count)
    }
}

extension Range<Int> {
    fileprivate func randomElement(_ input: inout FuzzInput) -> Int? { isEmpty ? nil : lowerBound + input.choice(count) }
}
