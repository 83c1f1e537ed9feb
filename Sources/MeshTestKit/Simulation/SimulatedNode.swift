package import DHT
package import Wire

/// One place of the simulated network, and the node that runs there now.
package struct SimulatedNode {
    package var machine: DHTNode
    /// Which node this is: another one in the same place has another number, and another address.
    package var number: UInt64
    package var isAlive = true
    package var isLiar = false
    /// Behind a translation of addresses: only whom it has written to lately can write to it.
    package var isClient: Bool
    /// Stopped with its port bound until then, as by a debugger.
    package var pausedUntil: UInt64 = 0
    /// When its next tick is.
    var wake: UInt64 = .max
    /// Peers with which there is a session, and until when it is not used it lasts.
    var sessions: [UInt64: UInt64] = [:]
    /// Peers that the translation lets in, and until when.
    var openings: [UInt64: UInt64] = [:]
    /// Its clock: so much ahead, and so much faster.
    var ahead: UInt64 = 0
    var rate = 1.0
    /// Bytes and datagrams sent in the measured time.
    package var bytesSent = 0
    package var sent = 0
    package var lookup: SimulatedLookup?
    /// Since when its own service is published.
    package var published: UInt64?
    package var begun: UInt64 = 0

    init(machine: DHTNode, number: UInt64, isClient: Bool) {
        self.machine = machine
        self.number = number
        self.isClient = isClient
    }

    /// Its own time, for a time of the simulation.
    func clock(_ time: UInt64) -> Instant { Instant(nanoseconds: ahead + UInt64(Double(time) * rate)) }

    /// The time of the simulation, rounded up, at which its clock says so.
    func time(_ instant: Instant) -> UInt64 {
        guard instant.nanoseconds > ahead else { return 0 }
        return UInt64((Double(instant.nanoseconds - ahead) / rate).rounded(.up)) + 1
    }
}

/// A lookup that is measured.
package struct SimulatedLookup {
    package var id: UInt64
    package var service: Int
    package var begun: UInt64
    /// Whether somebody alive was found.
    package var isFound = false
}

/// Simulated nodes trust one another's signatures, except those that a liar forged.
package struct SimulatedVerifier: DHTVerifier {
    package static let forged = "forged"

    package init() {}

    package func isGenuine(_ entry: ProviderEntry) -> Bool { entry.name != Self.forged }

    package func isGenuine(_ contact: Contact) -> Bool { true }
}
