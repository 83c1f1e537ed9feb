import Glibc
import Logging
import NIOCore
import Transport
import Wire

/// Everything of a worker that needs an identity: its endpoint, its membership, its watch.
final class WireSide: Sendable {
    let endpoint: MeshEndpoint
    let link: CoordinatorLink
    let membership: WireMembership
    let watch: WatchSubscription
    /// `nil` where the operator does not want it.
    let dht: DHTMembership?
    private let identity: Identity
    private let host: ServiceHost
    private let facts: NodeFacts
    private let admission = WorkerAdmission()
    private let logger: Logger

    init(
        _ identity: Identity, host: ServiceHost, facts: NodeFacts, notices: NoticeBoard, settings: WorkerConfiguration,
        group: any EventLoopGroup, logger: Logger
    ) {
        self.identity = identity
        self.host = host
        self.facts = facts
        self.logger = logger
        var configuration = MeshEndpoint.Configuration(bootEpoch: identity.boot.rawValue)
        configuration.keyLog = settings.keyLog
        endpoint = MeshEndpoint(
            credentials: identity.credentials, configuration: configuration,
            acceptor: host, admission: admission, group: group, logger: logger)
        link = CoordinatorLink(endpoint: endpoint, coordinators: identity.coordinators)
        let boot = identity.boot
        let dht =
            settings.usesDHT
            ? DHTMembership(
                endpoint: endpoint, bootEpoch: boot.rawValue, host: host, folder: identity.folder, configuration: settings, logger: logger)
            : nil
        self.dht = dht
        membership = WireMembership(
            link: link, folder: identity.folder, host: host, registration: { facts.registration(host, boot: boot) },
            heard: { dht?.registered($0, port: facts.listening?.port ?? 0) },
            renewed: { dht?.service?.replaceCredentials($0) }, logger: logger)
        host.answerDHT { [weak dht] in await dht?.service?.answer($0, from: $1) }
        watch = WatchSubscription(link: link, logger: logger)
        admission.observe { [weak self] peer, id, isUp in
            guard peer.roles.contains(.coordinator) else { return }
            self?.membership.link(id, isUp: isUp)
            if isUp { self?.dht?.linked(peer) }
        }
        notices.read { [weak self] notice, _ in self?.heed(notice) }
    }

    // MARK: Start

    /// Enrols, listens, and makes the first contact with a coordinator.
    func start(_ configuration: WorkerConfiguration) async throws(WorkerError) {
        if let token = identity.token {
            let enrolment = Enrolment(endpoint: endpoint, identity: identity, name: host.name, logger: logger)
            link.replace(try await enrolment.run(token))
        }
        if let certificate = endpoint.credentials.certificate { membership.use(certificate) }
        let listening = try await listen(configuration)
        facts.setListening(listening)
        await dht?.start(port: Int(listening.port))
        try await membership.begin()
    }

    private func listen(_ configuration: WorkerConfiguration) async throws(WorkerError) -> Endpoint {
        let first = configuration.listenPort
        let last = configuration.mayMovePort && first != 0 ? min(first + 100, 65_535) : first
        for port in first...max(first, last) {
            do {
                let address = try await endpoint.listen(host: configuration.listenHost, port: port)
                let place = Endpoint(host: configuration.listenHost, port: UInt16(clamping: address.port ?? port))
                logger.info("listening", metadata: ["wire": "\(place)"])
                return place
            } catch let error as IOError where error.errnoCode == EADDRINUSE {
                continue
            } catch {
                throw WorkerError(.usage, "cannot listen at \(configuration.listenHost):\(port): \(error)")
            }
        }
        throw WorkerError(.portTaken, "port \(first) of \(configuration.listenHost) is taken; name another one with --listen")
    }

    // MARK: Notices

    private func heed(_ notice: Notice) {
        switch notice.kind {
        case .revoked:
            admission.revoke(notice.nodes)
            dht?.service?.revoke(notice.nodes)
            for node in notice.nodes { endpoint.close(node, .revoked, reason: "the node was revoked") }  // ID-8.9
        case .drain:
            host.drain()  // MSG-8.2
            logger.notice("draining on the operator's wish; calls in progress go on, new ones are refused")
        default:  // MSG-8.3
            logger.warning("notice from the coordinator", metadata: ["text": "\(notice.text)"])
        }
    }

    // MARK: Round trips

    /// Measures, every few seconds, the links that stand to other workers, for the balancer.
    func measure(_ router: Router) async {
        while !Task.isCancelled {
            for (_, peer) in endpoint.peers where peer.roles.contains(.worker) {
                guard let node = peer.nodeID else { continue }
                let time = try? await endpoint.ping(LinkTarget(.node(node), endpoints: []))
                if let time { router.measured(peer.name, roundTrip: time) }
            }
            try? await Task.sleep(for: .seconds(5))
        }
    }
}
