/// Every limit of the protocol, with its unit and its reason. A number that stands elsewhere is a mistake.
public enum Limits {
    // MARK: Handshake
    /// Bytes of one handshake message: a certificate and parameters take under 1 KiB.
    public static let handshakeMessage = 4_096
    /// Bytes of the mac behind message 1: enough that a scanner does not guess it.
    public static let mac1 = 16
    /// Time for a whole handshake: a slow link needs two round trips.
    public static let handshakeTimeout: Duration = .seconds(5)
    /// Time for a TCP connection: an address that does not answer sooner is passed over.
    public static let dialTimeout: Duration = .seconds(3)
    /// The longest pause before a worker without a coordinator dials again: a coordinator that starts anew has its mesh back after it.
    public static let redial: Duration = .seconds(10)
    /// Links of one source address that have not authenticated: bounds what a scanner holds. The oldest gives way to the next.
    public static let unauthenticatedPerSource = 16
    /// The same for all sources together.
    public static let unauthenticated = 256

    // MARK: Identity
    /// Bytes of a certificate: 400 with the longest name, and room for fields that are still to come.
    public static let certificate = 1_024
    /// Bytes of an identity file: two secrets, a key and a certificate.
    public static let identityFile = 4_096
    /// Characters of a join token: eight addresses of the greatest length, in base64.
    public static let token = 4_096

    // MARK: Records and frames
    /// Bytes of an AEAD tag.
    public static let tag = 16
    /// Bytes of a record's ciphertext, tag included: what a u16 can say.
    public static let recordCiphertext = 65_535
    /// Bytes of a record's plaintext.
    public static let recordPlaintext = recordCiphertext - tag
    /// Records per direction between two rekeys.
    public static let rekeyInterval: UInt64 = 1 << 20
    /// Bytes of a frame header.
    public static let frameHeader = 8
    /// Bytes of a frame's payload: a frame never spans records.
    public static let framePayload = recordPlaintext - frameHeader
    /// Bytes of a DATA payload and of a raw block before compression.
    public static let data = 61_440
    /// Bytes of a HEAD payload.
    public static let headSize = 16_384
    /// Bytes of a RESET or GOAWAY reason.
    public static let reason = 256

    /// Bytes of an HTTP method in a HEAD.
    public static let verb = 32
    /// Bytes of an idempotency key.
    public static let idempotencyKey = 128
    /// Bytes of a W3C traceparent.
    public static let traceParent = 128

    // MARK: Datagrams
    /// Bytes of a datagram: what the smallest path of IPv6 carries, with room for tunnels.
    public static let datagram = 1_200
    /// Counters that a session remembers: as many datagrams may overtake one another.
    public static let replayWindow = 8_192
    /// Time for an answer to an initiation, its repetitions included.
    public static let initiationTimeout: Duration = .seconds(5)
    /// Time to the first repetition of an initiation that the layer above does not ask for sooner; the second comes after thrice that.
    public static let initiationRetry: Duration = .seconds(1)
    /// Time between two repetitions of an initiation, whoever asks for them: a round trip within a house.
    public static let initiationGap: Duration = .milliseconds(10)
    /// Initiations to one address and port that may stand unanswered, and the time that gives one of them back: nobody is made to
    /// flood somebody else.
    public static let initiationsPerAddress: UInt32 = 8
    public static let initiationRefill: Duration = .seconds(2)
    /// The same for one network, an IPv4 address or 64 bits of an IPv6 one: a house of many nodes.
    public static let initiationsPerNetwork: UInt32 = 256
    public static let networkRefill: Duration = .milliseconds(100)
    /// Handshakes that this node has begun and that are not finished.
    public static let pendingInitiations = 1_024
    /// Requests that wait for one of them, each in a datagram of its own.
    public static let requestsPerInitiation = 16
    /// Handshakes that wait for the layer above to answer.
    public static let awaitedAnswers = 256
    /// How long they wait: it answers at once, or not in the handshake.
    public static let answerPatience: Duration = .milliseconds(100)
    /// Initiations a second that are answered without a cookie, and as many at once: a quarter of a core.
    public static let initiationRate: UInt32 = 1_000
    public static let initiationBurst: UInt32 = 2_000
    /// The same for one network, once cookies are asked for.
    public static let initiationRatePerNetwork: UInt32 = 50
    public static let initiationBurstPerNetwork: UInt32 = 200
    /// Networks and addresses whose budgets are remembered; full budgets are forgotten first.
    public static let budgets = 8_192
    /// Time after which the secret behind the cookies is drawn anew. A cookie is good for at least as long and at most twice.
    public static let cookieLife: Duration = .seconds(120)
    /// Sessions of a node: its view of the mesh, and as many strangers.
    public static let sessions = 8_192
    /// Sessions whose initiator has not shown that it has the response.
    public static let unconfirmedSessions = 1_024
    /// Nodes whose last initiation is remembered, also when no session stands.
    public static let datagramPeers = 16_384
    /// Age at which a session is replaced by a handshake, and at which it ends.
    public static let sessionRenewal: Duration = .seconds(3_000)
    public static let sessionLife: Duration = .seconds(3_600)
    /// Silence after which a session is given up, so that its place is free.
    public static let sessionIdle: Duration = .seconds(900)
    /// Answers that wait for an address to echo a challenge, and how long.
    public static let heldAnswers = 4
    public static let heldAnswerLife: Duration = .seconds(2)
    /// Time between two challenges of one session.
    public static let challengeGap: Duration = .milliseconds(200)
    /// Time between two looks over all sessions.
    public static let sessionSweep: Duration = .seconds(10)

    // MARK: DHT
    /// Bytes of a request or an answer: the plaintext of one datagram, on whatever way it travels.
    public static let dhtMessage = datagram - 16 - tag
    /// Bytes of a provider entry: one always fits an answer.
    public static let providerEntry = 1_100
    /// Contacts in one message: more would not fit.
    public static let dhtContacts = 16
    /// Entries in one answer: more would not fit.
    public static let dhtEntries = 8
    /// Parts of the space whose digests two full views compare: the digests fill half a datagram.
    public static let viewBuckets = 64
    /// Fingerprints in one message of that comparison: half a datagram.
    public static let viewFingerprints = 96
    /// Nodes of a full view: beyond, it costs more than the round that it saves.
    public static let fullView = 4_096
    /// Bits of the split of a service: 256 shards.
    public static let serviceSplit: UInt8 = 8
    /// Life of a provider entry from when a holder has it: three refreshes.
    public static let entryLifetime: Duration = .seconds(90)
    /// The longest life that a holder grants.
    public static let entryLifetimeMaximum: Duration = .seconds(300)
    /// Time between two renewals of an entry at its holders.
    public static let entryRefresh: Duration = .seconds(30)
    /// Holders of an entry, and how many must have it before a publisher is told.
    public static let replicas = 8
    public static let replicasAwaited = 6
    /// Providers of one service that one holder keeps: beyond, the service is split.
    public static let providersPerKey = 64
    /// Entries of one provider that one holder keeps.
    public static let entriesPerProvider = 64
    /// Entries that one holder keeps: 1 MiB at their usual size.
    public static let entriesHeld = 2_048
    /// Lookups of one node under way at once, and exchanges.
    public static let dhtLookups = 1_024
    public static let dhtExchanges = 8_192
    /// Sends of one request over datagrams.
    public static let dhtSends = 3
    /// The longest wait for an answer before the request is sent again, and the shortest.
    public static let answerTimeoutMaximum: Duration = .seconds(2)
    public static let answerTimeoutMinimum: Duration = .milliseconds(20)
    /// Time between two looks for the other half of a mesh that came apart.
    public static let splitRepair: Duration = .seconds(60)
    /// Time between two probes of datagrams that do not work: from the first, doubling up to the last.
    public static let probeFirst: Duration = .seconds(1)
    public static let probeLast: Duration = .seconds(30)
    /// Time that failures of a contact must span before it may be evicted, and how many there must be.
    public static let evictionSpan: Duration = .seconds(30)
    public static let evictionFailures: UInt8 = 3

    // MARK: Streams and credit
    /// Credit that a stream starts with, in uncompressed bytes.
    public static let streamWindow: UInt64 = 256 << 10
    /// What a stream's window may grow to while it is drained.
    public static let streamWindowMaximum: UInt64 = 16 << 20
    /// Credit that a link starts with.
    public static let linkWindow: UInt64 = 16 << 20
    /// What a link's window may grow to.
    public static let linkWindowMaximum: UInt64 = 64 << 20
    /// Streams that a peer may have open at once.
    public static let openStreams: UInt32 = 4_096
    /// A window that is used up faster than this, and drained, is doubled.
    public static let windowGrowth: Duration = .milliseconds(200)
    /// A stream whose receiver takes nothing for so long is stalled, and may be reset where it holds credit others need.
    public static let stalledAfter: Duration = .seconds(5)
    /// DATA up to this is sent before bulk, if its stream has nothing else waiting.
    public static let smallData = 4_096
    /// Bytes that are sent without waiting for the end of a batch: about thirty small answers, so that a write costs each of
    /// them little and the peer need not wait for all.
    public static let earlyFlush = 4_096
    /// Bulk bytes sealed per turn: what stands before a small call on the link.
    public static let bulkPerTurn = 64 << 10
    /// Bytes accepted from a caller and not yet sent, per stream.
    public static let unsentPerStream = 256 << 10
    /// The same for a whole link, as far as the peer has granted credit for them: writers wait beyond. A bulk turn is always
    /// ready; a peer that takes nothing makes this side hold little.
    public static let unsentPerLink = 64 << 10
    /// Bytes of whole answers that wait on a link: a call beyond them is refused.
    public static let unsentAnswers = 4 << 20
    /// Bytes that wait for a peer that takes nothing of them: the newest streams beyond are reset.
    public static let unsentUntaken = 128 << 10
    /// Bytes of heads and control frames that wait on a link whose peer does not read, before its new streams are refused.
    public static let unflushed = 64 << 10
    /// Bytes that a long write hands to its stream at once.
    public static let writePiece = 32 << 10
    /// Bytes that wait in a link's socket: above the first it is given nothing, below the second it is again. Little bulk waits
    /// there, so that a small call does not stand behind much of it.
    public static let socketHigh = 32 << 10
    public static let socketLow = 16 << 10
    /// Bytes that wait in the kernel beyond what is under way (TCP_NOTSENT_LOWAT): what a small call or a PING stands behind when the
    /// peer is slow to read.
    public static let socketUnsent = 128 << 10
    /// The turn of one stream in the round robin.
    public static let quantum = 16 << 10
    /// Bytes of plaintext from which a record is sealed and opened by the provider for large ones: below, libsodium is as fast.
    public static let bulkRecord = 512
    /// A stream id at which a link is replaced.
    public static let streamIDSoftEnd: UInt32 = 0x7FFF_0000
    /// Frames without progress (PING, RESET, WINDOW without use, empty DATA, unknown) a peer may send at once; refilled over time.
    public static let idleFrameBurst: UInt32 = 1_000
    /// How many such frames a second are forgiven.
    public static let idleFrameRate: UInt32 = 200

    /// Read buffers that a link keeps while bodies are slices of them: what a forwarded stream has under way at once. An idle
    /// link keeps none.
    public static let lentBuffers = 4

    // MARK: Relay
    /// Bytes that a relay holds of one direction of a circuit, so that a slow end never fills it.
    public static let circuitHeld = 256 << 10
    /// The window of such a direction: what is granted ahead of what was written to the other link, where a write of at most
    /// `quantum` stands in a queue of at most `unsentPerLink`. Together they are `circuitHeld`.
    public static let circuitWindow = UInt64(circuitHeld - unsentPerLink - quantum)
    /// Bytes of the message at the beginning of a circuit.
    public static let circuitRequest = 1_024
    /// Circuits that one member has through a relay: one for each node that it calls and cannot dial.
    public static let circuitsPerMember = 256
    /// Circuits of a relay.
    public static let circuits = 4_096
    /// Bytes that the circuits of one member carry each second, both directions together.
    public static let circuitBandwidth = 1 << 30
    /// Members whose use a relay remembers.
    public static let circuitMembers = 4_096
    /// Relays of one worker.
    public static let relays = 4
    /// How long one candidate is tried before the next one is tried beside it (RFC 8305, section 8).
    public static let headStart: Duration = .milliseconds(250)
    /// Time until a node that is reached by relay is dialled again, after the first and after many failures.
    public static let directRetry: Duration = .seconds(1)
    public static let directRetryMaximum: Duration = .seconds(30)
    /// How long a relayed link that was replaced by a direct one takes the calls that were sent before both sides knew.
    public static let relayLinger: Duration = .seconds(5)
    /// Addresses whose round trips are remembered, for the order in which they are tried.
    public static let roundTrips = 4_096

    // MARK: Compression
    /// Below this a block is not worth the attempt.
    public static let compressFrom = 512

    // MARK: Messages
    /// Bytes of a name of a worker or service: letters, digits, "-", "_", ".".
    public static let name = 128
    /// Bytes of a region or zone.
    public static let region = 64
    /// Bytes of "host:port".
    public static let endpoint = 262
    /// Endpoints of one worker.
    public static let endpoints = 8
    /// Services of one worker.
    public static let services = 256
    /// Capabilities of one worker.
    public static let capabilities = 128
    /// Bytes of a capability's key or text value.
    public static let capabilityText = 1_024
    /// Bytes of a capability that is JSON: lists of models and devices that HTTP workers nest there.
    public static let capabilityJSON = 16_384
    /// Bytes of a URL.
    public static let url = 2_048
    /// Workers in one discovery answer over the wire, unless more are asked for.
    public static let discoverSample = 64
    /// Bytes of one encoded worker record or registration: fits one TLV value with room around it.
    public static let record = 61_440
    /// Records in the first message of a snapshot: what its 65,535 bytes hold at the smallest record.
    public static let snapshotRecords = 1_100
    /// Nodes in one notice: a longer list of revocations takes several.
    public static let noticeNodes = 1_024
    /// Bytes of one registry message.
    public static let message = 1 << 20

    // MARK: Coordinator
    /// Services whose names a registry remembers, offered at present or not: tells "unavailable" from "not found".
    public static let knownServices = 65_536
    /// Time between two rounds of dial backs to one worker: nobody makes a coordinator knock on many doors.
    public static let dialBackInterval: Duration = .seconds(5)
    /// Time until a worker that could not be dialled is tried again; doubles with each failure.
    public static let dialBackRetry: Duration = .seconds(30)
    /// How often that time doubles: up to eight minutes.
    public static let dialBackDoublings = 4
    /// Dial backs under way at once, for all workers together.
    public static let dialBacks = 64
    /// How long registrations from before a restart are served while their workers are not back.
    public static let staleAfterRestart: Duration = .seconds(120)
    /// Changes that a watcher may lag behind before it must begin again with a snapshot.
    public static let changeLog = 65_536
    /// Bytes of a JSON fragment (services, containers, models) that an HTTP worker registers.
    public static let jsonFragment = 16_384
    /// Conditions and writes of one store transaction: etcd takes no more.
    public static let transaction = 128
    /// Pages of 4 KiB of the embedded store, 4 GiB: four million members.
    public static let storePages = 1 << 20
    /// Keys that one token admits: they stand in its record.
    public static let tokenUses = 1_000
    /// Life of a token, in seconds: a year.
    public static let tokenLife: UInt64 = 365 * 86_400
    /// Tokens that are kept.
    public static let tokens = 10_000
    /// Bytes of an answer on the control socket: the longest list of tokens.
    public static let adminAnswer = 4 << 20
    /// HTTP-only workers: they have no certificate, so nothing else bounds them.
    public static let httpWorkers = 16_384

    // MARK: HTTP and JSON
    /// Time between two pings that measure how far a worker is.
    public static let latencyInterval: Duration = .seconds(30)
    /// Time for a health check of one service.
    public static let healthTimeout: Duration = .seconds(10)
    /// Probes of tunnel URLs, or pings, under way at once.
    public static let tunnelProbes = 16
    /// Time for one such probe, name lookup and connect included.
    public static let tunnelTimeout: Duration = .seconds(3)
    /// Time until a tunnel URL that did not answer is asked again.
    public static let tunnelRetry: Duration = .seconds(15)
    /// Time until one that answered is asked again.
    public static let tunnelRecheck: Duration = .seconds(60)
    /// Bytes of a coordinator's JSON answer that a client reads: 100,000 workers of a service.
    public static let coordinatorAnswer = 64 << 20
    /// Bytes of an answer that a probe of a member reads.
    public static let probeBody = 64 << 10
    /// Depth of nested JSON: the parser recurses.
    public static let jsonDepth = 64
    /// Bytes of a JSON body that the coordinator takes: a worker with every capability and container fits many times.
    public static let jsonBody = 256 << 10
    /// Pre-encoded discovery answers that a coordinator keeps: services times the ways to ask for them.
    public static let preparedAnswers = 1_024
    /// Bytes of a catalogue file.
    public static let catalogueFile = 1 << 20

    // MARK: HTTP
    /// Bytes of a request's target, names and values together: twice a HEAD frame, so that what does not fit one is still
    /// answered with a reason.
    public static let httpHeaderBlock = 32_768
    /// Fields of a header block, trailers included.
    public static let httpHeaderFields = 128
    /// Bytes of a request's target.
    public static let httpTarget = 8_192
    /// Bytes of a body that is collected in memory: the JSON endpoints read theirs whole.
    public static let httpCollectedBody = 4 << 20
    /// Requests that a client may send before their turn on one connection.
    public static let httpPipelined = 64
    /// Bytes of an unwanted request body that are read to save the connection.
    public static let httpDiscarded = 256 << 10
    /// Connections of one front: below the usual limit of open files, links included.
    public static let httpConnections = 8_192
    /// Unwritten bytes of a connection above which its sender is held back.
    public static let httpUnwritten = 128 << 10
    /// Time for a whole header block once its first byte is there: a client that dribbles holds a connection no longer.
    public static let httpHeadTimeout: Duration = .seconds(10)
    /// Life of a connection without a request.
    public static let httpIdle: Duration = .seconds(75)
    /// Life of a request whose client neither sends what is awaited nor takes what is ready.
    public static let httpStalled: Duration = .seconds(300)
    /// Time for a client to read a last answer before its connection is cut.
    public static let httpLinger: Duration = .seconds(2)
    /// Time for requests in progress when a front shuts down.
    public static let httpDrain: Duration = .seconds(10)
    /// Idle connections that are kept per upstream and loop.
    public static let httpIdleUpstream = 256
    /// Life of an idle connection to an upstream that does not say how long it keeps one: below the 5 s of common servers.
    public static let httpIdleUpstreamTimeout: Duration = .seconds(4)
    /// HTTP-only members whose connections are shared.
    public static let httpMembers = 1_024
    /// Time to reach an upstream.
    public static let httpConnectTimeout: Duration = .seconds(5)

    // MARK: Time
    /// Silence after which a worker is suspected and not routed to.
    public static let suspectAfter: Duration = .seconds(3)
    /// Silence after which a worker is removed.
    public static let removeAfter: Duration = .seconds(30)
    /// Silence on a link after which its owner pings.
    public static let pingAfter: Duration = .seconds(1)
    /// Life of a certificate, in seconds; renewed at two thirds.
    public static let certificateLife: UInt64 = 24 * 3_600
    /// Age at which a cached route is asked for again.
    public static let routeCache: Duration = .seconds(60)
    /// Forwards of one request.
    public static let hops: UInt8 = 4
    /// Deadline of a call that names none.
    public static let defaultDeadline: Duration = .seconds(30)
    /// The longest deadline that is honoured.
    public static let maximumDeadline: Duration = .seconds(3_600)

    // MARK: Routing
    /// Time that the DHT has to find somebody: two rounds across an ocean with one loss; then a coordinator is asked.
    public static let dhtLookupTimeout: Duration = .milliseconds(800)
    /// Time that a coordinator has to answer a lookup over the wire: two round trips across an ocean and a busy server.
    public static let wireLookupTimeout: Duration = .seconds(2)
    /// The same over HTTP, where a connection may have to be opened first.
    public static let httpLookupTimeout: Duration = .seconds(4)
    /// How long "nobody has it" is believed: a burst of calls for a name that nobody offers makes one lookup a second.
    public static let negativeRouteCache: Duration = .seconds(1)
    /// How long an expired route is kept for the case that no coordinator answers.
    public static let staleRouteCache: Duration = .seconds(3_600)
    /// Time between two questions to coordinators that do not answer, while such a route stands in.
    public static let staleRouteRetry: Duration = .seconds(2)
    /// Services whose routes are kept; the names come from callers.
    public static let cachedRoutes = 4_096
    /// Calls that wait for one lookup; the next one is answered *overloaded*.
    public static let lookupWaiters = 16_384
    /// Sends of one call, the first included.
    public static let attempts = 3
    /// Bytes of a request body that are held for a retry; a larger body is sent once.
    public static let replayBuffer = 64 << 10
    /// Retries per request that are allowed over time.
    public static let retryShare = 0.1
    /// Retries that may be made at once after a quiet time.
    public static let retryBurst = 10.0
    /// Failures in a row after which a worker is ejected.
    public static let ejectAfterFailures = 5
    /// Share of failures after which it is ejected, once `ejectionSample` calls were seen within `ejectionWindow`.
    public static let ejectionFailureShare = 0.5
    public static let ejectionSample = 20
    public static let ejectionWindow: Duration = .seconds(10)
    /// The first ejection of a worker; each further one lasts twice as long, up to the maximum.
    public static let ejectionTime: Duration = .seconds(5)
    public static let ejectionTimeMaximum: Duration = .seconds(300)

    // MARK: Hosting
    /// Requests that a service gets at once, unless its program says otherwise: streams of events are many and cost a service
    /// little each.
    public static let serviceLimit = 256
    /// Requests that wait for a place at a service, unless its program says otherwise.
    public static let serviceQueue = 128
    /// Time between two probes of an upstream that works, and of one that does not.
    public static let probeInterval: Duration = .seconds(5)
    public static let probeIntervalFailing: Duration = .seconds(1)
    /// Time that a probe may take.
    public static let probeTimeout: Duration = .seconds(2)
    /// Probes in a row that must fail before an upstream counts as unhealthy, and succeed before it counts as healthy again.
    public static let probeFall = 3
    public static let probeRise = 2
}
