/// What one side of a link says of itself in the handshake; does not change while the link lives.
public struct LinkParameters: Hashable, Sendable {
    /// Increases with each start of the process: tells a restart from a clone.
    public var bootEpoch: UInt64
    /// Credit that each stream starts with, in uncompressed bytes.
    public var streamWindow: UInt64
    /// Credit that the link starts with, in uncompressed bytes.
    public var linkWindow: UInt64
    /// Streams that the other side may open at first.
    public var maxStreams: UInt32
    public var features: Features

    public init(
        bootEpoch: UInt64, streamWindow: UInt64 = Limits.streamWindow, linkWindow: UInt64 = Limits.linkWindow,
        maxStreams: UInt32 = Limits.openStreams, features: Features = .local
    ) {
        self.bootEpoch = bootEpoch
        self.streamWindow = streamWindow
        self.linkWindow = linkWindow
        self.maxStreams = maxStreams
        self.features = features
    }

    private enum Field {
        static let bootEpoch: UInt16 = 2
        static let streamWindow: UInt16 = 4
        static let linkWindow: UInt16 = 6
        static let maxStreams: UInt16 = 8
        static let features: UInt16 = 10
    }

    package func write(to writer: inout TLVWriter) {
        writer.put(Field.bootEpoch, bootEpoch)
        writer.put(Field.streamWindow, streamWindow)
        writer.put(Field.linkWindow, linkWindow)
        writer.put(Field.maxStreams, maxStreams)
        writer.put(Field.features, features.rawValue)
    }

    package init(decoding bytes: RawSpan) throws(WireError) {
        var bootEpoch: UInt64?
        var streamWindow: UInt64?
        var linkWindow: UInt64?
        var maxStreams: UInt32?
        var features: UInt32?
        var cursor = TLVCursor()
        while let field = try cursor.next(in: bytes) {
            switch field.type {
            case Field.bootEpoch: bootEpoch = try bytes.integer(UInt64.self, field)
            case Field.streamWindow: streamWindow = try bytes.integer(UInt64.self, field)
            case Field.linkWindow: linkWindow = try bytes.integer(UInt64.self, field)
            case Field.maxStreams: maxStreams = try bytes.integer(UInt32.self, field)
            case Field.features: features = try bytes.integer(UInt32.self, field)
            default: try field.skipOrRefuse()
            }
        }
        self.init(
            bootEpoch: try required(Field.bootEpoch, bootEpoch), streamWindow: try required(Field.streamWindow, streamWindow),
            linkWindow: try required(Field.linkWindow, linkWindow), maxStreams: try required(Field.maxStreams, maxStreams),
            features: Features(rawValue: try required(Field.features, features)))
    }
}
