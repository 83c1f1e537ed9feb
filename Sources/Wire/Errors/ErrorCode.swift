/// The error codes of the protocol, one table: wire code, name, HTTP status.
///
/// Bit 15 is NOT_PROCESSED: the request had no effect and is safe to send elsewhere.
public struct ErrorCode: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    private static let notProcessedBit: UInt16 = 0x8000

    /// Whether the request had no effect, so that it may be sent to another worker.
    public var isNotProcessed: Bool { rawValue & Self.notProcessedBit != 0 }
    /// The same code with the NOT_PROCESSED bit set.
    public var notProcessed: ErrorCode { ErrorCode(rawValue: rawValue | Self.notProcessedBit) }
    /// The code without the NOT_PROCESSED bit.
    public var base: ErrorCode { ErrorCode(rawValue: rawValue & ~Self.notProcessedBit) }

    // Links
    /// An orderly end.
    public static let none = ErrorCode(rawValue: 0x0000)
    /// A malformed frame, TLV or message.
    public static let protocolViolation = ErrorCode(rawValue: 0x0001)
    /// Credit exceeded.
    public static let flowControl = ErrorCode(rawValue: 0x0002)
    /// A frame that its stream's state forbids.
    public static let streamState = ErrorCode(rawValue: 0x0003)
    /// Too many frames that make no progress.
    public static let flood = ErrorCode(rawValue: 0x0004)
    /// Handshake, mac or certificate signature failed.
    public static let authentication = ErrorCode(rawValue: 0x0005)
    /// A compressed block is malformed.
    public static let compression = ErrorCode(rawValue: 0x0006)
    /// The link was lost before the answer was whole.
    public static let linkLost = ErrorCode(rawValue: 0x0007)

    // Calls
    /// The caller no longer wants the answer.
    public static let cancelled = ErrorCode(rawValue: 0x0010)
    /// The deadline passed.
    public static let deadlineExceeded = ErrorCode(rawValue: 0x0011)
    /// The handler failed.
    public static let internalError = ErrorCode(rawValue: 0x0012)
    /// Too much work just now: send elsewhere or after `retry-after`.
    public static let overloaded = ErrorCode(rawValue: 0x8013)
    /// The service is known, no healthy worker has it.
    public static let unavailable = ErrorCode(rawValue: 0x8014)
    /// No such service, method or worker.
    public static let notFound = ErrorCode(rawValue: 0x8015)
    /// The caller may not do this.
    public static let permissionDenied = ErrorCode(rawValue: 0x8016)
    /// The worker is draining: send elsewhere.
    public static let draining = ErrorCode(rawValue: 0x8017)
    /// A stalled stream was closed to free credit.
    public static let busy = ErrorCode(rawValue: 0x0018)
    /// The upstream broke off, or its answer is not HTTP.
    public static let upstreamFailed = ErrorCode(rawValue: 0x0019)
    /// The upstream or worker could not be reached at all.
    public static let unreachable = ErrorCode(rawValue: 0x801A)
    /// The hop budget is used up: a routing loop.
    public static let hopsExhausted = ErrorCode(rawValue: 0x801B)
    /// A head, body or message exceeds its limit.
    public static let tooLarge = ErrorCode(rawValue: 0x801C)
    /// A request that cannot be understood.
    public static let badRequest = ErrorCode(rawValue: 0x801D)
    /// Compare-and-set lost a race, or the thing exists already.
    public static let conflict = ErrorCode(rawValue: 0x801E)

    // Admission
    /// The token or certificate has expired.
    public static let expired = ErrorCode(rawValue: 0x8030)
    /// The token's uses are spent.
    public static let tokenUsedUp = ErrorCode(rawValue: 0x8031)
    /// The token or node was revoked.
    public static let revoked = ErrorCode(rawValue: 0x8032)
    /// The name is bound to another key.
    public static let nameTaken = ErrorCode(rawValue: 0x8033)
    /// Another live node has this key (a cloned disk).
    public static let cloneDetected = ErrorCode(rawValue: 0x8034)
    /// The certificate belongs to another mesh or another node than the one meant.
    public static let wrongPeer = ErrorCode(rawValue: 0x8035)

    /// Every code with its name and the HTTP status it becomes at the shim.
    public static let table: [(code: ErrorCode, name: String, httpStatus: Int)] = [
        (.none, "none", 200), (.protocolViolation, "protocol violation", 502), (.flowControl, "flow control", 502),
        (.streamState, "stream state", 502), (.flood, "flood", 502), (.authentication, "authentication", 502),
        (.compression, "compression", 502), (.linkLost, "link lost", 502), (.cancelled, "cancelled", 499),
        (.deadlineExceeded, "deadline exceeded", 504), (.internalError, "internal error", 502),
        (.overloaded, "overloaded", 503), (.unavailable, "unavailable", 503), (.notFound, "not found", 404),
        (.permissionDenied, "permission denied", 403), (.draining, "draining", 503), (.busy, "busy", 503),
        (.upstreamFailed, "upstream failed", 502), (.unreachable, "unreachable", 502),
        (.hopsExhausted, "hops exhausted", 508), (.tooLarge, "too large", 431), (.badRequest, "bad request", 400),
        (.conflict, "conflict", 409), (.expired, "expired", 403), (.tokenUsedUp, "token used up", 403),
        (.revoked, "revoked", 403), (.nameTaken, "name taken", 409), (.cloneDetected, "clone detected", 409),
        (.wrongPeer, "wrong peer", 502),
    ]

    /// The name in the table; `code 0x…` for a code that this version does not know.
    public var name: String {
        Self.table.first { $0.code.base == base }?.name ?? "code 0x" + String(rawValue, radix: 16)
    }

    /// The HTTP status that the shim answers with; 502 for an unknown code.
    public var httpStatus: Int { Self.table.first { $0.code.base == base }?.httpStatus ?? 502 }  // FRAME-7.2
}

extension ErrorCode: CustomStringConvertible {
    public var description: String { name }
}
