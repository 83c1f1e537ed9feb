/// Every limit of the protocol, with its unit and its reason. A number that stands elsewhere is a mistake.
public enum Limits {
    // MARK: Handshake
    /// Bytes of one handshake message: a certificate and parameters take under 1 KiB.
    public static let handshakeMessage = 4_096
    /// Time for a whole handshake: a slow link needs two round trips.
    public static let handshakeTimeout: Duration = .seconds(5)
    /// Links of one source address that have not authenticated: bounds what a scanner holds.
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
    /// Bytes accepted from a caller and not yet sent, per stream.
    public static let unsentPerStream = 256 << 10
    /// The same for a whole link.
    public static let unsentPerLink = 4 << 20
    /// The turn of one stream in the round robin.
    public static let quantum = 16 << 10
    /// A stream id at which a link is replaced.
    public static let streamIDSoftEnd: UInt32 = 0x7FFF_0000
    /// Frames without progress (PING, RESET, WINDOW without use, empty DATA, unknown) a peer may send at once; refilled over time.
    public static let idleFrameBurst: UInt32 = 1_000
    /// How many such frames a second are forgiven.
    public static let idleFrameRate: UInt32 = 200

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
    /// Bytes of a URL.
    public static let url = 2_048
    /// Workers in one discovery answer over the wire, unless more are asked for.
    public static let discoverSample = 64
    /// Bytes of one encoded worker record or registration: fits one TLV value with room around it.
    public static let record = 61_440
    /// Records in the first message of a snapshot: what its 65,535 bytes hold at the smallest record.
    public static let snapshotRecords = 1_024
    /// Bytes of an encoded certificate: it travels in a handshake message.
    public static let certificate = 2_048
    /// Bytes of one registry message.
    public static let message = 1 << 20

    // MARK: HTTP and JSON
    /// Depth of nested JSON: the parser recurses.
    public static let jsonDepth = 64
    /// Bytes of a JSON body that the coordinator takes: a worker with every capability and container fits many times.
    public static let jsonBody = 256 << 10
    /// Pre-encoded discovery answers that a coordinator keeps: services times the ways to ask for them.
    public static let preparedAnswers = 1_024
    /// Bytes of a catalogue file.
    public static let catalogueFile = 1 << 20

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
}
