import DHT
import Logging
public import NIOCore
import NIOPosix
public import Wire

/// A node's place in the DHT: finds providers of services, and says which services this node provides.
///
/// Runs `DHTNode` over datagrams, and over links where datagrams do not work. Thread-safe: everything happens on one event loop.
public final class DHTService: Sendable {
    /// What the node is.
    public struct Configuration: Sendable {
        public var credentials: NodeCredentials
        /// Of this run of the node: see `BootEpoch`.
        public var bootEpoch: UInt64
        /// Where others can reach it, as far as it is known; see `setEndpoints`.
        public var endpoints: [Endpoint] = []
        /// Whether it takes part as a client until somebody has reached it unasked.
        public var isClient: Bool
        /// Where it says that it stands.
        public var region: String?
        public var zone: String?

        public init(credentials: NodeCredentials, bootEpoch: UInt64, isClient: Bool) {
            self.credentials = credentials
            self.bootEpoch = bootEpoch
            self.isClient = isClient
        }
    }

    private let loop: any EventLoop
    private let core: NIOLoopBound<DHTCore>
    private let board: DHTBoard

    /// Runs on `loop` from now on; nothing is bound yet. `links` carries what datagrams cannot; `contacts` is what a restart keeps.
    public static func make(
        _ configuration: Configuration, links: MeshEndpoint?, contacts: ContactsFile?, on loop: any EventLoop
    ) async throws -> DHTService {
        try await loop.submit {
            let core = DHTCore(configuration, links: links, file: contacts, loop: loop)
            return DHTService(loop, core)
        }.get()
    }

    /// On the loop.
    private init(_ loop: any EventLoop, _ core: DHTCore) {
        self.loop = loop
        self.core = NIOLoopBound(core, eventLoop: loop)
        board = core.board
    }

    /// Binds UDP at `host` and `port`, and at IPv6 beside the IPv4 address of all; then begins with the contacts that were kept.
    /// Returns the port. Throws what the socket throws, and the sentence of a contacts file that is not whole.
    @discardableResult
    public func start(host: String, port: Int) async throws -> Int {
        let hosts = host == "0.0.0.0" ? [host, "::"] : [host]
        let bound = try await loop.flatSubmit { [core] in core.value.bind(hosts: hosts, port: port) }.get()
        try await loop.submit { [core] in try core.value.begin() }.get()
        return bound
    }

    /// Sockets are closed, contacts are kept, waiting lookups end with what they have.
    public func shutdown() async {
        try? await loop.submit { [core] in core.value.shutdown() }.get()
    }

    // MARK: Contacts

    /// More nodes to begin with: coordinators, whoever a link stands to.
    public func add(_ contacts: [Contact]) { run { $0.add(contacts) } }

    /// Where others can reach this node, from now on.
    public func setEndpoints(_ endpoints: [Endpoint]) { run { $0.setEndpoints(endpoints) } }

    /// Who passes links on to this node, from now on.
    public func setRelays(_ relays: [RelayRecord]) { run { $0.setRelays(relays) } }

    /// A renewed certificate.
    public func replaceCredentials(_ credentials: NodeCredentials) { run { $0.replaceCredentials(credentials) } }

    /// Nothing more is said to these nodes or taken from them.
    public func revoke(_ nodes: [NodeID]) { run { $0.revoke(nodes) } }

    /// Nodes of the routing table, each of which has answered this node.
    public func contacts() async -> [Contact] { await ask([]) { $0.contacts } }

    // MARK: Services

    /// Providers of `service`, as soon as the first are found; nobody where none is found within `timeout`.
    public func lookup(_ service: String, want: Int = 8, timeout: Duration) async -> [ProviderEntry] {
        await withCheckedContinuation { continuation in
            run { $0.lookup(service, want: want, timeout: timeout) { continuation.resume(returning: $0) } }
        }
    }

    /// This node provides these services, and no others, from now on: what is new is published, what is gone is withdrawn.
    public func provide(_ services: Set<String>) { run { $0.provide(services) } }

    /// This node provides `service` as well from now on. Returns once `Limits.replicasAwaited` nodes hold that, or all that
    /// there are, with their number; 0 where it is not published: beyond `Limits.services`, and after `shutdown`.
    public func publish(_ service: String) async -> Int {
        await withCheckedContinuation { continuation in run { $0.publish(service) { continuation.resume(returning: $0) } } }
    }

    /// A provider that a lookup has found could not be reached: its holders look for themselves.
    public func unreachable(_ entry: ProviderEntry) { run { $0.unreachable(entry) } }

    /// Answers a request that came over a link (method `mesh.dht`), from the node that the link is to. `nil` for one that cannot be read.
    public func answer(_ request: [UInt8], from peer: PeerInfo) async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            run { $0.answer(request, from: peer) { continuation.resume(returning: $0) } }
        }
    }

    // MARK: For people

    /// All that this node knows of its place.
    public func status() async -> DHTStatus? { await ask(nil) { $0.status } }

    /// At most `limit` of the entries that this node holds for others, by key and provider, and how many there are.
    public func records(limit: Int) async -> (records: [DHTRecord], total: Int) { await ask(([], 0)) { $0.records(limit: limit) } }

    /// Everything that a search finds, and how it went. Counts nothing.
    public func find(_ service: String, timeout: Duration) async -> DHTFinding {
        await withCheckedContinuation { continuation in
            run { $0.find(service, timeout: timeout) { continuation.resume(returning: $0) } }
        }
    }

    /// The round trip to a node by datagram, both programs included, or why there is none.
    public func ping(_ contact: Contact) async -> Result<Duration, DHTUnanswered> {
        await withCheckedContinuation { continuation in
            run { core in
                core.ping(contact) { continuation.resume(returning: $0.mapError { DHTUnanswered(cause: DHTHealth.Cause($0)) }) }
            }
        }
    }

    /// Where a node is: as this node knows it, or as a search finds it. `nil` for one that is in nobody's table, as a client is.
    public func locate(_ id: NodeID, timeout: Duration) async -> Contact? {
        if let contact = await ask(nil, { $0.contact(id) }) { return contact }
        return await withCheckedContinuation { continuation in
            run { $0.locate(id, timeout: timeout) { continuation.resume(returning: $0) } }
        }
    }

    /// As of two seconds ago at most, without waiting; `nil` before `start`.
    public var recentStatistics: DHTStatistics? { board.statistics }

    /// As of now.
    public func statistics() async -> DHTStatistics? { await ask(nil) { $0.statistics } }

    private func run(_ body: @escaping @Sendable (DHTCore) -> Void) { loop.run { [core] in body(core.value) } }

    private func ask<Value: Sendable>(_ none: Value, _ body: @escaping @Sendable (DHTCore) -> Value) async -> Value {
        (try? await loop.submit { [core] in body(core.value) }.get()) ?? none
    }
}
