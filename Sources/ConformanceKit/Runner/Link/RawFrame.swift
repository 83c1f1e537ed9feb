import Wire

/// A frame as bytes, right or wrong: nothing is checked when it is made.
struct RawFrame: Hashable, Sendable {
    var type: UInt8
    var flags: UInt8 = 0
    var stream: UInt32
    var payload: [UInt8]

    init(_ type: UInt8, flags: UInt8 = 0, stream: UInt32, _ payload: [UInt8] = []) {
        self.type = type
        self.flags = flags
        self.stream = stream
        self.payload = payload
    }

    init(_ type: FrameType, flags: UInt8 = 0, stream: UInt32, _ payload: [UInt8] = []) {
        self.init(type.rawValue, flags: flags, stream: stream, payload)
    }

    static let end: UInt8 = 1
    static let more: UInt8 = 2
    static let lz4: UInt8 = 4

    /// Header and payload.
    var encoded: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(8 + payload.count)
        out.appendInteger(UInt16(truncatingIfNeeded: payload.count))
        out.append(type)
        out.append(flags)
        out.appendInteger(stream)
        return out + payload
    }

    var isEnd: Bool { flags & Self.end != 0 }

    // MARK: The frames of the protocol

    static func head(_ stream: UInt32, _ payload: [UInt8], end: Bool = false) -> RawFrame {
        RawFrame(.head, flags: end ? Self.end : 0, stream: stream, payload)
    }

    static func head(_ stream: UInt32, _ head: Head, end: Bool = false) throws -> RawFrame {
        RawFrame.head(stream, try head.encode(), end: end)
    }

    static func data(_ stream: UInt32, _ payload: [UInt8], end: Bool = false) -> RawFrame {
        RawFrame(.data, flags: end ? Self.end : 0, stream: stream, payload)
    }

    /// DATA that claims to be `rawSize` bytes in `block`.
    static func compressed(_ stream: UInt32, rawSize: Int, _ block: [UInt8], end: Bool = false) -> RawFrame {
        RawFrame(.data, flags: lz4 | (end ? Self.end : 0), stream: stream, be16(rawSize) + block)
    }

    static func window(_ stream: UInt32, _ limit: UInt64) -> RawFrame { RawFrame(.window, stream: stream, bigEndian(limit)) }
    static func maxStreams(_ limit: UInt32) -> RawFrame { RawFrame(.maxStreams, stream: 0, bigEndian(limit)) }
    static func stop(_ stream: UInt32, _ code: ErrorCode) -> RawFrame { RawFrame(.stop, stream: stream, bigEndian(code.rawValue)) }

    static func reset(_ stream: UInt32, _ code: ErrorCode, reason: [UInt8] = []) -> RawFrame {
        RawFrame(.reset, stream: stream, bigEndian(code.rawValue) + bigEndian(UInt32(0)) + reason)
    }

    static func ping(_ number: UInt64) -> RawFrame { RawFrame(.ping, stream: 0, bigEndian(number)) }
    static func pong(_ number: UInt64) -> RawFrame { RawFrame(.pong, stream: 0, bigEndian(number)) }

    static func goAway(last: UInt32, _ code: ErrorCode, reason: [UInt8] = []) -> RawFrame {
        RawFrame(.goAway, stream: 0, bigEndian(last) + bigEndian(code.rawValue) + reason)
    }

    static func padding(_ count: Int) -> RawFrame { RawFrame(.padding, stream: 0, [UInt8](repeating: 0, count: count)) }

    // MARK: What is in it

    /// The integer at `offset` of the payload; `nil` where the payload ends before.
    func integer<T: FixedWidthInteger & UnsignedInteger>(_: T.Type, at offset: Int = 0) -> T? {
        let size = T.bitWidth / 8
        guard payload.count >= offset + size else { return nil }
        return payload[offset..<offset + size].reduce(T(0)) { $0 << 8 | T($1) }
    }

    /// The code of a RESET, STOP or GOAWAY.
    var code: ErrorCode? {
        switch FrameType(rawValue: type) {
        case .reset, .stop: integer(UInt16.self).map { ErrorCode(rawValue: $0) }
        case .goAway: integer(UInt16.self, at: 4).map { ErrorCode(rawValue: $0) }
        default: nil
        }
    }

    /// The text of a RESET or GOAWAY.
    var reason: String { String(decoding: payload.dropFirst(6), as: UTF8.self) }
}

extension RawFrame: CustomStringConvertible {
    var description: String {
        let name = FrameType(rawValue: type).map { "\($0)" } ?? "type 0x" + String(type, radix: 16)
        switch FrameType(rawValue: type) {
        case .reset: return "RESET of stream \(stream) (\(codeText)\(reason.isEmpty ? "" : ": " + reason))"
        case .goAway: return "GOAWAY (\(codeText)\(reason.isEmpty ? "" : ": " + reason))"
        case .stop: return "STOP of stream \(stream) (\(codeText))"
        case .data: return "DATA of stream \(stream) with \(payload.count) bytes\(isEnd ? " and END" : "")"
        case .head: return "HEAD of stream \(stream)\(isEnd ? " with END" : "")"
        default: return "\(name.uppercased()) of stream \(stream) with \(payload.count) bytes"
        }
    }

    private var codeText: String { code.map { "\($0.name)" } ?? "no code" }
}

/// An integer in its full width, big-endian.
func bigEndian(_ value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
    var out: [UInt8] = []
    out.appendInteger(value)
    return out
}

/// The low 16 bits of a count, big-endian.
func be16(_ value: Int) -> [UInt8] { bigEndian(UInt16(truncatingIfNeeded: value)) }
