import DHT
import NIOCore
import NIOPosix
import Wire

/// The shell that drives a `DHTNode`: datagrams by a `DatagramEndpoint`, links by a `MeshEndpoint`, clock, timer, randomness, signatures.
/// Confined to one event loop.
final class DHTCore {
    /// A request that has not been answered, as far as this shell knows.
    struct Sent {
        var contact: Contact
        var address: DatagramAddress?
        var sends: Int
        var at: Instant
    }

    /// A request that is being answered.
    struct Asked: Hashable {
        var node: NodeID
        var exchange: UInt32
    }

    struct Waiter {
        var done: ([ProviderEntry]) -> Void
        var timer: Scheduled<Void>
    }

    let loop: any EventLoop
    let datagrams: DatagramEndpoint
    let links: MeshEndpoint?
    private var file: ContactsFile?
    private let configuration: DHTService.Configuration
    var credentials: NodeCredentials
    private(set) var node: DHTNode
    private var random = SecureRandom()
    var sent: [UInt32: Sent] = [:]
    var replies: [Asked: DatagramReply] = [:]
    var linkReplies: [Asked: (DHTAnswer) -> Void] = [:]
    private var waiters: [UInt64: Waiter] = [:]
    private var nextLookup: UInt64 = 0
    private var offers: [String: UInt64] = [:]
    private(set) var relays: [RelayRecord] = []
    private var nextOffer: UInt64 = 0
    private var wake: Scheduled<Void>?
    private var upkeep: RepeatedTask?
    private var interfaces: Set<String> = []
    private var counts = (lookups: UInt64(0), found: UInt64(0))
    var overLinks: UInt64 = 0
    private var answered: UInt64 = 0
    /// Who waits until a service is published.
    private var publishing: [String: [(Int) -> Void]] = [:]
    var byDatagram: UInt64 = 0
    /// When what is thought of datagrams changed last, and how often it has.
    private(set) var verdict = (at: Instant.now(), changes: UInt64(0))
    let verifier: MemberVerifier
    let board = DHTBoard()
    /// Who waits for a ping, for all that a lookup finds, or for the nodes close to a point.
    var pings: [UInt64: (Result<Duration, DHTFailure>) -> Void] = [:]
    var findings: [UInt64: (FoundProviders?) -> Void] = [:]
    var locations: [UInt64: ([Contact]) -> Void] = [:]

    /// Between two looks at the addresses of this host, and how many of them between two writes of the contacts.
    private static let look: Duration = .seconds(2)
    private static let looksPerWrite = 30
    private var looks = 0
    /// Relays in an entry, with two addresses each: an entry has to leave room for others in a datagram.
    private static let relaysOffered = 2
    /// Time after which a request that nobody has answered is forgotten here.
    private static let forgotten: Duration = .seconds(30)

    init(_ configuration: DHTService.Configuration, links: MeshEndpoint?, file: ContactsFile?, loop: any EventLoop) {
        self.loop = loop
        self.links = links
        self.file = file
        self.configuration = configuration
        credentials = configuration.credentials
        datagrams = DatagramEndpoint(credentials: credentials, bootEpoch: configuration.bootEpoch, loop: loop)
        let own = Contact(
            nodeID: credentials.certificate?.nodeID ?? NodeID(), staticKey: credentials.staticKey.publicKey,
            endpoints: configuration.endpoints, sequence: configuration.bootEpoch)
        verifier = MemberVerifier(authority: credentials.authority, own: credentials.certificate)
        node = DHTNode(
            own: (try? own.signed(by: credentials.identity)) ?? own, isClient: configuration.isClient, verifier: verifier)
        datagrams.owner = self
    }

    // MARK: Life

    func bind(hosts: [String], port: Int) -> EventLoopFuture<Int> { datagrams.bind(hosts: hosts, port: port) }

    func begin() throws {
        interfaces = Self.addresses()
        let bound = NIOLoopBound(self, eventLoop: loop)
        let interval = TimeAmount(Self.look)
        upkeep = loop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in bound.value.lookAround() }
        let kept = try file?.read() ?? []
        handle(.start(kept))
        board.put(statistics)
    }

    func shutdown() {
        upkeep?.cancel()
        upkeep = nil
        wake?.cancel()
        provide([])
        keepContacts()
        // Lets go of the folder, which another process may use from now on.
        file = nil
        datagrams.close()
        for done in publishing.values.joined() { done(0) }
        publishing = [:]
        for (id, waiter) in waiters {
            waiters[id] = nil
            waiter.timer.cancel()
            waiter.done([])
        }
        endReports()
    }

    private func lookAround() {
        board.put(statistics)
        let now = Instant.now()
        for (exchange, request) in sent where now - request.at > Self.forgotten { sent[exchange] = nil }
        looks += 1
        if looks % Self.looksPerWrite == 0 { keepContacts() }
        let found = Self.addresses()
        guard found != interfaces else { return }
        interfaces = found
        handle(.networkChanged)
    }

    private static func addresses() -> Set<String> {
        Set(((try? System.enumerateDevices()) ?? []).compactMap { $0.address?.ipAddress })
    }

    /// A disk that does not take them costs a slower start, and nothing else.
    private func keepContacts() {
        let contacts = node.table.contacts
        if !contacts.isEmpty { try? file?.write(contacts) }
    }

    // MARK: The machine

    /// Tells the machine, does what it says, and sends it off.
    func handle(_ event: DHTEvent) {
        for action in node.handle(event, now: .now(), random: &random) { perform(action) }
        datagrams.flush()
    }

    private func perform(_ action: DHTAction) {
        switch action {
        case .ask(let request, let contact, .udp): askByDatagram(request, contact)
        case .ask(let request, let contact, .tcp): askByLink(request, contact)
        case .knock(let request, let contact): knock(request, contact)
        case .respond(let answer, let contact, let path):
            answered += 1
            respond(answer, contact, path)
        case .found(let id, let providers, let isFinal): found(id, providers, isFinal: isFinal)
        case .sign(let sequence): sign(node.own.endpoints, sequence: sequence)
        case .wake(let at): wake(at)
        case .published(let service, let holders):
            for done in publishing.removeValue(forKey: service) ?? [] { done(holders) }
        case .located(let id, let contacts): locations.removeValue(forKey: id)?(contacts)
        case .pinged(let id, let result): pings.removeValue(forKey: id)?(result)
        case .health: judged()
        case .reachability: break
        }
    }

    private func judged() {
        verdict = (.now(), verdict.changes + 1)
        board.put(statistics)
    }

    private func wake(_ at: Instant) {
        wake?.cancel()
        let bound = NIOLoopBound(self, eventLoop: loop)
        wake = loop.scheduleTask(in: TimeAmount(at - .now())) { bound.value.handle(.tick) }
    }

    // MARK: Contacts

    var contacts: [Contact] { node.table.contacts }

    func add(_ contacts: [Contact]) { handle(.start(contacts)) }

    func setEndpoints(_ endpoints: [Endpoint]) {
        guard endpoints != node.own.endpoints else { return }
        sign(endpoints, sequence: node.own.sequence &+ 1)
        republish()
    }

    func setRelays(_ relays: [RelayRecord]) {
        let few = relays.prefix(Self.relaysOffered).map { RelayRecord(nodeID: $0.nodeID, endpoints: Array($0.endpoints.prefix(2))) }
        guard few != self.relays else { return }
        self.relays = few
        republish()
    }

    private func sign(_ endpoints: [Endpoint], sequence: UInt64) {
        var own = node.own
        own.endpoints = Array(endpoints.prefix(Limits.endpoints))
        own.sequence = sequence
        if let signed = try? own.signed(by: credentials.identity) { handle(.own(signed)) }
    }

    func replaceCredentials(_ credentials: NodeCredentials) {
        self.credentials = credentials
        datagrams.replaceCredentials(credentials)
        republish()
    }

    func revoke(_ nodes: [NodeID]) { datagrams.revoke(nodes) }

    // MARK: Lookups

    func lookup(_ service: String, want: Int, timeout: Duration, done: @escaping ([ProviderEntry]) -> Void) {
        counts.lookups += 1
        let id = number()
        let bound = NIOLoopBound(self, eventLoop: loop)
        let timer = loop.scheduleTask(in: TimeAmount(timeout)) { bound.value.finish(id, []) }
        waiters[id] = Waiter(done: done, timer: timer)
        handle(.lookup(id: id, service: service, want: want))
    }

    /// The first that are found are enough: a caller waits for somebody, not for everybody.
    private func found(_ id: UInt64, _ providers: FoundProviders, isFinal: Bool) {
        if isFinal { findings.removeValue(forKey: id)?(providers) }
        guard isFinal || !providers.entries.isEmpty else { return }
        finish(id, providers.entries.map(\.entry))
    }

    private func finish(_ id: UInt64, _ entries: [ProviderEntry]) {
        guard let waiter = waiters.removeValue(forKey: id) else { return }
        waiter.timer.cancel()
        if !entries.isEmpty { counts.found += 1 }
        waiter.done(entries)
    }

    func unreachable(_ entry: ProviderEntry) { handle(.unreachable(entry)) }

    // MARK: Own services

    func provide(_ services: Set<String>) {
        for service in Set(offers.keys).subtracting(services).sorted() {
            publish(service, isWithdrawn: true)
            offers[service] = nil
        }
        for service in services.subtracting(offers.keys).sorted() { publish(service, isWithdrawn: false) }
    }

    func publish(_ service: String, done: @escaping (Int) -> Void) {
        guard upkeep != nil, offers[service] != nil || offers.count < Limits.services else { return done(0) }
        publishing[service, default: []].append(done)
        publish(service, isWithdrawn: false)
    }

    /// Another address or certificate: every entry is said anew.
    private func republish() {
        for service in offers.keys.sorted() { publish(service, isWithdrawn: false) }
    }

    private func publish(_ service: String, isWithdrawn: Bool) {
        guard let certificate = credentials.certificate else { return }
        nextOffer += 1
        var offer = ProviderEntry.Offer(service: service, incarnation: configuration.bootEpoch, sequence: nextOffer)
        offer.endpoints = node.own.endpoints
        offer.isWithdrawn = isWithdrawn
        offer.region = configuration.region
        offer.zone = configuration.zone
        offer.relays = relays
        guard let entry = try? ProviderEntry(signing: offer, certificate: certificate, identity: credentials.identity) else { return }
        offers[service] = nextOffer
        handle(.publish(entry))
    }

    // MARK: Statistics

    /// A number for a lookup or a ping that nothing else has.
    func number() -> UInt64 {
        nextLookup += 1
        return nextLookup
    }

    var statistics: DHTStatistics {
        DHTStatistics(
            health: DHTHealth(state: node.health.state), since: .now() - verdict.at, changes: verdict.changes, isClient: node.isClient,
            reason: DHTStatistics.Reason(node.reason, isClient: node.isClient), hasFullView: node.hasFullView, peers: node.table.count,
            nodes: node.table.estimate, records: node.records.count, published: offers.count,
            sessions: datagrams.sessionCount, lookups: counts.lookups, found: counts.found, answered: answered,
            overLinks: overLinks, byDatagram: byDatagram, datagramsReceived: UInt64(clamping: datagrams.statistics.received),
            datagramsDropped: UInt64(clamping: datagrams.statistics.dropped))
    }
}
