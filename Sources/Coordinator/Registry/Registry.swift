import Transport
import Wire

/// The workers of the mesh: who is there, what they offer, how busy they are. A machine without I/O.
///
/// Time comes in as an argument. What others have to do (dial back, store, wake watchers) gathers in `todo` and is taken by
/// whoever owns the machine after each call.
struct Registry: ~Copyable {
    var entries = Slab<Entry>()
    var byName: [String: Slot] = [:]
    var byNode: [NodeID: Slot] = [:]
    /// Every service that somebody has offered.
    var services: [String: ServiceIndex] = [:]
    var liveness = Liveness()
    var probeTimes = DeadlineWheel<Slot>()
    var log = ChangeLog(capacity: Limits.changeLog)
    /// Links of each node that are up.
    var links: [NodeID: Set<UInt64>] = [:]
    var httpWorkers = 0
    /// Workers that are drained, with the run that it holds for: 0 for one that speaks HTTP only.
    var drained: [String: UInt64] = [:]
    /// How many workers stand in each tier.
    var tiers: [UInt8: Int] = [:]
    /// The last answer of `list`, and the revision that it was made at.
    var listed: (revision: UInt64, services: [ServiceSummary])?
    var stamps: UInt64 = 0
    /// Who passes links on to workers that nobody can dial: this coordinator, unless it is no relay.
    var relays: [RelayRecord] = []
    let catalogue: Catalogue
    let httpTiming: Liveness.Timing
    private var todo = Todo()

    /// - Parameters:
    ///   - httpTiming: how long an HTTP worker may be silent.
    ///   - revision: a number not below any that was handed out before: revisions go on from there.
    init(catalogue: Catalogue, httpTiming: Liveness.Timing, revision: UInt64) {
        self.catalogue = catalogue
        self.httpTiming = httpTiming
        log.restart(after: revision)
    }

    /// Work for the owner.
    struct Todo: Sendable {
        var probes: [ProbeRequest] = []
        /// Names whose stored registration is out of date: write what `stored` says, or delete it.
        var dirty: Set<String> = []
        /// Services that were offered for the first time.
        var learned: [String] = []
        /// Names whose stored drain is out of date: write what `drained` says, or delete it.
        var drains: [String] = []
        /// Whether watchers have something to read.
        var hasNews = false
    }

    /// What has gathered since the last call.
    mutating func takeTodo() -> Todo {
        let taken = todo
        todo = Todo()
        return taken
    }

    var revision: UInt64 { log.revision }

    /// Rounds of dial backs that wait for their time.
    var scheduledProbes: Int { probeTimes.count }

    /// Whether any worker ever offered the service, or the catalogue names it.
    func isKnown(_ service: String) -> Bool { services[service] != nil || catalogue[service] != nil }

    // MARK: Changes

    /// Adds a worker. `make` gets its slot.
    mutating func insert(_ name: String, _ timing: Liveness.Timing, now: Instant, make: (Slot) -> Entry) -> Slot {
        let slot = entries.insert { slot in
            var entry = make(slot)
            entry.derive()
            return entry
        }
        byName[name] = slot
        if let entry = entries[slot] {
            if case .wire(let nodeID) = entry.kind { byNode[nodeID] = slot } else { httpWorkers += 1 }
            tiers[entry.tier, default: 0] += 1
            for service in entry.offered { offer(service.name, at: slot) }
        }
        liveness.track(slot, timing, now: now)
        publish(slot)
        return slot
    }

    /// Changes a worker in place. Others hear of it if they can see it.
    mutating func change(_ slot: Slot, _ body: (inout Entry) -> Void) {
        guard let before = entries[slot] else { return }
        let changed = entries.update(slot) { entry in
            body(&entry)
            entry.derive()
            return !entry.looksLike(before)
        }
        guard changed == true, let after = entries[slot] else { return }
        tiers[before.tier, default: 0] -= 1
        tiers[after.tier, default: 0] += 1
        let old = Set(before.offered.map(\.name))
        let new = Set(after.offered.map(\.name))
        for service in old.subtracting(new) { services[service]?.remove(slot.index) }
        for service in new.subtracting(old) { offer(service, at: slot) }
        publish(slot)
    }

    mutating func remove(_ slot: Slot) {
        guard let entry = entries.remove(slot) else { return }
        let name = entry.record.name
        tiers[entry.tier, default: 0] -= 1
        if byName[name] == slot { byName[name] = nil }
        if case .wire(let nodeID) = entry.kind {
            if byNode[nodeID] == slot { byNode[nodeID] = nil }
        } else {
            httpWorkers -= 1
            undrain(name)
        }
        for service in entry.offered { services[service.name]?.remove(slot.index) }
        liveness.forget(slot)
        _ = log.append(ChangeLog.Change(name: name, slot: slot, isRemoval: true))
        todo.dirty.insert(name)
        todo.hasNews = true
    }

    /// A drain is over: the worker has started again, or is gone for good.
    mutating func undrain(_ name: String) {
        if drained.removeValue(forKey: name) != nil { todo.drains.append(name) }
    }

    /// Nothing new is to go to a worker during this run of it.
    mutating func keepDrained(_ name: String, bootEpoch: UInt64) {
        drained[name] = bootEpoch
        todo.drains.append(name)
    }

    /// Tells the owner that a worker's registration is to be stored.
    mutating func store(_ name: String) { todo.dirty.insert(name) }

    /// Hands work of `reach` to the owner, or to the clock.
    mutating func perform(_ plan: Reachability.Plan, of slot: Slot) {
        guard let entry = entries[slot], case .wire(let nodeID) = entry.kind else { return }
        switch plan {
        case .nothing: break
        case .wait(let until): probeTimes.schedule(slot, at: until)
        case .probe(let endpoints):
            let observed = entry.observed.map { HostClass($0.host) } ?? .routable
            for endpoint in endpoints {
                todo.probes.append(
                    ProbeRequest(slot: slot, round: entry.reach.round, nodeID: nodeID, endpoint: endpoint, observed: observed))
            }
        }
    }

    /// A worker's record has changed: it gets a revision, and answers that name it are made again.
    private mutating func publish(_ slot: Slot) {
        guard let name = entries[slot]?.record.name else { return }
        let revision = log.append(ChangeLog.Change(name: name, slot: slot, isRemoval: false))
        let offered = entries.update(slot) { entry in
            entry.revision = revision
            entry.encoded = nil
            return entry.offered
        }
        for service in offered ?? [] { services[service.name]?.structureChanged() }
        todo.hasNews = true
    }

    /// Enters a worker under a service. The first one makes the service known.
    private mutating func offer(_ service: String, at slot: Slot) {
        if services[service] == nil {
            if services.count >= Limits.knownServices { services = services.filter { !$0.value.members.isEmpty } }
            todo.learned.append(service)
        }
        services[service, default: ServiceIndex()].insert(slot.index)
    }
}

extension Entry {
    /// Whether others see no difference: load and age aside, which are no part of a change.
    func looksLike(_ other: Entry) -> Bool { record == other.record }
}
