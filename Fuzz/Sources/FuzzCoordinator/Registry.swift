import FuzzKit
import Transport
import Wire

@testable import Coordinator

extension FuzzTarget {
    static let registry = FuzzTarget("Registry", length: 800) { input in
        let run = RegistryRun()
        while !input.isEmpty { run.step(&input) }
        run.finish()
    }
}

/// A registry, the workers that come and go, and two watchers that follow it.
private final class RegistryRun {
    private static let services = ["llm-inference", "redis", "a", "b", "c"]
    private static let hosts = ["10.0.0.1", "10.0.0.2", "127.0.0.1", "169.254.0.1", "gpu.example", "0.0.0.0"]
    private static let names = ["w0", "w1", "w2", "w3", "h0", "h1"]
    private static let httpTiming = Liveness.Timing(suspectAfter: .seconds(60), removeAfter: .seconds(90))

    private var registry = Registry(catalogue: .standard, httpTiming: httpTiming, revision: 100)
    private var now = Instant(nanoseconds: 1_000_000_000_000)
    private var wall: Int64 = 1_800_000_000_000_000
    private var revision: UInt64 = 100
    private var links: [(node: NodeID, id: UInt64)] = []
    private var nextLink: UInt64 = 1
    private var probes: [ProbeRequest] = []
    /// Every address that was ever shown to reach somebody.
    private var proven: Set<Endpoint> = []
    private var watchers = [FuzzWatcher(filter: []), FuzzWatcher(filter: ["a", "redis"])]

    private static func node(_ number: Int) -> NodeID {
        Bytes32([UInt8](repeating: UInt8(truncatingIfNeeded: number + 1), count: 32)) ?? Bytes32()
    }

    func step(_ input: inout FuzzInput) {
        switch input.choice(16) {
        case 0, 1: register(&input)
        case 2, 3: registerHTTP(&input)
        case 4: probe(&input)
        case 5: report(&input)
        case 6: connect(&input)
        case 7: if !links.isEmpty { disconnect(input.choice(links.count)) }
        case 8: registry.heard(Self.node(input.choice(5)), now: now)
        case 9: if input.byte() & 3 == 0 { registry.leave(Self.node(input.choice(5))) } else { _ = registry.drain(name(&input)) }
        case 10: try? registry.recordHealth(worker: name(&input), service: service(&input), healthy: input.flag())
        case 11: beat(&input)
        case 12: if input.flag() { restore(&input) } else { try? registry.unregister(name(&input)) }
        case 13: for index in watchers.indices { watchers[index].read(&registry, budget: input.word(), now: now) }
        case 14: discover(&input)
        default: advance(by: input.wait())
        }
        let todo = registry.takeTodo()
        probes = Array((probes + todo.probes).suffix(64))
        precondition(todo.probes.allSatisfy { HostClass($0.endpoint.host).mayBeAdvertised(bySomeoneAt: $0.observed) })
        check()
    }

    /// Watchers that have read everything know what the registry knows.
    func finish() {
        for index in watchers.indices {
            watchers[index].readAll(&registry, now: now)
            watchers[index].compare(registry)
        }
    }

    private func name(_ input: inout FuzzInput) -> String { Self.names[input.choice(Self.names.count)] }
    private func service(_ input: inout FuzzInput) -> String { Self.services[input.choice(Self.services.count)] }

    private func endpoint(_ input: inout FuzzInput) -> Endpoint {
        Endpoint(host: Self.hosts[input.choice(Self.hosts.count)], port: UInt16(input.choice(3)))
    }

    private func offered(_ input: inout FuzzInput) -> [ServiceRecord] {
        let mask = input.byte()
        return Self.services.enumerated().filter { mask >> $0.offset & 1 == 1 }.map { place, name in
            var service = ServiceRecord(name: name)
            service.healthy = mask & 0x80 == 0 || place != 2
            return service
        }
    }

    private func load(_ input: inout FuzzInput) -> LoadReport {
        LoadReport(
            inFlight: UInt32(truncatingIfNeeded: input.number()), limit: UInt32(input.byte()), queued: UInt32(input.byte()),
            serviceMicroseconds: UInt32(input.word()))
    }

    // MARK: What workers do

    private func register(_ input: inout FuzzInput) {
        let number = input.choice(5)
        // Now and then a node comes under the name of another.
        let member = Registry.Member(
            name: input.byte() & 7 == 0 ? name(&input) : Self.names[number], nodeID: Self.node(number), features: [],
            observed: endpoint(&input))
        var registration = Registration(bootEpoch: UInt64(input.choice(3)))
        registration.services = offered(&input)
        for _ in 0..<input.choice(4) { registration.advertised.append(endpoint(&input)) }
        registration.listenPort = input.flag() ? 7_701 : 0
        registration.tunnelURL = input.flag() ? "http://10.0.0.1:8000" : nil
        if input.byte() & 3 == 0 { registration.capabilities = ["worker_type": .text("gpu")] }
        do {
            let accepted = try registry.register(member, registration, now: now, wall: wall)
            precondition(accepted.name == member.name && registry.resolve(member.name, now: now)?.nodeID == member.nodeID)
        } catch {}
    }

    private func registerHTTP(_ input: inout FuzzInput) {
        var registration = HTTPRegistration(workerID: name(&input), tunnelURL: input.byte() & 7 == 0 ? "ftp://x" : "http://10.0.0.9:80")
        if input.flag() { registration.services = offered(&input).map(\.name) + (input.byte() & 15 == 0 ? ["not a name"] : []) }
        if input.flag() { registration.capabilities = ["has_gpu": .bool(input.flag()), "has_storage": .int(Int64(input.byte()))] }
        guard let registered = try? registry.register(registration, now: now, wall: wall) else { return }
        precondition(Set(registered.assigned).count == registered.assigned.count)
        precondition(registry.resolve(registration.workerID, now: now)?.nodeID == nil)
    }

    private func probe(_ input: inout FuzzInput) {
        guard !probes.isEmpty else { return }
        let request = probes.remove(at: input.choice(probes.count))
        let isReachable = input.flag()
        if isReachable { proven.insert(request.endpoint) }
        registry.probed(request, reachable: isReachable, now: now)
    }

    private func report(_ input: inout FuzzInput) {
        var services: [ServiceLoad] = []
        for _ in 0..<input.choice(4) { services.append(ServiceLoad(service: service(&input), load: load(&input))) }
        registry.report(LoadUpdate(services: services), from: Self.node(input.choice(5)), now: now)
    }

    private func connect(_ input: inout FuzzInput) {
        links.append((Self.node(input.choice(5)), nextLink))
        registry.linkUp(links[links.count - 1].node, link: nextLink)
        nextLink += 1
    }

    private func disconnect(_ index: Int) {
        let link = links.remove(at: index)
        let wasStale = registry.byNode[link.node].flatMap { registry.entries[$0]?.isStale } ?? false
        registry.linkDown(link.node, link: link.id)
        guard !links.contains(where: { $0.node == link.node }), !wasStale else { return }
        precondition(registry.byNode[link.node] == nil, "a worker outlives its last link")
    }

    private func beat(_ input: inout FuzzInput) {
        var beat = HTTPHeartbeat(workerID: name(&input))
        if input.flag() { beat.currentLoad = Double(bitPattern: input.number()) }
        if input.flag() { beat.activeRequests = Int64(bitPattern: input.number()) }
        try? registry.heartbeat(beat, now: now)
    }

    private func restore(_ input: inout FuzzInput) {
        let number = input.choice(6)
        var record = WorkerRecord(name: Self.names[number])
        record.services = offered(&input)
        var stored = StoredWorker(record: record, registeredAt: wall)
        if input.flag() {
            stored.record.nodeID = Self.node(number)
            stored.record.endpoints = [endpoint(&input)]
            proven.formUnion(stored.record.endpoints)
        } else {
            stored.record.tunnelURL = "http://10.0.0.9:80"
            stored.http = HTTPRegistration(workerID: record.name, tunnelURL: "http://10.0.0.9:80")
        }
        registry.restore(stored, now: now)
    }

    private func advance(by wait: Duration) {
        now = now + wait
        wall += Int64(wait.wholeMilliseconds) * 1_000
        // The second call removes whom the first one could only suspect.
        registry.advance(to: now)
        registry.advance(to: now)
        for entry in entries() {
            guard let heard = registry.liveness.lastHeard(entry.slot) else { fatalError("a worker that nobody watches") }
            let allowed = entry.isHTTPOnly ? Self.httpTiming.removeAfter : entry.isStale ? Limits.staleAfterRestart : Limits.removeAfter
            precondition(now - heard < max(allowed, entry.isStale ? allowed : .zero), "silent for too long and still there")
        }
    }

    // MARK: What must hold

    private func discover(_ input: inout FuzzInput) {
        let service = service(&input)
        let limit = input.flag() ? input.choice(4) : nil
        let answer = registry.discover(service, limit: limit, now: now)
        let serving = entries().filter { $0.serves(service) }
        precondition(answer.total == serving.count && answer.workers.count == min(serving.count, limit ?? .max))
        precondition(answer.known || answer.total == 0)
        precondition(Set(answer.workers.map(\.name)).isSubset(of: serving.map(\.record.name)), "somebody is found who does not serve")
        for worker in answer.workers {
            precondition(worker.isRoutable && (!worker.endpoints.isEmpty || worker.tunnelURL != nil))
            precondition(worker.nodeID == nil || worker.endpoints.allSatisfy(proven.contains), "an address is handed out unproven")
        }
        guard let bytes = try? registry.encodedDiscover(service, limit: limit ?? .max, now: now), let read = try? DiscoverAnswer(bytes)
        else {
            fatalError("an answer that cannot be read")
        }
        precondition(read.total == answer.total && Set(read.workers.map(\.name)).count == answer.workers.count)
        for summary in registry.list() {
            precondition(Int(summary.healthyWorkers) == entries().count { $0.serves(summary.name) } && summary.healthyWorkers > 0)
        }
    }

    private func entries() -> [Entry] {
        var all: [Entry] = []
        for index in 0..<registry.entries.end { if let entry = registry.entries[index: index] { all.append(entry) } }
        return all
    }

    private func check() {
        let all = entries()
        precondition(all.count == registry.entries.count && registry.byName.count == all.count, "each worker has one name")
        precondition(registry.httpWorkers == all.count { $0.isHTTPOnly })
        var tiers: [UInt8: Int] = [:]
        for entry in all {
            precondition(registry.byName[entry.record.name] == entry.slot)
            if case .wire(let node) = entry.kind { precondition(registry.byNode[node] == entry.slot, "each node stands once") }
            for service in entry.offered { precondition(registry.services[service.name]?.members.contains(entry.slot.index) == true) }
            precondition(entry.revision <= registry.revision && entry.revision > 0)
            tiers[entry.tier, default: 0] += 1
        }
        precondition(registry.tiers.filter { $0.value != 0 } == tiers)
        precondition(registry.byNode.count == all.count { !$0.isHTTPOnly }, "a node that is gone is forgotten")
        for (name, index) in registry.services {
            for place in index.members {
                precondition(registry.entries[index: place]?.offered.contains { $0.name == name } == true, "who is gone is still found")
            }
            if let healthy = index.healthy { precondition(healthy == all.count { $0.serves(name) }) }
        }
        precondition(registry.revision >= revision, "revisions rise")
        revision = registry.revision
        precondition(registry.links.values.reduce(0) { $0 + $1.count } == links.count)
        precondition(registry.scheduledProbes <= 128 * (Self.names.count + 1), "waits for probes pile up")
    }
}

/// What somebody knows who reads the changes.
private struct FuzzWatcher {
    private var cursor: WatchCursor?
    private let filter: Set<String>
    private var known: [String: WorkerRecord] = [:]

    init(filter: Set<String>) { self.filter = filter }

    mutating func read(_ registry: inout Registry, budget: Int, now: Instant) {
        var cursor = self.cursor ?? WatchCursor(filter: filter, from: registry.revision)
        guard case .messages(let bytes)? = try? registry.read(&cursor, budget: budget, now: now) else { fatalError("cannot be watched") }
        self.cursor = cursor
        var reader = MessageReader()
        reader.append(bytes)
        while let message = try? reader.next() {
            guard let event = try? WatchEvent(message) else { fatalError("an event that cannot be read") }
            take(event)
        }
        precondition(reader.isAtBoundary)
    }

    private mutating func take(_ event: WatchEvent) {
        switch event {
        case .snapshot(_, let records): known = Dictionary(uniqueKeysWithValues: records.map { ($0.name, Self.lasting($0)) })
        case .changed(_, let record): known[record.name] = Self.lasting(record)
        case .removed(_, let name):
            // A filter hides the others: their end is nobody's business.
            let was = known.removeValue(forKey: name)
            precondition(was != nil || filter.isEmpty, "the end of a worker that was not told of")
        }
    }

    mutating func readAll(_ registry: inout Registry, now: Instant) {
        for _ in 0..<10_000 {
            let before = known
            let was = cursor
            read(&registry, budget: 1 << 16, now: now)
            if was != nil, known == before, isCurrent(registry) { return }
        }
        fatalError("a watcher never comes to the end")
    }

    private func isCurrent(_ registry: borrowing Registry) -> Bool { cursor?.hasRead(registry.revision) ?? false }

    func compare(_ registry: borrowing Registry) {
        var expected: [String: WorkerRecord] = [:]
        for index in 0..<registry.entries.end {
            guard let entry = registry.entries[index: index] else { continue }
            guard filter.isEmpty || entry.offered.contains(where: { filter.contains($0.name) }) else { continue }
            expected[entry.record.name] = Self.lasting(entry.record)
        }
        precondition(known == expected, "a watcher knows something else")
    }

    /// What a change is told for: not load, not age.
    private static func lasting(_ record: WorkerRecord) -> WorkerRecord {
        var record = record
        record.load = LoadReport()
        record.ageMilliseconds = 0
        record.services.sort { $0.name < $1.name }
        return record
    }
}
