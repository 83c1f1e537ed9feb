import NIOCore
import Wire

/// A target that was found to speak the protocol, and the members as which the runner speaks to it.
struct Lab: Sendable {
    var scenes: [Scene]
    var roles: Roles
    var coordinator: Endpoint
    var hasAES: Bool
    /// What is wrong with a target that speaks the protocol and gets its first handshake wrong. Its roles are not known then.
    var trouble: ConformanceFailure?

    /// What this run can test of itself.
    func features(_ options: ConformanceOptions) -> Set<Feature> {
        var has: Set<Feature> = roles.contains(.coordinator) ? [.coordinator] : [.worker, .echo]
        if !roles.isDisjoint(with: [.coordinator, .relay]) { has.insert(.relay) }
        if hasAES { has.insert(.aes) }
        if options.authoritySeed != nil { has.insert(.authority) }
        if options.soak { has.insert(.soak) }
        has.formUnion(options.spentTokens.keys)
        return has
    }

    /// Joins the target's mesh with as many members as the token admits, and looks who answers at the target.
    static func open(_ options: ConformanceOptions, _ group: any EventLoopGroup) async throws -> Lab {
        guard let target = options.target, let token = options.token else {
            throw ConformanceFailure("A target that accepts needs --target and --join.")
        }
        guard let coordinator = token.endpoints.first else {
            throw ConformanceFailure("The token names no coordinator: make one with an address.")
        }
        let boot = BootEpoch(starts: 1, nonce: UInt32.random(in: 1 ... .max)).rawValue
        let tag = String(UInt32.random(in: 0x1000_0000 ... .max), radix: 16)
        var scene = Scene(
            target: target, coordinator: coordinator, group: group, patience: options.patience, token: token,
            member: try .fresh("conformance-\(tag)-1", bootEpoch: boot), roles: [])
        scene.service = options.service
        scene.path = options.path
        scene.spentTokens = options.spentTokens
        scene.lacks = options.lacks
        if let seed = options.authoritySeed { scene.forger = try OwnAuthority(seed: seed) }
        var members: [Identity] = []
        for lane in 1...max(1, options.lanes) {
            do { members.append(try await scene.enrol(try .fresh("conformance-\(tag)-\(lane)", bootEpoch: boot))) } catch {
                guard members.isEmpty else { break }
                let failure = ConformanceFailure(verdict("The coordinator at \(coordinator)", error))
                guard target == coordinator, isNode(error) else { throw failure }
                // Nobody is a member: the cases come as joiners.
                return Lab(scenes: [scene], roles: [], coordinator: coordinator, hasAES: false, trouble: failure)
            }
        }
        scene.member = members[0]
        defer { scene.opened.closeAll() }
        let certificate: Certificate
        do { certificate = try await greet(scene) } catch {
            let failure = ConformanceFailure(verdict("The target at \(target)", error))
            guard isNode(error) else { throw failure }
            return Lab(scenes: [scene], roles: [], coordinator: coordinator, hasAES: false, trouble: failure)
        }
        scene.roles = certificate.roles
        if target == coordinator || certificate.roles.contains(.coordinator) { scene.coordinator = target }
        let scenes = members.indices.map { index in
            var own = scene
            own.member = members[index]
            own.other = members.count > 1 ? members[(index + 1) % members.count] : nil
            own.companion = Companion()
            return own
        }
        return Lab(
            scenes: scenes, roles: certificate.roles, coordinator: coordinator,
            hasAES: certificate.features.contains(.aes) && Suite.aesGCM.isAvailable)
    }

    /// One handshake as it should be: who answers.
    private static func greet(_ scene: Scene) async throws -> Certificate {
        let halfway = try await scene.halfway()
        guard let certificate = halfway.initiator.peer?.certificate else { throw WireError.authentication }
        halfway.connection.send(try halfway.initiator.lastFlight())
        let link = try halfway.link()
        try await link.expectAlive("the link stands")
        return certificate
    }

    /// Whether what fails there is a node all the same: it has sent something that has the form of message 2.
    private static func isNode(_ error: any Error) -> Bool {
        guard let mismatch = error as? Mismatch else { return false }
        return !mismatch.expected.hasPrefix("a connection to") && mismatch.expected != RawInbox.expected(message: 2)
    }

    /// What is wrong with a place where the first handshake fails.
    static func verdict(_ place: String, _ error: any Error) -> String {
        guard let mismatch = error as? Mismatch else { return "\(place) cannot be tested: \(error)." }
        if mismatch.expected.hasPrefix("a connection to") {
            return "\(place) does not accept connections (\(mismatch.seen)): start it, or check the address."
        }
        if mismatch.expected.hasPrefix("message 2") || mismatch.expected.hasPrefix("a canonical payload") {
            return "\(place) does not speak WM/1, or is not of the token's mesh: instead of \(mismatch.expected) it sent \(mismatch.seen)."
        }
        if mismatch.expected.hasPrefix("an answer on stream") {
            return "\(place) does not admit the run: instead of a certificate it sent \(mismatch.seen). Give --join another token."
        }
        return
            "\(place) fails the first handshake, so that nothing else can be tested: expected \(mismatch.expected), saw \(mismatch.seen)."
    }
}
