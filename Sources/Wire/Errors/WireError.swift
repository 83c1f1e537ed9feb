/// What is wrong with bytes that came from outside. Thrown by every parser of this module and by nothing else.
public enum WireError: Error, Hashable, Sendable {
    /// The bytes end before the value does.
    case truncated
    /// Bytes follow where the value has ended.
    case trailing
    /// A declared or actual size exceeds its limit (`Limits`).
    case oversized
    /// A TLV type is not greater than the one before it (reordered or duplicated).
    case unordered(UInt16)
    /// An unknown even TLV or frame type: the sender insists that it be understood.
    case unknownCritical(UInt16)
    /// A known TLV has a length that its type does not have.
    case badLength(UInt16)
    /// A known TLV has a value outside its range, or text that is not UTF-8.
    case badValue(UInt16)
    /// A TLV that must be there is not.
    case missing(UInt16)
    /// A value is encoded in more bytes than it needs.
    case notMinimal
    /// The preface is not one of ours, or names a version, suite or pattern that we do not speak.
    case badPreface
    /// An authentication tag, a mac1, a signature or a handshake message does not verify.
    case authentication
    /// What was negotiated is not what was offered.
    case downgrade
    /// A certificate is not valid for this use: the code says why (expired, revoked, wrong mesh, wrong name).
    case certificate(ErrorCode)
    /// A frame that its stream's state forbids.
    case streamState
    /// More bytes than the credit allows, or credit that shrinks or overflows.
    case flowControl
    /// A budget for frames that make no progress is used up.
    case flood
    /// A compressed block lies about its size or does not decode.
    case compression
    /// A counter has reached its end: nonces or stream ids.
    case exhausted
    /// A datagram or an initiation that was seen before, or that is too old to tell.
    case replayed

    /// The code that a GOAWAY or RESET carries for it.
    public var code: ErrorCode {
        switch self {
        case .flowControl: .flowControl
        case .flood: .flood
        case .streamState: .streamState
        case .authentication, .badPreface, .downgrade: .authentication
        case .certificate(let code): code
        case .compression: .compression
        case .oversized: .tooLarge
        default: .protocolViolation
        }
    }
}

extension WireError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .truncated: "the bytes end before the value does"
        case .trailing: "bytes follow where the value has ended"
        case .oversized: "a size exceeds its limit"
        case .unordered(let type): "TLV \(type) is out of order or repeated"
        case .unknownCritical(let type): "unknown type \(type) that must be understood"
        case .badLength(let type): "TLV \(type) has a wrong length"
        case .badValue(let type): "TLV \(type) has a value out of range"
        case .missing(let type): "TLV \(type) is missing"
        case .notMinimal: "a value is not in its shortest form"
        case .badPreface: "not a WM/1 preface that this program speaks"
        case .authentication: "authentication failed"
        case .downgrade: "the negotiated version or suite is not the one offered"
        case .certificate(let code): "the certificate is not valid here: \(code.name)"
        case .streamState: "a frame that the state of its stream forbids"
        case .flowControl: "more bytes than the credit allows"
        case .flood: "too many frames that make no progress"
        case .compression: "a compressed block is malformed"
        case .exhausted: "a counter is exhausted"
        case .replayed: "a datagram that came before, or is too old to tell"
        }
    }
}
