import Wire

extension VectorKind {
    /// The frames of an opened record.
    static let frames = VectorKind("frames") { (input) throws(VectorFormatError) in
        let record = try input.hex("record")
        return { ["frames": .array(try VectorFrame.all(in: record).map(\.vector))] }
    }
}

/// A frame as its header says, whatever its type.
struct VectorFrame {
    var type: UInt8
    var flags: UInt8
    var stream: UInt32
    var payload: [UInt8]

    static func all(in record: [UInt8]) throws(WireError) -> [VectorFrame] {
        try record.decode { (bytes) throws(WireError) in
            var frames: [VectorFrame] = []
            var offset = 0
            while offset < bytes.byteCount {
                let header = try FrameHeader(in: bytes, at: offset)
                let start = offset + Limits.frameHeader
                offset = start + Int(header.length)
                frames.append(
                    VectorFrame(
                        type: header.type, flags: header.flags.rawValue, stream: header.stream,
                        payload: bytes.extracting(start..<offset).array))
            }
            return frames
        }
    }

    var vector: VectorValue {
        ["type": .number(type), "flags": .number(flags), "stream": .number(stream), "payload": .hex(payload)]
    }

    var encoded: [UInt8] {
        var out: [UInt8] = []
        out.appendInteger(UInt16(truncatingIfNeeded: payload.count))
        out += [type, flags]
        out.appendInteger(stream)
        return out + payload
    }
}
