import Logging
import NIOCore
import Synchronization
import Transport
import Wire

/// A worker's place in the DHT: it begins with the coordinators that links stand to and the contacts of its folder, and publishes
/// what is hosted here and healthy. Thread-safe.
final class DHTMembership: Sendable {
    private let endpoint: MeshEndpoint
    private let bootEpoch: UInt64
    private let host: ServiceHost
    /// Given to the service, which lets go of it when it ends: the folder is another process's then.
    private let contacts: Mutex<ContactsFile?>
    private let configuration: WorkerConfiguration
    private let logger: Logger
    private let running = Mutex<DHTService?>(nil)

    /// Between two looks at which services are healthy.
    private static let interval: Duration = .seconds(1)

    init(
        endpoint: MeshEndpoint, bootEpoch: UInt64, host: ServiceHost, folder: IdentityFolder, configuration: WorkerConfiguration,
        logger: Logger
    ) {
        self.endpoint = endpoint
        self.bootEpoch = bootEpoch
        self.host = host
        contacts = Mutex(folder.contacts)
        self.configuration = configuration
        self.logger = logger
    }

    /// `nil` before `start`, after `shutdown`, and where no socket could be had.
    var service: DHTService? { running.withLock { $0 } }

    /// Binds UDP at the port of the links. A worker that gets none goes on without: coordinators and others' holders find its services.
    func start(port: Int) async {
        var setup = DHTService.Configuration(
            credentials: endpoint.credentials, bootEpoch: bootEpoch, isClient: configuration.advertised.isEmpty)
        setup.endpoints = configuration.advertised
        setup.region = configuration.region
        setup.zone = configuration.zone
        do {
            let kept = contacts.withLock { exchange(&$0, with: nil) }
            let service = try await DHTService.make(setup, links: endpoint, contacts: kept, on: endpoint.group.next())
            running.withLock { $0 = service }
            try await service.start(host: configuration.listenHost, port: port)
        } catch {
            running.withLock { $0 = nil }
            logger.warning(
                "this worker is not in the DHT",
                metadata: ["reason": "\(error)", "port": "\(configuration.listenHost):\(port)/udp"])
            return
        }
        for (_, peer) in endpoint.peers { linked(peer) }
    }

    /// A link to a coordinator stands, which is a member of the DHT at the same address.
    func linked(_ peer: PeerInfo) {
        guard peer.roles.contains(.coordinator), let node = peer.nodeID else { return }
        service?.add([Contact(nodeID: node, staticKey: peer.staticKey, endpoints: [peer.address])])
    }

    /// Where the coordinator sees this worker.
    func registered(_ accepted: RegistrationAccepted, port: UInt16) {
        service?.setRelays(accepted.relays)
        guard configuration.advertised.isEmpty, port != 0 else { return }
        service?.setEndpoints([Endpoint(host: accepted.observed.host, port: port)])
    }

    /// Publishes what is healthy until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            service?.provide(host.isDraining ? [] : Set(host.records.filter(\.healthy).map(\.name)))
            try? await Task.sleep(for: Self.interval)
        }
    }

    func shutdown() async {
        contacts.withLock { $0 = nil }
        await running.withLock { exchange(&$0, with: nil) }?.shutdown()
    }
}

/// The tier that asks the DHT.
final class DHTSource: RouteSource {
    private let membership: DHTMembership
    /// What the last lookup of each service has found.
    private let found = Mutex<[String: [ProviderEntry]]>([:])

    /// It may only not have found somebody: a coordinator is asked then.
    let tier = LookupChain.Tier(.dht, timeout: Limits.dhtLookupTimeout, isAuthoritative: false)

    init(membership: DHTMembership) { self.membership = membership }

    func find(_ key: RouteKey, timeout: Duration) async throws(CallError) -> DiscoverAnswer {
        guard let service = membership.service else { throw CallError(.unavailable, "this worker is not in the DHT") }
        let entries = await service.lookup(key.service, timeout: timeout)
        remember(key.service, entries)
        let workers = entries.filter { key.worker.isEmpty || $0.name == key.worker }.compactMap(WorkerRecord.init(entry:))
        // That nobody was found says little: the next tier's word counts, also where it has none.
        guard !workers.isEmpty else { throw CallError(.unavailable, "nobody is found in the DHT") }
        return DiscoverAnswer(revision: 0, known: true, total: UInt32(clamping: workers.count), workers: workers)
    }

    /// Those who hold its entry look for themselves, and forget it.
    func notReached(_ worker: WorkerRecord, for service: String) {
        let entry = found.withLock { found in
            let index = found[service]?.firstIndex { $0.nodeID == worker.nodeID && $0.offer.incarnation == worker.bootEpoch }
            return index.flatMap { found[service]?.remove(at: $0) }
        }
        if let entry { membership.service?.unreachable(entry) }
    }

    private func remember(_ service: String, _ entries: [ProviderEntry]) {
        found.withLock { found in
            if found.count >= Limits.cachedRoutes { found.removeAll() }
            found[service] = entries
        }
    }
}

extension WorkerRecord {
    /// What an entry says of a provider; `nil` for a tombstone.
    fileprivate init?(entry: ProviderEntry) {
        guard !entry.offer.isWithdrawn else { return nil }
        self.init(name: entry.name)
        nodeID = entry.nodeID
        bootEpoch = entry.offer.incarnation
        features = entry.certificate?.features ?? []
        endpoints = entry.offer.endpoints
        relays = entry.offer.relays
        region = entry.offer.region
        zone = entry.offer.zone
        services = [ServiceRecord(name: entry.offer.service)]
    }
}
