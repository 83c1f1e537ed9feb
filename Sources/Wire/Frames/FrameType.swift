/// The frame types of WM/1. An unknown odd type is skipped, an unknown even one ends the link.
public enum FrameType: UInt8, Sendable, CaseIterable {
    /// Bytes of a stream's body.
    case data = 0x00
    /// Fills a record up; ignored.
    case padding = 0x01
    /// Opens a stream, or answers on one.
    case head = 0x02
    /// Absolute credit of a stream, or of the link where the stream id is 0.
    case window = 0x04
    /// How many streams the receiver of this frame may have opened in all.
    case maxStreams = 0x06
    /// The sender of this frame reads no further: stop sending on the stream.
    case stop = 0x08
    /// Ends both directions of a stream at once.
    case reset = 0x0A
    /// Wants its eight bytes back.
    case ping = 0x0C
    /// The eight bytes of a PING.
    case pong = 0x0E
    /// No stream above the one named will be served on this link.
    case goAway = 0x10
}

/// The flags of a frame. A bit that its frame type does not define ends the link.
public struct FrameFlags: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// HEAD, DATA: the sender's direction ends with this frame.
    public static let end = FrameFlags(rawValue: 1)
    /// DATA: the message goes on in the next DATA frame.
    public static let more = FrameFlags(rawValue: 2)
    /// DATA: the payload is a u16 raw size and an LZ4 block.
    public static let lz4 = FrameFlags(rawValue: 4)

    /// The flags that `type` defines.
    package static func defined(for type: FrameType) -> FrameFlags {
        switch type {
        case .data: [.end, .more, .lz4]
        case .head: [.end]
        default: []
        }
    }
}

/// The eight bytes before every payload: u16 length of the payload, u8 type, u8 flags, u32 stream.
public struct FrameHeader: Hashable, Sendable {
    public var length: UInt16
    public var type: UInt8
    public var flags: FrameFlags
    public var stream: UInt32

    public init(length: UInt16, type: UInt8, flags: FrameFlags, stream: UInt32) {
        self.length = length
        self.type = type
        self.flags = flags
        self.stream = stream
    }

    /// Reads a header at `offset`; `truncated` where the bytes end before it, or its payload, does.
    public init(in bytes: RawSpan, at offset: Int) throws(WireError) {
        guard bytes.byteCount - offset >= Limits.frameHeader else { throw .truncated }
        length = try bytes.integer(UInt16.self, at: offset)
        type = try bytes.integer(UInt8.self, at: offset + 2)
        flags = FrameFlags(rawValue: try bytes.integer(UInt8.self, at: offset + 3))
        stream = try bytes.integer(UInt32.self, at: offset + 4)
        guard bytes.byteCount - offset - Limits.frameHeader >= Int(length) else { throw .truncated }  // REC-1.3
    }
}
