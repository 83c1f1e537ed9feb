import Logging
import NIOCore
import NIOPosix
import Synchronization
public import Transport
public import Wire

extension CoordinatorNode {
    /// Listens for links. Returns the address, with the port that was picked where 0 was asked for.
    ///
    /// Throws `addressInUse` where somebody else has the port; it may then be called again.
    /// - Parameter other: a port to take instead of the configured one.
    public func listen(port other: UInt16? = nil) async throws(CoordinatorError) -> Endpoint {
        let (host, port) = (configuration.listenHost, Int(other ?? configuration.listenPort))
        let address: SocketAddress
        do { address = try await endpoint.listen(host: host, port: port) } catch {
            guard let error = error as? IOError, error.errnoCode == EADDRINUSE else {
                throw .configuration("Listening on \(host):\(port) failed: \(error).")
            }
            throw .addressInUse("Port \(port) on \(host) is in use: stop the other program, or give another port with --listen.")
        }
        let listening = Endpoint(host: address.ipAddress ?? host, port: UInt16(clamping: address.port ?? port))
        let reachable = Addresses.choose(advertised: configuration.advertised, listening: listening)
        core.coordinators.withLock { $0 = reachable }
        if configuration.relay != nil, let node = endpoint.credentials.certificate?.nodeID {
            core.registry.withLock { $0.relays = [RelayRecord(nodeID: node, endpoints: reachable)] }
        }
        try Addresses.remember(reachable, in: folder)
        if configuration.usesDHT { await joinDHT(reachable, port: Int(listening.port)) }
        try await control.listen(folder: folder.path, group: endpoint.group)
        return listening
    }

    /// Binds UDP at the port of the links. A coordinator that gets none goes on without: it answers lookups over links and HTTP.
    private func joinDHT(_ addresses: [Endpoint], port: Int) async {
        var setup = DHTService.Configuration(
            credentials: endpoint.credentials, bootEpoch: endpoint.configuration.bootEpoch, isClient: false)
        setup.endpoints = addresses
        do {
            let service = try await DHTService.make(setup, links: endpoint, contacts: folder.contacts, on: endpoint.group.next())
            try await service.start(host: configuration.listenHost, port: port)
            core.dht.withLock { $0 = service }
        } catch {
            logger.warning("this coordinator is not in the DHT", metadata: ["reason": "\(error)", "port": "\(port)/udp"])
        }
    }

    /// Does the node's work until the task is cancelled or `shutdown` is called: deadlines, dial backs, writes, notices, renewal of
    /// the own certificate.
    public func run() async {
        await withTaskGroup { group in
            group.addTask { await self.tick() }
            group.addTask { await self.watchClock() }
            group.addTask { await self.work() }
            group.addTask { await self.probeAll() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Takes nothing new, tells every link, waits at most `grace` for calls in progress, writes what is unwritten.
    public func shutdown(grace: Duration = .zero) async {
        core.isClosing.store(true, ordering: .releasing)
        core.finishWork()
        await control.close()
        await core.dht.withLock { exchange(&$0, with: nil) }?.shutdown()
        await endpoint.shutdown(grace: grace)
        // A task of its own: the one that shuts down is often cancelled already, and the store heeds that.
        await Task {
            await core.storing.enter()
            defer { core.storing.leave() }
            do throws(StoreError) { try await write(core.takeUnstored()) } catch {
                logger.error("registrations cannot be stored", metadata: ["reason": "\(error)"])
            }
        }.value
        try? ClockCheck.note(folder, now: .wallClock())
        await core.membership.store.close()
        folder.release()
    }

    /// The links of this node, counted.
    public var linkStatistics: LinkStatistics { endpoint.statistics }

    /// The circuits that it passes on, counted; `nil` where it is no relay.
    public var relayStatistics: RelayStatistics? { endpoint.relayStatistics }

    /// Calls one worker over the wire; `nil` for an unknown worker and for one that speaks HTTP only.
    public func caller(to worker: String) -> (any Caller)? {
        guard let record = resolve(worker), let nodeID = record.nodeID else { return nil }
        return endpoint.caller(to: LinkTarget(.node(nodeID), endpoints: record.endpoints, features: record.features))
    }

    // MARK: Work

    private func tick() async {
        while !Task.isCancelled {
            core.update { $0.advance(to: .now()) }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Notes the time once an hour, and renews the own certificate at two thirds of its life.
    private func watchClock() async {
        let renewAfter: Duration = .seconds(Limits.certificateLife * 2 / 3)
        var (noted, renewed) = (Instant.now(), Instant.now())
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(60))
            let now = Instant.now()
            if now - noted >= ClockCheck.interval {
                noted = now
                do { try ClockCheck.note(folder, now: .wallClock()) } catch { logger.error("\(error)") }
            }
            if now - renewed >= renewAfter {
                renewed = now
                do {
                    let credentials = try core.membership.authority.credentials(now: .wallClock())
                    endpoint.replaceCredentials(credentials)
                    core.dht.withLock { $0 }?.replaceCredentials(credentials)
                } catch {
                    logger.error("the coordinator's own certificate cannot be renewed", metadata: ["reason": "\(error)"])
                }
            }
        }
    }

    private func work() async {
        await withDiscardingTaskGroup { group in
            for await item in core.work {
                switch item {
                case .store: group.addTask { await self.store() }
                case .close(let node, let code): endpoint.close(node, code, reason: code.name)  // ID-8.7
                case .notify(let node, let notice): group.addTask { await self.notify(node, notice) }
                case .revoked(let node):
                    core.dht.withLock { $0 }?.revoke([node])
                    group.addTask { await self.announce(revoked: node) }
                case .noteRun(let key, let epoch): group.addTask { await self.noteRun(key, epoch) }
                }
            }
        }
    }

    private func probeAll() async {
        let gate = AsyncLimit(Limits.dialBacks)
        await withDiscardingTaskGroup { group in
            for await request in core.probes {
                await gate.enter()
                group.addTask {
                    await self.probe(request)
                    gate.leave()
                }
            }
        }
    }

    /// Dials back. A name is resolved first, and what it stands for must be allowed as if it had been given.
    private func probe(_ request: ProbeRequest) async {
        let address = await Addresses.resolve(request.endpoint, seenFrom: request.observed)
        var reachable = false
        if let address { reachable = await endpoint.probe(address, expecting: request.nodeID) }
        if !reachable {
            logger.info("not reachable", metadata: ["node": "\(request.nodeID)", "address": "\(request.endpoint)"])
        }
        core.update { $0.probed(request, reachable: reachable, now: .now()) }
    }

    /// Writes registrations. What could not be written is tried again after a while.
    private func store() async {
        do throws(StoreError) { try await storeOnce() } catch {
            // A stop has cut the write short: `shutdown` makes up for it.
            guard !Task.isCancelled else { return }
            logger.error("registrations cannot be stored", metadata: ["reason": "\(error)"])
            try? await Task.sleep(for: .seconds(5))
            core.enqueue(.store)
        }
    }

    private func storeOnce() async throws(StoreError) {
        await core.storing.enter()
        defer { core.storing.leave() }
        let names = core.takeUnstored()
        do throws(StoreError) { try await write(names) } catch {
            core.putBack(names)
            throw error
        }
    }

    private func write(_ names: CoordinatorCore.Unstored) async throws(StoreError) {
        var writes = names.services.map { StoreWrite.put(StoredWorker.serviceKey($0), []) } + names.drains.map(core.storedDrain)
        for name in names.workers {
            let stored = core.registry.withLock { $0.stored(name) }
            let bytes = stored.flatMap { try? $0.encode() }
            writes.append(bytes.map { .put(StoredWorker.key(name), $0) } ?? .delete(StoredWorker.key(name)))
        }
        for start in stride(from: 0, to: writes.count, by: Limits.transaction) {
            let end = min(start + Limits.transaction, writes.count)
            try await core.membership.store.transaction([], Array(writes[start..<end]))
        }
    }

    private func noteRun(_ key: IdentityKey, _ bootEpoch: UInt64) async {
        do { try await core.membership.noteRun(key, bootEpoch: bootEpoch) } catch {
            logger.error("the run of a member cannot be stored", metadata: ["key": "\(key)", "reason": "\(error)"])
        }
    }

    // MARK: Notices

    /// Tells a node over the link that it has; one without a link is not looked for.
    func notify(_ node: NodeID, _ notice: Notice) async {
        guard let bytes = try? notice.encode() else { return }
        var head = Head()
        head.method = MeshMethod.notice
        let caller = endpoint.caller(to: LinkTarget(.node(node), endpoints: []))
        // A node that does not know the method is none the worse for it.
        // A notice about a link that is just being admitted may be quicker than the link: it is tried until there is one.
        let end = Instant.now() + Self.noticeTimeout
        while Instant.now() < end, !Task.isCancelled {
            do {
                _ = try await caller.unary(head, body: ByteBuffer(bytes: bytes), timeout: Self.noticeTimeout)
                return
            } catch {
                guard error.code == .unreachable else { return }
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    /// Tells every member that has a link.
    private func announce(revoked node: NodeID) async {  // ID-8.8
        let notice = Notice(.revoked, text: "", nodes: [node])
        let gate = AsyncLimit(Self.noticesAtOnce)
        let nodes = Set(endpoint.peers.compactMap(\.peer.nodeID)).subtracting([node])
        await withDiscardingTaskGroup { group in
            for other in nodes {
                await gate.enter()
                group.addTask {
                    await self.notify(other, notice)
                    gate.leave()
                }
            }
        }
    }

    private static let noticeTimeout: Duration = .seconds(3)
    private static let noticesAtOnce = 512
}
