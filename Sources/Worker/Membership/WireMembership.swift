import Logging
import NIOCore
import Synchronization
import Transport
import Wire

/// Keeps this worker a member: links to a coordinator, registers after every link and every change, says its load, renews
/// its certificate. A shell around `MembershipSchedule`.
final class WireMembership: Sendable {
    private let link: CoordinatorLink
    private let folder: IdentityFolder
    private let host: ServiceHost
    /// What to register, as of now.
    private let registration: @Sendable () -> Registration
    /// Hears what the coordinator says to a registration, and of a renewed certificate.
    private let heard: @Sendable (RegistrationAccepted) -> Void
    private let renewed: @Sendable (NodeCredentials) -> Void
    private let logger: Logger
    private let schedule: Mutex<MembershipSchedule>
    private let wake = Wake()

    init(
        link: CoordinatorLink, folder: IdentityFolder, host: ServiceHost, registration: @escaping @Sendable () -> Registration,
        heard: @escaping @Sendable (RegistrationAccepted) -> Void = { _ in },
        renewed: @escaping @Sendable (NodeCredentials) -> Void = { _ in }, logger: Logger
    ) {
        self.link = link
        self.folder = folder
        self.host = host
        self.registration = registration
        self.heard = heard
        self.renewed = renewed
        self.logger = logger
        schedule = Mutex(MembershipSchedule())
    }

    var isRegistered: Bool { schedule.withLock { $0.isRegistered } }

    // MARK: Events

    /// The certificate in use, after enrolment or from the folder.
    func use(_ certificate: Certificate) { schedule.withLock { $0.use(certificate) } }

    /// A link to a coordinator came or went.
    func link(_ id: LinkID, isUp: Bool) {
        schedule.withLock { isUp ? $0.linkUp(id) : $0.linkDown(id) }
        wake.signal()
    }

    /// Something that the registry should know has changed.
    func changed() {
        schedule.withLock { $0.changed() }
        wake.signal()
    }

    // MARK: Duties

    /// The first contact: registers, or returns with a warning where no coordinator can be reached. Throws what cannot change.
    func begin() async throws(WorkerError) {
        var patience = RefusalPatience()
        while true {
            do {
                while try await step() {}
                return
            } catch {
                logger.debug("no registration yet", metadata: ["reason": "\(error)"])
                if let refusal = patience.refusal(error, now: .now()) { throw refusal }
                guard patience.isWaiting(now: .now()) else {
                    return logger.warning("no coordinator yet; trying on", metadata: ["reason": "\(error)"])
                }
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// Until the task is cancelled, or the mesh refuses this node for good: then it returns why.
    func run() async -> WorkerError? {
        var backoff = Backoff(limit: Limits.redial / 2)  // MSG-2.2
        var patience = RefusalPatience()
        var lastError: CallError?
        while !Task.isCancelled {
            do {
                if try await step() { continue }
                backoff.reset()
                patience = RefusalPatience()
                if lastError != nil { logger.info("the coordinator answers again") }
                lastError = nil
                await wake.wait(atMost: .seconds(1))
            } catch {
                if let refusal = patience.refusal(error, now: .now()) { return refusal }
                if error.code != lastError?.code, !Task.isCancelled { logger.warning("no coordinator", metadata: ["reason": "\(error)"]) }
                lastError = error
                try? await Task.sleep(for: backoff.next(random: .random(in: .min ... .max)))
            }
        }
        return nil
    }

    /// Does what is due. False if nothing was.
    func step() async throws(CallError) -> Bool {
        let load = host.loads
        switch schedule.withLock({ $0.next(load: load, now: .now(), wall: .wallClock()) }) {
        case .connect: try await connect()
        case .renew: try await renew()
        case .register: try await register()
        case .load:
            try await link.report(LoadUpdate(services: load))
            schedule.withLock { $0.loadSent(load, now: .now()) }
        case .rest: return false
        }
        return true
    }

    private func connect() async throws(CallError) {
        let peer = try await link.connect()
        // The link may have come up before anybody listened for it.
        let id = link.endpoint.peers.last { $0.peer.nodeID == peer.nodeID }?.id
        schedule.withLock { schedule in
            if schedule.link == nil, let id { schedule.linkUp(id) }
        }
        logger.info("linked to coordinator", metadata: ["name": "\(peer.name)", "address": "\(peer.address)"])
    }

    private func register() async throws(CallError) {
        let (registration, load) = (registration(), host.loads)
        let sentOn = schedule.withLock { schedule in
            schedule.registering()
            return schedule.link
        }
        do {
            let accepted = try await link.register(registration)
            schedule.withLock { $0.registered(on: sentOn, load: load, now: .now()) }
            heard(accepted)
            logger.info(
                "registered",
                metadata: [
                    "name": "\(accepted.name)", "observed": "\(accepted.observed)",
                    "reachable": "\(accepted.reachable.map { $0 ? "yes" : "no" } ?? "being probed")",
                ])
        } catch {
            schedule.withLock { $0.registrationFailed() }
            throw error
        }
    }

    private func renew() async throws(CallError) {
        let endpoint = link.endpoint
        var credentials = endpoint.credentials
        let wasExpired = credentials.certificate?.isExpired(at: .wallClock()) ?? false
        do {
            let answer = try await link.renew(credentials.features)
            credentials.certificate = try verified(answer.certificate, credentials)
            try store(credentials, answer.coordinators)
        } catch {
            schedule.withLock { $0.renewalFailed(now: .now()) }
            throw error
        }
        endpoint.replaceCredentials(credentials)
        renewed(credentials)
        if let certificate = credentials.certificate { use(certificate) }
        logger.info("certificate renewed")
        // A link that was made with an expired certificate is good for nothing else.
        guard wasExpired else { return }  // TOKEN-6.1
        for (_, peer) in endpoint.peers where peer.roles.contains(.coordinator) {
            if let node = peer.nodeID { endpoint.close(node, .none, reason: "the certificate was renewed") }
        }
    }

    private func verified(_ bytes: [UInt8], _ credentials: NodeCredentials) throws(CallError) -> Certificate {
        do {
            let certificate = try Certificate(decoding: bytes)
            try certificate.verify(authority: credentials.authority)
            guard certificate.identityKey == credentials.identity.publicKey, certificate.staticKey == credentials.staticKey.publicKey
            else { throw WireError.certificate(.wrongPeer) }
            return certificate
        } catch {
            throw CallError(.protocolViolation, "the renewed certificate is not valid: \(error)")
        }
    }

    private func store(_ credentials: NodeCredentials, _ coordinators: [Endpoint]) throws(CallError) {
        do {
            let known = try coordinators.isEmpty ? folder.coordinators() : coordinators
            try folder.store(credentials, coordinators: known)
            link.replace(known)
        } catch {
            throw CallError(.internalError, "\(error)")
        }
    }
}

extension ServiceHost {
    /// The load of every service, in the order of their names.
    var loads: [ServiceLoad] {
        all.map { ServiceLoad(service: $0.definition.name, healthy: $0.isHealthy, load: $0.load) }
    }
}
