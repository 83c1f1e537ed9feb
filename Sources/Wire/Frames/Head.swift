/// The head of a request or an answer: what the HEAD frame carries. At most `Limits.headSize` bytes, never compressed.
///
/// A request names a `service` (a worker's) or a `method` (the mesh's own, "mesh.…"). An answer has a `status`.
/// The HTTP mapping uses `verb`, `path` and `fields`; other callers leave them empty.
public struct Head: Hashable, Sendable {
    /// The mesh's own method, such as `mesh.discover`; empty on a call to a service.
    public var method = ""
    /// The service that is called; empty on a call to the mesh itself.
    public var service = ""
    /// A worker that must serve it, by name; empty for any.
    public var worker = ""
    /// HTTP method of a request; empty means POST.
    public var verb = ""
    /// Rest of the path with its query, as the service sees it, beginning with "/"; empty means "/".
    public var path = ""
    /// Answer status: 0 on a request, an HTTP status on an answer (200 where HTTP is not involved).
    public var status: UInt16 = 0
    /// Time that is left, in milliseconds, when this head was sent; 0 means none was set. Each hop subtracts.
    public var deadline: UInt32 = 0
    /// How many more times this request may be forwarded.
    public var hops: UInt8 = 0
    /// Makes a retry safe; empty if none.
    public var idempotencyKey = ""
    /// W3C trace context, carried on unread.
    public var traceParent = ""
    /// Header fields in order, names in lower case.
    public var fields: [Field] = []
    /// An answer's load report: how busy the worker is.
    public var load: LoadReport?
    /// Name of the worker that answered; empty on a request.
    public var servedBy = ""

    public init() {}

    /// A name and a value; both as they came, the name in lower case.
    public struct Field: Hashable, Sendable {
        public var name: String
        public var value: String
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The first value of the field `name` (lower case).
    public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
}

/// How busy a worker's service is. Rides on every answer, so that the balancer never works with old news.
public struct LoadReport: Hashable, Sendable {
    /// Requests in progress at the service.
    public var inFlight: UInt32
    /// How many it takes at once; 0 means no limit is known.
    public var limit: UInt32
    /// Requests that wait for a place.
    public var queued: UInt32
    /// Smoothed service time in microseconds.
    public var serviceMicroseconds: UInt32

    public init(inFlight: UInt32 = 0, limit: UInt32 = 0, queued: UInt32 = 0, serviceMicroseconds: UInt32 = 0) {
        self.inFlight = inFlight
        self.limit = limit
        self.queued = queued
        self.serviceMicroseconds = serviceMicroseconds
    }

    /// (in flight + queued) / limit; an unknown limit counts as 64. 0 is idle, 1 is full, more means a queue.
    public var fraction: Double {
        (Double(inFlight) + Double(queued)) / Double(limit == 0 ? 64 : limit)
    }
}
