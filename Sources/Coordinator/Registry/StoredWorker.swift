import Wire

/// A registration as it is stored: enough to serve it after a restart, until its worker is back. Nothing in it changes by itself.
struct StoredWorker: Sendable, Hashable {
    var record: WorkerRecord
    /// Microseconds since 1970.
    var registeredAt: Int64
    /// What an HTTP worker registered; `nil` for a worker with a link.
    var http: HTTPRegistration?

    static func key(_ name: String) -> String { prefix + name }
    static let prefix = "worker/"
    /// Records that say that a service was offered once.
    static func serviceKey(_ name: String) -> String { servicePrefix + name }
    static let servicePrefix = "service/"
    /// Records that say that a worker is drained: the run that it holds for, in decimal digits. They outlive a lost link, which
    /// the registration does not: a drain is the operator's word.
    static func drainKey(_ name: String) -> String { drainPrefix + name }
    static let drainPrefix = "drain/"
}

extension StoredWorker: WireMessage {
    private enum Field {
        static let record: UInt16 = 2
        static let registeredAt: UInt16 = 4
        static let isHTTP: UInt16 = 6
        static let namesServices: UInt16 = 8
        static let servicesJSON: UInt16 = 10
        static let containersJSON: UInt16 = 12
        static let vpnIP: UInt16 = 14
    }

    func encode() throws(WireError) -> [UInt8] {
        var writer = TLVWriter()
        writer.put(Field.record, bytes: try record.encode())
        writer.put(Field.registeredAt, UInt64(clamping: registeredAt))
        if let http {
            writer.put(Field.isHTTP, UInt8(1))
            writer.put(Field.namesServices, UInt8(http.services == nil ? 0 : 1))
            if let json = http.servicesJSON { writer.put(Field.servicesJSON, json) }
            if let json = http.containersJSON { writer.put(Field.containersJSON, json) }
            if let address = http.vpnIP { writer.put(Field.vpnIP, address) }
        }
        return try writer.finish()
    }

    init(decoding bytes: RawSpan) throws(WireError) {
        var cursor = TLVCursor()
        var record: WorkerRecord?
        var registeredAt: UInt64 = 0
        var isHTTP = false
        var namesServices = false
        var texts: [UInt16: String] = [:]
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.record: record = try WorkerRecord(decoding: bytes.extracting(field.range))
            case Field.registeredAt: registeredAt = try bytes.integer(UInt64.self, field)
            case Field.isHTTP: isHTTP = true
            case Field.namesServices: namesServices = try bytes.integer(UInt8.self, field) != 0
            case Field.servicesJSON, Field.containersJSON, Field.vpnIP:
                texts[field.type] = try bytes.text(field, limit: Limits.jsonFragment)
            default: try field.skipOrRefuse()
            }
        }
        guard let record else { throw .missing(Field.record) }
        self.init(record: record, registeredAt: Int64(clamping: registeredAt))
        guard isHTTP else { return }
        var registration = HTTPRegistration(
            workerID: record.name, tunnelURL: record.tunnelURL ?? "", capabilities: record.capabilities)
        registration.services = namesServices ? record.services.map(\.name) : nil
        registration.servicesJSON = texts[Field.servicesJSON]
        registration.containersJSON = texts[Field.containersJSON]
        registration.vpnIP = texts[Field.vpnIP]
        registration.region = record.region
        registration.zone = record.zone
        http = registration
    }
}

extension Registry {
    /// What is to be stored of a worker; `nil` if it is gone.
    func stored(_ name: String) -> StoredWorker? {
        guard let slot = byName[name], let entry = entries[slot] else { return nil }
        var record = entry.record
        record.state = .online
        record.services = entry.offered
        record.load = LoadReport()
        var stored = StoredWorker(record: record, registeredAt: entry.registeredAt)
        if case .http(let worker) = entry.kind { stored.http = worker.registration }
        return stored
    }

    /// Enters a registration from before a restart: served, and marked stale, until its worker is back or has been waited for long
    /// enough.
    mutating func restore(_ stored: StoredWorker, now: Instant) {
        guard byName[stored.record.name] == nil else { return }
        let isDraining = drained[stored.record.name] == stored.record.bootEpoch
        if let http = stored.http {
            _ = insert(stored.record.name, httpTiming, now: now) { slot in
                let worker = HTTPWorker(registration: http, assigned: stored.record.services.map(\.name))
                return stale(slot, stored, .http(worker), isDraining: isDraining)
            }
        } else if let nodeID = stored.record.nodeID, byNode[nodeID] == nil {
            _ = insert(stored.record.name, .stale, now: now) { slot in stale(slot, stored, .wire(nodeID), isDraining: isDraining) }
        }
    }

    /// Enters a drain from before a restart. Before the registrations.
    mutating func restore(drained name: String, bootEpoch: UInt64) { drained[name] = bootEpoch }

    /// Enters a service that was offered once.
    mutating func restore(service: String) { services[service] = services[service] ?? ServiceIndex() }
}

private func stale(_ slot: Slot, _ stored: StoredWorker, _ kind: Entry.Kind, isDraining: Bool) -> Entry {
    var entry = Entry(slot: slot, record: stored.record, kind: kind, registeredAt: stored.registeredAt)
    entry.offered = stored.record.services
    entry.reach = Reachability(proven: stored.record.endpoints)
    entry.isStale = true
    entry.isDraining = isDraining
    entry.derive()
    return entry
}
