public import Logging
public import NIOCore
import Synchronization
import Transport
import Wire

extension CoordinatorNode {
    /// Opens the data folder, making it and the mesh's authority at the first start, and reads what it remembers. Nothing listens
    /// yet.
    ///
    /// Throws a sentence where the folder cannot be used or the clock is far off.
    public static func open(
        _ configuration: CoordinatorConfiguration, group: any EventLoopGroup, logger: Logger
    ) async throws(CoordinatorError) -> CoordinatorNode {
        let folder = try DataFolder(configuration.dataFolder, create: true)
        let now = UnixTime.wallClock()
        try ClockCheck.check(folder, now: now)
        try ClockCheck.note(folder, now: now)
        let authority = try Authority.open(folder)
        let store = try folder.openStore()
        let membership = Membership(store: store, authority: authority)
        // Revisions go on across restarts: this many cannot have been handed out before.
        let core = CoordinatorCore(
            configuration, membership: membership, revision: UInt64(clamping: Int64.wallMicroseconds()), logger: logger)
        do throws(StoreError) {
            try await membership.load(now: now)
            try await core.restore()
        } catch {
            await store.close()
            throw CoordinatorError(error, folder: folder.path)
        }
        let credentials: NodeCredentials
        do throws(WireError) { credentials = try authority.credentials(now: now) } catch {
            throw .failed("The coordinator's own certificate cannot be made: \(error).")
        }
        // A silent worker is suspected by the registry; its link lives until the worker is given up.
        var links = MeshEndpoint.Configuration(bootEpoch: try nextBoot(folder).rawValue, silenceLimit: Limits.removeAfter)
        links.keyLog = configuration.keyLog
        links.relay = configuration.relay
        let endpoint = MeshEndpoint(
            credentials: credentials, configuration: links,
            acceptor: core.methods(), admission: core, group: group, logger: logger)
        return CoordinatorNode(core: core, folder: folder, endpoint: endpoint)
    }

    /// Counts this start in the folder.
    private static func nextBoot(_ folder: DataFolder) throws(CoordinatorError) -> BootEpoch {
        let text = try folder.read("boots", limit: 32).map { String(decoding: $0.prefix { $0 != 10 }, as: UTF8.self) }
        let starts = (text.flatMap { UInt32($0) } ?? 0) &+ 1
        try folder.replace("boots", with: Array("\(starts)\n".utf8))
        return BootEpoch(starts: starts, nonce: UInt32(truncatingIfNeeded: SystemRandom.word()))
    }
}

extension Authority {
    /// What the coordinator's own links use, with a fresh certificate.
    func credentials(now: UnixTime) throws(WireError) -> NodeCredentials {
        NodeCredentials(
            identity: identity, staticKey: staticKey, authority: keys.publicKey,
            certificate: try certificate(serial: now.seconds &* 1_000_000, now: now))
    }
}

extension CoordinatorCore {
    /// Enters what the store remembers of workers and services. A record that cannot be read is left out and reported: it is only
    /// a registration, and its worker will come again.
    func restore() async throws(StoreError) {
        let store = membership.store
        for (key, _) in try await store.list(prefix: StoredWorker.servicePrefix) {
            registry.withLock { $0.restore(service: String(key.dropFirst(StoredWorker.servicePrefix.utf8.count))) }
        }
        for (key, value) in try await store.list(prefix: StoredWorker.drainPrefix) {
            guard let bootEpoch = UInt64(String(decoding: value.bytes, as: UTF8.self)) else { continue }
            registry.withLock { $0.restore(drained: String(key.dropFirst(StoredWorker.drainPrefix.utf8.count)), bootEpoch: bootEpoch) }
        }
        for (key, value) in try await store.list(prefix: StoredWorker.prefix) {
            do {
                let stored = try StoredWorker(value.bytes)
                if stored.http != nil, !configuration.allowHTTPWorkers { continue }
                registry.withLock { $0.restore(stored, now: .now()) }
            } catch { logger.warning("a stored registration cannot be read", metadata: ["key": "\(key)", "reason": "\(error)"]) }
        }
        _ = registry.withLock { $0.takeTodo() }
    }
}
