package import Wire

/// The way that a message takes.
package enum DHTPath: UInt8, Sendable {
    /// A datagram.
    case udp
    /// A link: a direct one, or through a coordinator.
    case tcp
}

/// Why a request was not answered, or datagrams do not work.
package enum DHTFailure: UInt8, Error, Sendable, CaseIterable {
    /// There is nobody to ask.
    case noPeers
    /// Silence: dropped on the way, or nobody there.
    case noAnswer
    /// The peer's system says that nobody listens there.
    case refused
    /// What came back does not authenticate, or is somebody else.
    case authentication
    /// Too long for the path.
    case tooBig
    /// This host has no way to the address.
    case noRoute
    /// A limit of this node: nothing was sent, so that nothing is known.
    case withheld
}

/// What happens to a node of the DHT. The shell tells it; every message has been authenticated before.
package enum DHTEvent: Sendable {
    /// The node begins, or has more contacts to begin with: from enrolment, a coordinator, or disk.
    case start([Contact])
    /// A request, from the node whose certificate the contact's ids are of, at the address that it came from. `inSession` where that
    /// address is proven.
    case request(DHTRequest, from: Contact, via: DHTPath, inSession: Bool)
    /// An answer, likewise.
    case answer(DHTAnswer, from: Contact, via: DHTPath)
    /// The request with this number cannot be delivered.
    case failed(exchange: UInt32, DHTFailure)
    /// The time that `wake` named has come.
    case tick
    /// Find up to `want` providers of a service. `id` is the shell's.
    case lookup(id: UInt64, service: String, want: Int)
    /// Find the nodes closest to a point.
    case locate(id: UInt64, Bytes32)
    /// Ask a node by datagram whether it is there. `id` is the shell's.
    case ping(id: UInt64, Contact)
    /// Keep this signed entry of this node's at its holders, until it is published again or withdrawn: a tombstone.
    case publish(ProviderEntry)
    /// A provider that a lookup found could not be reached.
    case unreachable(ProviderEntry)
    /// This node has another address, or another network.
    case networkChanged
    /// What this node says of itself from now on, signed.
    case own(Contact)
}

/// What the shell is to do.
package enum DHTAction: Sendable {
    /// Send a request. A repeated exchange number is a repeated request: the same bytes.
    case ask(DHTRequest, to: Contact, via: DHTPath)
    /// Send a request, which no answer is awaited to, to the one address of the contact: in the session with it, and from an address that
    /// this node has used for nothing else.
    case knock(DHTRequest, at: Contact)
    /// Send an answer to where its request came from.
    case respond(DHTAnswer, to: Contact, via: DHTPath)
    /// What a lookup has found so far, or, where `isFinal`, in all.
    case found(id: UInt64, FoundProviders, isFinal: Bool)
    /// The nodes closest to the point that was asked for, closest first.
    case located(id: UInt64, [Contact])
    /// What came of a ping: the time from the send that was answered, or why there is none.
    case pinged(id: UInt64, Result<Duration, DHTFailure>)
    /// An entry is at so many holders: told once they are enough, or all that there are.
    case published(service: String, holders: Int)
    /// Whether datagrams work has changed.
    case health(Health.State)
    /// Whether others can reach this node: whether it is a client of the DHT or a member.
    case reachability(isClient: Bool)
    /// This node's contact was said to be gone, or has grown old: sign one with this sequence and tell it (`own`).
    case sign(sequence: UInt64)
    /// Send `tick` then, at the latest. A later one replaces an earlier one.
    case wake(Instant)
}

/// Providers of a service, each with the time that is left of its entry.
package struct FoundProviders: Sendable {
    package var entries: [HeldEntry]
    /// How many requests deep the first was found; 0 where it was known without asking.
    package var rounds: Int
    /// Requests made.
    package var asked: Int
    /// Answers by datagram, and those over links.
    package var answersByDatagram: Int
    package var answersOverLinks: Int

    /// Nobody, as long as nothing else is said.
    package init(entries: [HeldEntry] = [], rounds: Int = 0, asked: Int = 0, answersByDatagram: Int = 0, answersOverLinks: Int = 0) {
        self.entries = entries
        self.rounds = rounds
        self.asked = asked
        self.answersByDatagram = answersByDatagram
        self.answersOverLinks = answersOverLinks
    }
}

/// Who judges signatures. The simulator's nodes trust one another.
package protocol DHTVerifier: Sendable {
    /// Whether an entry is of a member and signed by it.
    func isGenuine(_ entry: ProviderEntry) -> Bool
    /// Whether a contact is signed by its node, as far as the node's key is known.
    func isGenuine(_ contact: Contact) -> Bool
}
